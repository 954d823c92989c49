"""What happens around a run: AWS is busy, breaks down, refuses, or has another run to do.

Nothing is lost, nothing is done twice, and nothing is half published.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from batcat_runtime.deploy import apply, load_project, make_plan
from batcat_runtime.emulator import LocalAws

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PROJECT, PURPOSE = "2026-storm-drill", "score"
BUCKET = f"{PROJECT}-us-east-1"
REPOSITORY = f"{PROJECT}-{PURPOSE}"
BATCAT = str(Path(sys.executable).parent / "batcat")
FAILED = 1
STEP = """import os, sys
from pathlib import Path
ROOT = Path(os.environ["BATCAT_ML_ROOT"]) / "processing"
STEP = Path(sys.argv[0]).stem
for file in sorted((ROOT / "input").rglob("*.csv")):
    (ROOT / STEP / f"{STEP}_{file.name}").write_text(file.read_text() + STEP)
"""
BUSY = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, render: Callable[..., Path]) -> Path:
    """A project of two quick steps, with input."""
    folder = tmp_path_factory.mktemp("storm") / "project"
    render(folder, project=PROJECT, purpose=PURPOSE, steps="load, score", example=False)
    for step in ("load", "score"):
        (folder / "script" / f"{step}.py").write_text(STEP, encoding="utf-8")
    (folder / "data" / "raw" / "a.csv").write_text("id\n1\n", encoding="utf-8")
    workflow = folder / "deploy" / "workflow.asl.json"
    text = workflow.read_text(encoding="utf-8")
    hurried = text.replace('"IntervalSeconds": 3', '"IntervalSeconds": 1')
    assert hurried != text
    workflow.write_text(hurried, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def aws(project: Path) -> Iterator[LocalAws]:
    """A local AWS on which the project is deployed."""
    patched = pytest.MonkeyPatch()
    with LocalAws(images={REPOSITORY: project}) as running:
        for name, value in running.environment.items():
            patched.setenv(name, value)
        for _ in apply(make_plan(load_project(project))):
            pass
        patched.undo()
        yield running


def keys(aws: LocalAws, run_name: str) -> list[str]:
    """What a run left, below its own prefix."""
    prefix = f"{PURPOSE}/{run_name}/"
    found = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [one["Key"].removeprefix(prefix) for one in found]


WHOLE = [".success", "load/load_a.csv", "manifest.json", "score/score_load_a.csv"]


@contextmanager
def throttling(url: str, every: int) -> Iterator[tuple[str, list[str]]]:
    """An address that lets requests through to another, and refuses every n-th of S3's.

    Gives the address, and which requests were refused.
    """
    behind, asked, refused = url.partition("//")[2], list[str](), list[str]()

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if self.raw_requestline and self.parse_request():
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer(body)
            self.close_connection = True

        def answer(self, body: bytes) -> None:
            is_s3 = "/s3/aws4_request" in self.headers.get("Authorization", "")
            asked.extend([self.path] * is_s3)
            if is_s3 and len(asked) % every == 0:
                refused.append(f"{self.command} {self.path}")
                self.send(503, {"Content-Type": "application/xml"}, BUSY)
                return
            connection = HTTPConnection(behind, timeout=60)
            headers = {name: text for name, text in self.headers.items() if name != "Expect"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            self.send(answer.status, dict(answer.getheaders()), answer.read())
            connection.close()

        def send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, text in headers.items():
                if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                    self.send_header(name, text)
            length = headers.get("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", refused
    server.shutdown()
    thread.join()
    server.server_close()


def test_s3_that_throttles_costs_time_and_nothing_else(
    project: Path, aws: LocalAws, run: Run
) -> None:
    with throttling(aws.url, every=3) as (url, refused):
        environment = {**aws.environment, "AWS_ENDPOINT_URL": url}
        outcome = json.loads(run(project, "batcat", "run", "--json", **environment).stdout)
    assert len(refused) >= 3
    assert outcome["status"] == "SUCCEEDED"
    assert keys(aws, outcome["run"]) == WHOLE
    assert inputs(aws, outcome["run"]) == ["a.csv"]
    result = project / "data" / "result" / outcome["run"] / "score_load_a.csv"
    assert result.read_text(encoding="utf-8") == "id\n1\nloadscore"


TRANSFERS = (
    f"ListObjectsV2 {PURPOSE}/run-input/*",
    "GetObject */run-input/*/a.csv",
    "PutObject */load/load_a.csv",
    "PutObject */score/score_load_a.csv",
)
"""What jobs ask of S3, and try a second time on their own."""

PUBLISHING = {
    "ListResult": "ListObjectsV2 */score/",
    "WriteManifest": "PutObject */manifest.json",
    "MarkSuccess": "PutObject */.success",
}
"""What the states ask that publish a run."""


def test_jobs_and_workflow_that_are_throttled_publish_one_whole_result(
    project: Path, aws: LocalAws, run: Run
) -> None:
    for pattern in TRANSFERS:
        aws.throttle(1, pattern)
    for pattern in PUBLISHING.values():
        aws.throttle(2, pattern)  # the service's own client tries twice before the state fails
    outcome = json.loads(run(project, "batcat", "run", "--json", **aws.environment).stdout)
    left = {one: aws.throttle(0, one) for one in (*TRANSFERS, *PUBLISHING.values())}
    assert left == dict.fromkeys(left, 0)
    assert outcome["status"] == "SUCCEEDED"
    assert refusals(aws, outcome["run"]) == [(state, "S3.S3Exception") for state in PUBLISHING]
    assert keys(aws, outcome["run"]) == WHOLE
    (result,) = (project / "data" / "result" / outcome["run"]).iterdir()
    assert result.read_text(encoding="utf-8") == "id\n1\nloadscore"


def refusals(aws: LocalAws, run_name: str) -> list[tuple[str, str]]:
    """Each attempt of a run that failed: its state and the error."""
    states = aws.client("stepfunctions")
    (machine,) = states.list_state_machines()["stateMachines"]
    arn = machine["stateMachineArn"].replace(":stateMachine:", ":execution:") + f":{run_name}"
    state, found = "", []
    for event in states.get_execution_history(executionArn=arn, maxResults=1000)["events"]:
        state = event.get("stateEnteredEventDetails", {}).get("name", state)
        if event["type"] == "TaskFailed":
            found.append((state, event["taskFailedEventDetails"]["error"]))
    return found


def inputs(aws: LocalAws, run_name: str) -> list[str]:
    """What was brought for a run."""
    prefix = f"{PURPOSE}/run-input/{run_name}/"
    found = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]
    return [one["Key"].removeprefix(prefix) for one in found]


def test_two_runs_at_once_are_two_results(project: Path, aws: LocalAws) -> None:
    both = [
        subprocess.Popen(
            [BATCAT, "run", "--json"],
            cwd=project,
            env={**os.environ, **aws.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [one.communicate(timeout=120) for one in both]
    assert [one.returncode for one in both] == [0, 0], ended
    runs = [json.loads(output)["run"] for output, _ in ended]
    assert len(set(runs)) == len(runs)
    for one in runs:
        assert keys(aws, one) == WHOLE
        (result,) = (project / "data" / "result" / one).iterdir()
        assert result.read_text(encoding="utf-8") == "id\n1\nloadscore"


def test_a_local_aws_that_dies_takes_its_run_along_and_the_next_one_is_whole(
    project: Path, run: Run
) -> None:
    before = set((project / "data" / "result").iterdir())
    script = project / "script" / "load.py"
    script.write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    with (
        LocalAws(images={REPOSITORY: project}) as dying,
        subprocess.Popen(
            [BATCAT, "run"],
            cwd=project,
            env={**os.environ, **dying.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running,
    ):
        assert running.stdout
        assert any(" started " in line for line in running.stdout)
        os.kill(dying.pid, signal.SIGKILL)
        told = running.stdout.read()
        assert running.wait(timeout=120) != 0
    assert "Traceback" not in told
    assert dying.url in told
    assert set((project / "data" / "result").iterdir()) == before
    script.write_text(STEP, encoding="utf-8")
    with LocalAws(images={REPOSITORY: project}) as fresh:
        outcome = json.loads(run(project, "batcat", "run", "--json", **fresh.environment).stdout)
        assert keys(fresh, outcome["run"]) == WHOLE
    assert (project / "data" / "result" / outcome["run"] / "score_load_a.csv").is_file()


@pytest.mark.parametrize(
    "case",
    [
        (r" +- s3:PutObject\n", "load", []),
        (r" +- !Sub \S+/\.success\n", "MarkSuccess", WHOLE[1:]),
    ],
    ids=["of the jobs", "of the workflow"],
)
def test_a_role_that_lacks_one_permission_is_told_so_and_nothing_is_a_result(
    project: Path, aws: LocalAws, run: Run, case: tuple[str, str, list[str]]
) -> None:
    lacking, step, left = case
    template = project / "deploy" / "template.yaml"
    before = template.read_text(encoding="utf-8")
    template.write_text(re.sub(lacking, "", before, count=1), encoding="utf-8")
    done = run(project, "batcat", "run", "--json", code=FAILED, **aws.environment)
    template.write_text(before, encoding="utf-8")
    outcome = json.loads(done.stdout)
    assert outcome["error"]["step"] == step
    assert "is not authorized to perform: s3:PutObject" in done.stderr
    assert keys(aws, outcome["run"]) == left
    assert not (project / "data" / "result" / outcome["run"]).exists()
