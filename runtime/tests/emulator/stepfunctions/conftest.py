"""A local AWS with an image, a role, and a short way to run a definition to its end."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {
                "Service": [
                    f"{name}.amazonaws.com" for name in ("states", "sagemaker", "lambda", "events")
                ]
            },
            "Action": "sts:AssumeRole",
        }
    ],
}
SECONDS = 30


@dataclass
class Workbench:
    """A local AWS and what these tests do with it."""

    aws: LocalAws
    role: str
    region: str = "us-east-1"

    @classmethod
    def of(cls, aws: LocalAws, region: str = "us-east-1") -> Workbench:
        """A workbench in a region, with a role of its partition that may do everything."""
        iam = aws.client("iam", region_name=region)
        role = iam.create_role(RoleName="workflow", AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(
            RoleName="workflow", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING)
        )
        iam.close()
        return cls(aws, role["Role"]["Arn"], region)

    @property
    def sfn(self) -> Any:
        """The Step Functions client."""
        options = {} if self.region == self.aws.region else {"region_name": self.region}
        return self.aws.client("stepfunctions", **options)

    def machine(self, definition: dict[str, Any], **options: Any) -> str:
        """Create a state machine under a new name; returns its ARN."""
        answer = self.sfn.create_state_machine(
            name=options.pop("name", None) or f"m-{uuid.uuid4().hex[:8]}",
            definition=json.dumps(definition),
            roleArn=self.role,
            **options,
        )
        return str(answer["stateMachineArn"])

    def start(self, definition: dict[str, Any], document: Any = None) -> str:
        """Start an execution of a new state machine; returns its ARN."""
        answer = self.sfn.start_execution(
            stateMachineArn=self.machine(definition), input=json.dumps(document or {})
        )
        return str(answer["executionArn"])

    def finish(self, execution: str) -> dict[str, Any]:
        """Wait for an execution's end; returns its description."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            described: dict[str, Any] = self.sfn.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.02)
        pytest.fail(f"{execution} still runs after {SECONDS} s")

    def run(self, definition: dict[str, Any], document: Any = None) -> dict[str, Any]:
        """Run a definition to its end; returns the execution's description."""
        return self.finish(self.start(definition, document))

    def output(self, definition: dict[str, Any], document: Any = None) -> Any:
        """The output of a definition that must succeed."""
        described = self.run(definition, document)
        assert described["status"] == "SUCCEEDED", described
        return json.loads(described["output"])

    def events(self, execution: str) -> list[str]:
        """Types of an execution's history."""
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event["type"] for page in pages for event in page["events"]]


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """One local AWS for all these tests; each makes state machines of its own."""
    image: Path = tmp_path_factory.mktemp("image")
    with LocalAws(images={"steps": image}) as aws:
        yield Workbench.of(aws)


def one_state(**fields: Any) -> dict[str, Any]:
    """A definition with one state, ``A``."""
    return {"StartAt": "A", "States": {"A": {"End": True, **fields}}}


@pytest.fixture(name="one_state")
def _one_state() -> Any:
    """Makes a definition with one state, ``A``, that ends it."""
    return one_state
