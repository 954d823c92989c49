"""When something goes wrong, the user learns what, where and what to do, and finds no half result.

One project of two bare steps, one local AWS; each test breaks the project in its own way and runs
the whole pipeline with ``batcat run``.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batcat_runtime.emulator import LocalAws

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PROJECT, PURPOSE = "2026-fault-drill", "score"
BUCKET = f"{PROJECT}-us-east-1"
FAILED, USAGE, INTERRUPTED = 1, 2, 130
KILL_IN_THE_MIDDLE = """
import os, signal, pandas as pd
def write_half(table, path, **options):
    path.write_text("id,x\\n1,")
    os.kill(os.getpid(), signal.SIGKILL)
pd.DataFrame.to_csv = write_half
"""
FILL_THE_DISK = """
import pandas as pd
write = pd.DataFrame.to_csv
def write_half(table, path, **options):
    path.write_text("id,x\\n1,")
    write(table, "/dev/full", **options)
pd.DataFrame.to_csv = write_half
"""
"""The rest of the table goes to a device on which the kernel finds no space left (full(4))."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, render: Callable[..., Path]) -> Path:
    """The project before anything is broken, with input."""
    folder = tmp_path_factory.mktemp("faults") / "project"
    render(folder, project=PROJECT, purpose=PURPOSE, steps="load, score", example=False)
    (folder / "data" / "raw" / "a.csv").write_text("id,x\n1,1.5\n2,2.5\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def aws(sound: Path) -> Iterator[LocalAws]:
    """A local AWS that knows the project's image."""
    with LocalAws(images={f"{PROJECT}-{PURPOSE}": sound}, region="us-east-1") as running:
        yield running


@pytest.fixture
def project(sound: Path) -> Iterator[Path]:
    """The project; what a test breaks is mended afterwards."""
    names = ["script/load.py", "script/score.py", "data/raw/a.csv"]
    names += ["deploy/config.json", "deploy/workflow.asl.json"]
    before = {name: (sound / name).read_bytes() for name in names}
    yield sound
    for name, content in before.items():
        (sound / name).write_bytes(content)
    results = [path for path in (sound / "data" / "result").iterdir() if path.name != ".gitkeep"]
    assert results == [], "a fault left something that looks like a result"


@pytest.fixture
def batcat(aws: LocalAws, run: Run) -> Callable[..., Any]:
    """Run ``batcat``; gives its exit code, its JSON document and what it told the user."""

    def start(project: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
        done = run(project, "batcat", *arguments, "--json", code=None, **aws.environment)
        assert "\nTraceback" not in f"\n{done.stderr}"
        return done.returncode, json.loads(done.stdout), done.stderr

    return start


def break_step(project: Path, step: str, code: str) -> None:
    """Put code at the beginning of a step's main."""
    file = project / "script" / f"{step}.py"
    text = file.read_text(encoding="utf-8")
    head, main, tail = text.partition("    logger = bc.get_logger(STEP)\n")
    assert main
    indented = "".join(f"    {line}\n" for line in code.strip().splitlines())
    file.write_text(head + main + indented + tail, encoding="utf-8")


def set_config(project: Path, **values: Any) -> None:
    """Change deploy/config.json."""
    file = project / "deploy" / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}), encoding="utf-8")


def lack_machines(aws: LocalAws, project: Path, jobs: int) -> None:
    """Let the next jobs find no machine; nobody waits long before the next one is made."""
    file = project / "deploy" / "workflow.asl.json"
    text = file.read_text(encoding="utf-8")
    assert "300 * $power" in text
    file.write_text(text.replace("300 * $power", "0 * $power"), encoding="utf-8")
    aws.lack_machines(jobs)


def objects(aws: LocalAws, run_name: str, step: str) -> list[str]:
    """What a step left in S3."""
    prefix = f"{PURPOSE}/{run_name}/{step}/"
    found = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [one["Key"] for one in found.get("Contents", [])]


