"""Print the figures of the living loop, each measured now on this machine.

Usage: python runtime/benchmarks/living_loop.py [--skip-install]

Ratios and differences come from one run: the two scripts bare, and the same two through
``batcat run``, are timed in turn. Nothing is asserted; the figures are for people to read.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import BIN, REPOSITORY, RUNS, megabytes, once, row, run, seconds

if TYPE_CHECKING:
    from batcat_runtime.emulator import LocalAws

LOADING = 7.5
"""After so many seconds everything has loaded that a local AWS loads in the background."""

PAUSE = 0.05
"""How often a figure is asked for while it is measured, in seconds: asking costs time, too."""


def main() -> None:
    """Measure everything and print one line per figure."""
    with tempfile.TemporaryDirectory(prefix="batcat-bench-") as scratch:
        folder = Path(scratch)
        project = folder / "project"
        copy = seconds(lambda: _generate(folder / "copies" / str(time.monotonic_ns())))
        row("copier copy with defaults", f"{copy:.2f} s", "≤ 1.5 s")
        _generate(project)
        _import_cost()
        _local_aws()
        _living_loop(project)
        _pipeline(folder / "triggered")
        if "--skip-install" not in sys.argv:
            _install(folder)


def _generate(destination: Path, *answers: str) -> None:
    options = ["--quiet", "--defaults", "--vcs-ref=HEAD"]
    options += [part for answer in answers for part in ("--data", answer)]
    run(BIN / "copier", "copy", *options, REPOSITORY, destination)


def _import_cost() -> None:
    code = (
        "import time, sys; start = time.process_time(); import batcat_runtime;"
        "print(time.process_time() - start, 'boto3' in sys.modules, 'pandas' in sys.modules)"
    )
    figures = [run(sys.executable, "-c", code).split() for _ in range(RUNS)]
    cpu = statistics.median(float(seconds) for seconds, *_ in figures)
    heavy = any("True" in rest for _, *rest in figures)
    row("import batcat_runtime, CPU", f"{cpu * 1000:.1f} ms", "≤ 30 ms")
    row("  boto3 or pandas loaded by it", "yes" if heavy else "no", "no")


def _local_aws() -> None:
    from batcat_runtime.emulator import LocalAws
    from batcat_runtime.emulator.cloudformation.checker import IDLE_SECONDS

    readiness = []
    for _ in range(RUNS):
        start = time.perf_counter()
        with LocalAws():
            readiness.append(time.perf_counter() - start)
    row("local AWS ready", f"{statistics.median(readiness):.2f} s", "≤ 2 s")
    if not Path("/proc/self/status").exists():
        return
    with LocalAws() as aws:
        time.sleep(LOADING)
        row("local AWS just started, all its processes", f"{_megabytes_of(aws.pid):.0f} MB", "-")
        time.sleep(IDLE_SECONDS)
        at_rest = f"{_megabytes_of(aws.pid):.0f} MB"
        row("local AWS at rest, all its processes", at_rest, "≤ 250 MB")


def _megabytes_of(pid: int) -> float:
    """Resident memory of a process and of all below it."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            lines = status.read_text(encoding="utf-8").splitlines()
            fields = dict(line.split(":", 1) for line in lines)
            kilobytes = int(fields.get("VmRSS", "0 kB").split()[0])
            parents[int(status.parent.name)] = (int(fields["PPid"]), kilobytes)
    below = {pid}
    while grown := {one for one, (parent, _) in parents.items() if parent in below} - below:
        below |= grown
    return sum(kilobytes for one, (_, kilobytes) in parents.items() if one in below) * 1024 / 1e6


def _living_loop(project: Path) -> None:
    run(sys.executable, "script/train.py", cwd=project)

    def bare() -> None:
        run(sys.executable, "script/preprocess.py", cwd=project)
        run(sys.executable, "script/inference.py", cwd=project)

    def pipeline() -> None:
        run(BIN / "batcat", "run", cwd=project)

    bare()
    pipeline()
    pairs = [(once(bare), once(pipeline)) for _ in range(RUNS)]
    scripts = statistics.median(first for first, _ in pairs)
    extra = statistics.median(second - first for first, second in pairs)
    row("the two scripts, bare", f"{scripts:.2f} s", "-")
    row("local AWS + deploy + execution, on top of them", f"{extra:.2f} s", "≤ 6 s")


def _pipeline(project: Path) -> None:
    """How long a new stack takes, and an object in S3 until the job that it starts has started."""
    from batcat_runtime.emulator import LocalAws

    _generate(project, "trigger=s3")
    config = json.loads((project / "deploy" / "config.json").read_text(encoding="utf-8"))
    image = f"{config['project']}-{config['purpose']}"
    with LocalAws(images={image: project}, region=config["region"]) as aws:
        variables = {**os.environ, **aws.environment}
        time.sleep(LOADING)
        deploy = once(lambda: run(BIN / "batcat", "deploy", cwd=project, environment=variables))
        row("batcat deploy of a new stack", f"{deploy:.2f} s", "≤ 3 s")
        first, *others = [_event_to_job(aws, config, number) for number in range(RUNS + 1)]
    row("first event to started job", f"{first:.2f} s", "≤ 1 s")
    row("event to started job", f"{statistics.median(others):.2f} s", "≤ 1 s")


def _event_to_job(aws: LocalAws, config: dict[str, Any], number: int) -> float:
    begun = datetime.now(timezone.utc)
    key = f"{config['purpose']}/input/{number}.csv"
    aws.client("s3").put_object(Bucket=config["result_s3_bucket"], Key=key, Body=b"id\n1\n")
    sagemaker, sfn = aws.client("sagemaker"), aws.client("stepfunctions")
    machine = sfn.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    jobs: list[dict[str, Any]] = []
    while not jobs:
        time.sleep(PAUSE)
        jobs = sagemaker.list_processing_jobs(CreationTimeAfter=begun)["ProcessingJobSummaries"]
    job = jobs[0]["ProcessingJobName"]
    while sfn.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
        time.sleep(PAUSE)  # what is left of it would slow the next one down
    found = sagemaker.describe_processing_job(ProcessingJobName=job)
    started: datetime = found["ProcessingStartTime"]
    return (started - begun).total_seconds()


def _install(folder: Path) -> None:
    environment = folder / "fresh"
    run(sys.executable, "-m", "venv", environment)
    wheels = folder / "wheels"
    pip = (environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "--quiet", "--no-deps", "-w", wheels, REPOSITORY / "runtime")
    wheel = next(wheels.iterdir())
    packages = next((environment / "lib").glob("python*/site-packages"))
    before = megabytes(packages)
    start = time.perf_counter()
    run(*pip, "install", "--quiet", "--no-cache-dir", f"{wheel}[cli,local]")
    row("pip install [cli,local], nothing cached", f"{time.perf_counter() - start:.0f} s", "≤ 60 s")
    row("  its size", f"{megabytes(packages) - before:.0f} MB", "≤ 350 MB")
    shutil.rmtree(environment)


if __name__ == "__main__":
    main()
