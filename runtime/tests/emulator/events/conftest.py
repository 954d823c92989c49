"""A local AWS with a state machine to fire at, and a Lambda function that passes events on."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVICES = ("states", "lambda", "events", "scheduler")
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": [f"{name}.amazonaws.com" for name in SERVICES]},
            "Action": "sts:AssumeRole",
        }
    ],
}
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
CODE = """
import json, os
import boto3

def handler(event, context):
    boto3.client("stepfunctions").start_execution(
        stateMachineArn=os.environ["MACHINE"], input=json.dumps(event)
    )
"""
SECONDS = 30


@dataclass
class Target:
    """A state machine that keeps what it was started with."""

    aws: LocalAws
    role: str
    machine: str

    def inputs(self) -> list[Any]:
        """Inputs of its executions, oldest first."""
        sfn = self.aws.client("stepfunctions")
        listed = sfn.list_executions(stateMachineArn=self.machine)["executions"]
        described = [sfn.describe_execution(executionArn=e["executionArn"]) for e in listed]
        return [json.loads(each["input"]) for each in reversed(described)]

    def wait(self, count: int) -> list[Any]:
        """Inputs, once there are as many as expected."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            found = self.inputs()
            if len(found) >= count:
                return found
            time.sleep(0.05)
        pytest.fail(f"{len(self.inputs())} of {count} events arrived in {SECONDS} s")

    def lines(self, function: str, word: str) -> int:
        """How many lines with a word a function has logged."""
        logs, group = self.aws.client("logs"), f"/aws/lambda/{function.rpartition(':')[2]}"
        try:
            found = logs.filter_log_events(logGroupName=group, filterPattern=word)
        except logs.exceptions.ResourceNotFoundException:
            return 0
        return len(found["events"])

    def function(self, code: str = CODE) -> str:
        """A Lambda function that starts the state machine with its event; returns its ARN."""
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("app.py", code)
        answer = self.aws.client("lambda").create_function(
            FunctionName=f"f-{uuid.uuid4().hex}",
            Runtime="python3.12",
            Role=self.role,
            Handler="app.handler",
            Timeout=30,
            Code={"ZipFile": body.getvalue()},
            Environment={"Variables": {"MACHINE": self.machine}},
        )
        return str(answer["FunctionArn"])

    def allow(self, function: str, principal: str, source: str) -> None:
        """Let a service invoke the function for a resource."""
        self.aws.client("lambda").add_permission(
            FunctionName=function,
            StatementId=uuid.uuid4().hex,
            Action="lambda:InvokeFunction",
            Principal=f"{principal}.amazonaws.com",
            SourceArn=source,
        )


@pytest.fixture(scope="session")
def events_aws() -> Iterator[LocalAws]:
    """One local AWS for all these tests; its schedules run 600 times as fast."""
    with pytest.MonkeyPatch.context() as patch:  # for this server only, not for later ones
        patch.setenv("BATCAT_LOCAL_CLOCK_SPEED", "600")
        started = LocalAws()
    with started as aws:
        iam = aws.client("iam")
        iam.create_role(RoleName="caller", AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(
            RoleName="caller", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING)
        )
        yield aws


@pytest.fixture
def target(events_aws: LocalAws) -> Target:
    """A new state machine to fire at."""
    role = f"arn:aws:iam::{events_aws.account}:role/caller"
    answer = events_aws.client("stepfunctions").create_state_machine(
        name=f"t-{uuid.uuid4().hex}", definition=json.dumps(PASS), roleArn=role
    )
    return Target(events_aws, role, answer["stateMachineArn"])


@pytest.fixture
def new_name() -> Callable[[], str]:
    """Makes names nobody used before."""
    return lambda: f"n-{uuid.uuid4().hex[:12]}"