def test_a_step_that_exits_with_seven(project: Path, batcat: Any, aws: LocalAws) -> None:
    break_step(project, "score", "raise SystemExit(7)")
    code, outcome, told = batcat(project, "run")
    assert code == FAILED
    assert outcome["status"] == "FAILED"
    assert [one["status"] for one in outcome["steps"]] == ["succeeded", "failed"]
    assert outcome["error"]["step"] == "score"
    assert "exit code: 7" in outcome["error"]["reason"]
    assert "python script/score.py" in told
    assert objects(aws, outcome["run"], "score") == []


def test_a_step_that_raises_shows_the_end_of_its_log(project: Path, batcat: Any) -> None:
    break_step(project, "load", "raise ZeroDivisionError('never divide')")
    code, outcome, told = batcat(project, "run")
    assert code == FAILED
    assert [one["step"] for one in outcome["steps"]] == ["load"]
    assert "ZeroDivisionError: never divide" in told
    assert "never divide" in "\n".join(outcome["error"]["log"])


def test_a_step_that_hangs_is_stopped_at_its_limit(project: Path, batcat: Any) -> None:
    set_config(project, max_runtime_seconds=3)
    break_step(project, "load", "import time; time.sleep(600)")
    code, outcome, told = batcat(project, "run")
    assert code == FAILED
    assert outcome["status"] == "FAILED"
    assert outcome["error"]["step"] == "load"
    assert "max_runtime_seconds in deploy/config.json" in told


def test_a_step_that_is_killed_while_it_writes(project: Path, batcat: Any, aws: LocalAws) -> None:
    break_step(project, "score", KILL_IN_THE_MIDDLE)
    code, outcome, _ = batcat(project, "run")
    assert code == FAILED
    assert outcome["error"]["step"] == "score"
    assert not [key for key in objects(aws, outcome["run"], "score") if key.endswith(".csv")]


def test_a_step_that_runs_out_of_disk(project: Path, batcat: Any, aws: LocalAws) -> None:
    break_step(project, "score", FILL_THE_DISK)
    code, outcome, told = batcat(project, "run")
    assert code == FAILED
    assert outcome["error"]["step"] == "score"
    assert "No space left on device" in told
    assert "volume_size_gb in deploy/config.json" in told
    assert not [key for key in objects(aws, outcome["run"], "score") if key.endswith(".csv")]


def test_a_step_without_a_machine_is_tried_again_and_shows_its_log(
    project: Path, batcat: Any, aws: LocalAws
) -> None:
    lack_machines(aws, project, 1)
    code, outcome, told = batcat(project, "run")
    assert (code, outcome["status"]) == (0, "SUCCEEDED")
    assert [
        (one["job"].removeprefix(outcome["run"]), one["status"]) for one in outcome["steps"]
    ] == [
        ("-2load", "succeeded"),
        ("-score", "succeeded"),
    ]
    assert told.index("WaitForMachine           entered") < told.index("-2load")
    assert "AWS had no machine of this kind; it is asked again" in told
    _, shown, _ = batcat(project, "logs", "load")
    assert "rows" in "\n".join(line["text"] for line in shown["lines"])
    shutil.rmtree(project / outcome["result"])


def test_no_input(project: Path, batcat: Any) -> None:
    (project / "data" / "raw" / "a.csv").unlink()
    code, outcome, told = batcat(project, "run")
    assert code == USAGE
    assert outcome["status"] == "ERROR"
    assert "data/raw holds no files" in told
    assert "--input" in told


