"""Least privilege, proven: a project of each kind runs, lacks no permission and uses each it has.

Everything that a project's roles are for is done on one local AWS: a run, the trigger's event and
its repetition, a run that fails, one that is stopped, and what starts the trigger. What AWS needs
beyond that is explained in the template, beside the role.
"""

from __future__ import annotations

import json
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from batcat_runtime.deploy import apply, make_plan
from batcat_runtime.deploy.audit import read_audit
from batcat_runtime.deploy.project import load_project
from batcat_runtime.deploy.run import Run
from batcat_runtime.deploy.run_plan import prepare
from batcat_runtime.deploy.stack import deployed_stack
from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

PATIENCE = 240.0
RUNNING = ("InProgress", "Stopping")
STEP = """import os, time
from pathlib import Path
ROOT = Path(os.environ["BATCAT_ML_ROOT"]) / "processing"
for file in sorted((ROOT / "input").rglob("*.csv")):
    (ROOT / "score" / f"score_{file.name}").write_text(file.read_text())
    time.sleep(60 if file.name == "x.csv" else 0)
print("done")
"""


@dataclass(frozen=True)
class Deployed:
    """A project on a local AWS of its own.

    Attributes:
        aws: where it runs.
        name: ``<project>-<purpose>``, which its runs' names begin with.
        purpose: where its data lies in the bucket.
        outputs: what its stack puts out.
    """

    aws: LocalAws
    name: str
    purpose: str
    outputs: dict[str, str]

    @property
    def bucket(self) -> str:
        """Its bucket."""
        return self.outputs["ResultBucketName"]

    @property
    def machine(self) -> str:
        """Its state machine."""
        return self.outputs["StateMachineArn"]

    def reads_files(self) -> bool:
        """Whether the first step has files as its input."""
        states = self.aws.client("stepfunctions")
        told = states.describe_state_machine(stateMachineArn=self.machine)
        return "$.InputPath" in told["definition"]

    def statuses(self) -> dict[str, str]:
        """Every execution's name and status."""
        states = self.aws.client("stepfunctions")
        found = states.list_executions(stateMachineArn=self.machine)["executions"]
        return {one["name"]: one["status"] for one in found}

    def has_failed(self, name: str) -> bool:
        """Whether an execution has failed."""
        return self.statuses()[name] == "FAILED"

    def has_used(self, action: str) -> bool:
        """Whether a role was allowed something."""
        with urlopen(f"{self.aws.url}/_batcat/decisions") as answer:  # noqa: S310 - this machine
            return any(one["action"] == action for one in json.load(answer)["used"])


