"""What happens in S3 starts runs on the local AWS: each object one, however it is told of."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.deploy import apply, load_project, make_plan
from batcat_runtime.deploy.stack import deployed_stack
from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROJECT, PURPOSE = "2026-event-check", "score"
BUCKET = f"{PROJECT}-us-east-1"
HANGS = "import time\ndef lambda_handler(event, context):\n    time.sleep(600)\n"
ODD = ["a b+c.csv", "ü/日本 (1).csv", "100%25.csv", "q?x=1&y=2.csv"]


STEP = """import os
from pathlib import Path
ROOT = Path(os.environ["BATCAT_ML_ROOT"]) / "processing"
for file in sorted((ROOT / "input").rglob("*.csv")):
    (ROOT / "score" / f"score_{file.name}").write_text(file.read_text())
"""


class Started:
    """A deployed project whose runs objects start."""

    def __init__(self, aws: LocalAws, folder: Path, stack: Any) -> None:
        self.aws, self.stack, self.outputs = aws, stack.name, stack.outputs
        (self.code,) = (folder / "deploy").glob("*-trigger/lambda_function.py")
        self.sfn, self.s3 = aws.client("stepfunctions"), aws.client("s3")

    def executions(self) -> dict[str, str]:
        """Every execution there was: its name and its input path."""
        found = self.sfn.list_executions(stateMachineArn=self.outputs["StateMachineArn"])
        described = [
            self.sfn.describe_execution(executionArn=one["executionArn"])
            for one in found["executions"]
        ]
        return {one["name"]: json.loads(one["input"])["InputPath"] for one in described}

    def wait(self, count: int) -> dict[str, str]:
        """The executions once there are so many; more would be seen, too."""
        until = time.monotonic() + 60
        while len(self.executions()) < count and time.monotonic() < until:
            time.sleep(0.2)
        return self.executions()

    def published(self, run: str) -> dict[str, str]:
        """What a run published, once it has ended: name below its last step, and text."""
        arn = self.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:")
        status, until = "RUNNING", time.monotonic() + 60
        while status == "RUNNING" and time.monotonic() < until:
            time.sleep(0.2)
            status = self.sfn.describe_execution(executionArn=f"{arn}:{run}")["status"]
        assert status == "SUCCEEDED"
        prefix = f"{PURPOSE}/{run}/"
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]
        keys = [one["Key"].removeprefix(prefix) for one in found]
        assert keys[:2] == [".success", "manifest.json"]
        bodies = [self.s3.get_object(Bucket=BUCKET, Key=prefix + key)["Body"] for key in keys]
        return {
            key.removeprefix("score/"): body.read().decode()
            for key, body in zip(keys[2:], bodies[2:], strict=True)
        }

    def change(self, code: str, timeout: int) -> None:
        """Give the trigger other code and another time limit."""
        archive, functions = io.BytesIO(), self.aws.client("lambda")
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("lambda_function.py", code)
        name = self.outputs["TriggerFunctionName"]
        functions.update_function_code(FunctionName=name, ZipFile=archive.getvalue())
        functions.update_function_configuration(FunctionName=name, Timeout=timeout)

    def letters(self) -> list[dict[str, Any]]:
        """What lies among the dead letters; some time goes by."""
        self.aws.turn_clock(seconds=30)
        stack = self.aws.client("cloudformation").list_stack_resources(StackName=self.stack)
        resources = stack["StackResourceSummaries"]
        (queue,) = [one for one in resources if one["LogicalResourceId"] == "DeadLetters"]
        found = self.aws.client("sqs").receive_message(QueueUrl=queue["PhysicalResourceId"])
        return [json.loads(one["Body"]) for one in found.get("Messages", [])]

    def invoke(self, event: dict[str, Any]) -> list[str]:
        """Hand an event to the trigger; gives the names of the runs."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.outputs["TriggerFunctionName"], Payload=json.dumps(event)
        )
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return list(payload["executions"])


@pytest.fixture(scope="module")
def started(
    tmp_path_factory: pytest.TempPathFactory, render: Callable[..., Path]
) -> Iterator[Started]:
    """A project that objects ending in .csv start."""
    folder = tmp_path_factory.mktemp("events") / "project"
    answers = {"steps": "score", "example": False, "trigger": "s3"}
    render(folder, project=PROJECT, purpose=PURPOSE, **answers)
    (folder / "script" / "score.py").write_text(STEP, encoding="utf-8")
    config = folder / "deploy" / "config.json"
    settings = {**json.loads(config.read_text()), "input_suffix": ".csv"}
    config.write_text(json.dumps(settings), encoding="utf-8")
    patched = pytest.MonkeyPatch()
    with LocalAws(images={f"{PROJECT}-{PURPOSE}": folder}, region="us-east-1") as aws:
        for name, value in aws.environment.items():
            patched.setenv(name, value)
        project = load_project(folder)
        for _ in apply(make_plan(project)):
            pass
        yield Started(aws, folder, deployed_stack(project))
    patched.undo()


def test_each_object_starts_one_run_and_is_published_whatever_its_key(started: Started) -> None:
    for key in [*ODD, "not-a-table.txt"]:
        started.s3.put_object(Bucket=BUCKET, Key=f"{PURPOSE}/input/{key}", Body=key.encode())
    runs = started.wait(len(ODD))
    assert sorted(runs.values()) == sorted(f"s3://{BUCKET}/{PURPOSE}/input/{key}" for key in ODD)
    for run, path in runs.items():
        key = path.removeprefix(f"s3://{BUCKET}/{PURPOSE}/input/")
        assert started.published(run) == {f"score_{key.rpartition('/')[2]}": key}


def event(key: str, sequencer: str) -> dict[str, Any]:
    """What EventBridge tells of an object."""
    told = {"key": key, "sequencer": sequencer}
    detail = {"bucket": {"name": BUCKET}, "object": told}
    return {"time": "2026-01-31T12:00:00Z", "detail": detail}


def test_events_that_come_twice_and_out_of_order_start_each_run_once(started: Started) -> None:
    events = [event(f"{PURPOSE}/input/{n}.csv", f"0{n}") for n in range(3)]
    first = [started.invoke(one) for one in events]
    before = len(started.executions())
    assert [started.invoke(one) for one in reversed(events)] == first[::-1]
    assert len(started.executions()) == before
    assert len({name for names in first for name in names}) == len(events)


def test_an_object_that_is_written_again_starts_another_run(started: Started) -> None:
    key = f"{PURPOSE}/input/again.csv"
    assert started.invoke(event(key, "01")) != started.invoke(event(key, "02"))


def test_an_event_whose_trigger_hangs_is_kept_and_starts_its_run_later(started: Started) -> None:
    before, key = set(started.executions()), f"{PURPOSE}/input/late.csv"
    started.change(HANGS, timeout=1)
    started.s3.put_object(Bucket=BUCKET, Key=key, Body=b"id\n1\n")
    until, letters = time.monotonic() + 60, started.letters()
    while not letters and time.monotonic() < until:
        letters = started.letters()
    started.change(started.code.read_text(encoding="utf-8"), timeout=30)
    assert [one["detail"]["object"]["key"] for one in letters] == [key]
    assert set(started.executions()) == before
    (run,) = started.invoke(letters[0])
    assert started.invoke(letters[0]) == [run]
    assert started.executions()[run] == f"s3://{BUCKET}/{key}"
    assert set(started.executions()) - before == {run}