def test_input_in_s3_that_is_not_there(project: Path, batcat: Any) -> None:
    code, outcome, told = batcat(project, "run", "--input", f"s3://{BUCKET}/nowhere/")
    assert (code, outcome["status"]) == (USAGE, "ERROR")
    assert f"s3://{BUCKET}/nowhere/" in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,x\n1,2\n3,4,5\n", "line 3 has 3 fields, the header has 2"),
        ('id,x\n1,"no end\n', "line 2"),
        ("", "is empty"),
        ("id,x\n", "has a header but no rows"),
    ],
    ids=["too long", "open quotation", "empty", "no rows"],
)
def test_a_malformed_csv_is_named_with_its_line(
    project: Path, batcat: Any, text: str, expected: str
) -> None:
    (project / "data" / "raw" / "a.csv").write_text(text, encoding="utf-8")
    code, outcome, told = batcat(project, "run")
    assert code == FAILED
    assert outcome["error"]["step"] == "load"
    assert "a.csv" in outcome["error"]["exit_message"]
    assert expected in outcome["error"]["exit_message"]
    assert expected in told


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"instance_count": 0}, ["instance_count", "0"]),
        ({"region": "moon"}, ["region", "moon"]),
        ({"steps": []}, ["steps"]),
        ({"instance_tpye": "ml.m5.large"}, ["instance_tpye"]),
        ({"environments": {"local": {}}}, ["environments"]),
    ],
    ids=["value", "pattern", "list", "unknown key", "reserved name"],
)
def test_a_wrong_configuration_names_file_key_and_value(
    project: Path, batcat: Any, values: dict[str, Any], expected: list[str]
) -> None:
    set_config(project, **values)
    code, outcome, told = batcat(project, "run")
    assert (code, outcome["status"]) == (USAGE, "ERROR")
    assert "deploy/config.json" in told
    assert all(word in told for word in expected)


def test_a_configuration_that_is_no_json_says_where(project: Path, batcat: Any) -> None:
    (project / "deploy" / "config.json").write_text('{\n  "project": oops\n}\n', encoding="utf-8")
    code, _, told = batcat(project, "run")
    assert code == USAGE
    assert "config.json" in told
    assert "line 2" in told


def test_ctrl_c_stops_the_job_as_well(project: Path, aws: LocalAws) -> None:
    break_step(project, "load", "import time; time.sleep(600)")
    lack_machines(aws, project, 1)
    program = str(Path(sys.executable).parent / "batcat")
    with subprocess.Popen(
        [program, "run"],
        cwd=project,
        env=aws.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout
        assert any("-2load" in line for line in running.stdout)
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
        assert running.wait(timeout=60) == INTERRUPTED
    assert "Stopping" in rest
    jobs = aws.client("sagemaker").list_processing_jobs(NameContains="-2load")
    assert jobs["ProcessingJobSummaries"][-1]["ProcessingJobStatus"] == "Stopped"


def test_alone_a_step_without_input_says_what_is_missing(project: Path, run: Run) -> None:
    (project / "data" / "raw" / "a.csv").unlink()
    done = run(project, "python", "script/load.py", code=FAILED)
    assert "data/raw holds no input for load; put data there" in done.stderr
    assert "Traceback" not in done.stderr


def test_alone_a_step_that_is_killed_leaves_nothing_half_written(project: Path, run: Run) -> None:
    run(project, "python", "script/load.py")
    break_step(project, "score", KILL_IN_THE_MIDDLE)
    run(project, "python", "script/score.py", code=-signal.SIGKILL)
    assert not list((project / "data" / "result").glob("*.csv"))
    for half in (project / "data" / "result").glob("*.part"):
        half.unlink()


def test_the_example_without_a_model_says_how_to_train_one(
    render: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    project = render(tmp_path / "p")
    done = run(project, "python", "script/inference.py", code=FAILED)
    assert "run: python script/train.py" in done.stderr


def test_once_mended_the_next_run_succeeds(sound: Path, batcat: Any) -> None:
    code, outcome, _ = batcat(sound, "run")
    assert (code, outcome["status"]) == (0, "SUCCEEDED")
    (result,) = (sound / "data" / "result").rglob("*.csv")
    assert result.read_text(encoding="utf-8") == "id,x\n1,1.5\n2,2.5\n"