@contextmanager
def deployed(root: Path, run: Callable[..., Any]) -> Iterator[Deployed]:
    """Deploy a project and run it once."""
    here = load_project(root, "local")
    with LocalAws(images={here.repository: root}, region=here.region) as aws:
        outcome = json.loads(run(root, "batcat", "run", "--json", **aws.environment).stdout)
        assert outcome["status"] == "SUCCEEDED"
        (stack,) = aws.client("cloudformation").describe_stacks(StackName=here.stack)["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        name = f"{here.project}-{here.purpose}"
        yield Deployed(aws, name, here.purpose, outputs)


def until(holds: Callable[[], Any], what: str) -> None:
    """Ask until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"{what}, within {PATIENCE} s"
        time.sleep(0.2)


def test_every_role_lacks_nothing_and_uses_everything(
    prepared: Path, run: Callable[..., Any], check_result: Callable[..., None]
) -> None:
    with deployed(prepared, run) as this:
        (result,) = (prepared / "data" / "result").rglob("*.csv")
        also_queried = (prepared / "script" / "redshift.sql").exists()
        check_result(prepared, result, *(["1.0"] if also_queried else []))
        fail(this)
        stop(this)
        begin(this)
        told = json.loads(run(prepared, "batcat", "audit", "--json", code=None,
                              **this.aws.environment).stdout)  # fmt: skip
    assert told["denials"] == []
    assert {f"{one['role']} {one['sid']}": one["unused"] for one in told["statements"]
            if one["unused"]} == {}  # fmt: skip
    assert told["pointless"] == []
    assert {"JobRole", "WorkflowRole", "TriggerRole"} <= {one["role"] for one in told["statements"]}


def test_with_key_network_and_image_of_ones_own_they_lack_nothing_either(
    render: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only an account has otherwise: the key of the local AWS decides, too."""
    root = render(tmp_path / "p", example=False, steps="score", trigger="s3")
    (root / "script" / "score.py").write_text(STEP, encoding="utf-8")
    (root / "data" / "raw" / "a.csv").write_text("id,x\n1,2\n", encoding="utf-8")
    here = load_project(root)
    with LocalAws(images={"team/steps": root}, region=here.region) as aws:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        here = replace(
            here,
            kms_key=aws.client("kms").create_key()["KeyMetadata"]["Arn"],
            vpc_subnets=("subnet-0123456789abcdef0",),
            vpc_security_groups=("sg-0123456789abcdef0",),
            image_uri=f"{aws.account}.dkr.ecr.{here.region}.amazonaws.com/team/steps:7",
        )
        for _ in apply(make_plan(here)):
            pass
        with closing(Run(prepare(here))) as run:
            assert [file.name for file in run.make()] == ["score_a.csv"]
        this = Deployed(aws, here.repository, here.purpose, deployed_stack(here).outputs)
        (object_,) = aws.client("s3").list_objects_v2(
            Bucket=this.bucket, Prefix=f"{here.purpose}/{run.plan.run}/score/"
        )["Contents"]
        kept = aws.client("s3").head_object(Bucket=this.bucket, Key=object_["Key"])
        assert kept["SSEKMSKeyId"] == here.kms_key
        fail(this)
        stop(this)
        begin(this)
        found = read_audit(here, aws.url)
    assert found.denials == ()
    assert {f"{one.role} {one.sid}": one.unused for one in found.grants if one.unused} == {}
    assert found.pointless == ()
    keys = {one.role for one in found.grants if one.sid == "UseKey" and one.used}
    assert keys == {"JobRole", "WorkflowRole"}


def fail(this: Deployed) -> None:
    """Let the trigger start a run that fails, and get its event again."""
    event = {"time": "2026-01-01T00:00:00Z"}
    if this.reads_files():
        event["InputPath"] = f"s3://{this.bucket}/{this.purpose}/nothing/"
    else:
        this.aws.client("glue").delete_database(Name="analytics")
    for _ in range(2):  # the second is told apart from a new one, as its run has ended
        answer = this.aws.client("lambda").invoke(
            FunctionName=this.outputs["TriggerFunctionName"], Payload=json.dumps(event).encode()
        )
        told = answer["Payload"].read()
        assert "FunctionError" not in answer, told
        (name,) = json.loads(told)["executions"]
        until(partial(this.has_failed, name), f"{name} fails")


def stop(this: Deployed) -> None:
    """Stop a run in the middle of its first job; one that was quicker is no such run."""
    states, jobs = this.aws.client("stepfunctions"), this.aws.client("sagemaker")
    request = {"ResultPath": f"s3://{this.bucket}/{this.purpose}"}
    if this.reads_files():
        key = f"{this.purpose}/stopped/x.csv"
        this.aws.client("s3").put_object(Bucket=this.bucket, Key=key, Body=b"id,x\n1,2\n")
        request["InputPath"] = f"s3://{this.bucket}/{this.purpose}/stopped/"

    def found(name: str) -> list[Any]:
        return list(jobs.list_processing_jobs(NameContains=name)["ProcessingJobSummaries"])

    for number in range(10):
        name = f"{this.name}-202601010{number}0100"
        started = states.start_execution(
            stateMachineArn=this.machine,
            name=name,
            input=json.dumps({**request, "ProcessingJobName": name}),
        )["executionArn"]
        until(partial(found, name), f"{name} has a job")
        states.stop_execution(executionArn=started)
        until(lambda: found(name)[0]["ProcessingJobStatus"] not in RUNNING, f"{name} has ended")  # noqa: B023
        if this.has_used("sagemaker:StopProcessingJob"):
            return
    raise AssertionError("every job had ended before it was stopped")


def begin(this: Deployed) -> None:
    """Let whatever starts the trigger do so."""
    before = set(this.statuses())
    scheduler = this.aws.client("scheduler")
    for one in scheduler.list_schedules()["Schedules"]:
        known = scheduler.get_schedule(Name=one["Name"])
        soon = datetime.now(timezone.utc) + timedelta(seconds=2)
        kept = ("Name", "FlexibleTimeWindow", "Target")
        scheduler.update_schedule(
            **{name: known[name] for name in kept},
            ScheduleExpression=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        )
        until(lambda: set(this.statuses()) - before, "the schedule starts a run")
    if this.aws.client("events").list_rules()["Rules"]:
        key = f"{this.purpose}/input/new.csv"
        this.aws.client("s3").put_object(Bucket=this.bucket, Key=key, Body=b"id,x\n1,2\n")
        until(lambda: set(this.statuses()) - before, "the object starts a run")
