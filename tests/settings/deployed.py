"""A project that is deployed on a local AWS of its own, for all tests of a module."""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.deploy import apply, make_plan
from batcat_runtime.deploy.stack import deployed_stack, resources
from batcat_runtime.emulator import LocalAws
from batcat_runtime.emulator.cloudformation import schemas
from batcat_runtime.emulator.stepfunctions.jsonata import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from batcat_runtime.deploy.project import Project

REGION, PROJECT = "us-east-1", "2026-all-settings"
ELSEWHERE = {
    *("$schema", "project", "purpose", "steps", "partition", "python_version", "region"),
    *("result_s3_bucket", "data_sources", "environments"),  # each generated project has these
    *("workflow_execution_role", "trigger_role"),  # test_named_roles.py
}
"""Keys of deploy/config.json that other tests look at."""

SERVICES = {"StepFunctions": "states"}
"""Of services whose ARNs do not say what CloudFormation does."""


@dataclass
class Deployed:
    """A project's stack, the local AWS that it is on, and the workflow as it was deployed first."""

    aws: LocalAws
    project: Project
    definition: dict[str, Any]

    @property
    def outputs(self) -> dict[str, str]:
        """What the stack tells."""
        return dict(deployed_stack(self.project).outputs)

    @property
    def physical(self) -> dict[str, str]:
        """Each resource's name or ARN, by its name in the template."""
        found = resources(self.project.stack, self.project.region)
        return {logical: one["physical"] for logical, one in found.items()}

    def start(self, **given: str) -> str:
        """Start an execution; gives its ARN."""
        run = f"{self.project.repository}-run"
        request = {"ProcessingJobName": run, "ResultPath": self.project.result_path, **given}
        told = self.aws.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs["StateMachineArn"], input=json.dumps(request)
        )
        return str(told["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        """How an execution ended."""
        while True:
            states = self.aws.client("stepfunctions")
            told = states.describe_execution(executionArn=execution)
            if told["status"] != "RUNNING":
                return dict(told)
            time.sleep(0.1)


def deploy(aws: LocalAws, project: Project, **how: Any) -> Deployed:
    """Deploy without asking."""
    for _ in apply(make_plan(project, **how)):
        pass
    machine = deployed_stack(project).outputs["StateMachineArn"]
    told = aws.client("stepfunctions").describe_state_machine(stateMachineArn=machine)
    return Deployed(aws, project, json.loads(told["definition"]))


@contextmanager
def running(root: Path, purpose: str) -> Iterator[LocalAws]:
    """A local AWS that runs the project's folder, and that everything here speaks to."""
    with (
        pytest.MonkeyPatch.context() as patched,
        LocalAws(images={f"{PROJECT}-{purpose}": root}, region=REGION) as aws,
    ):
        for name, value in aws.environment.items():
            patched.setenv(name, value)
        yield aws


def configure(root: Path, common: dict[str, Any], **environments: dict[str, Any]) -> None:
    """Write a project's configuration."""
    file = root / "deploy" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    text = json.dumps({**config, **common, "environments": environments})
    file.write_text(text, encoding="utf-8")


def keys(root: Path) -> set[str]:
    """Every key that the project's schema knows and that no other test looks at."""
    schema = json.loads((root / "deploy" / "config.schema.json").read_text(encoding="utf-8"))
    return set(schema["properties"]) - ELSEWHERE


def network(deployed: Deployed) -> dict[str, Any]:
    """What the deployed workflow says of a job's network."""
    expression = deployed.definition["States"]["Settings"]["Output"]["NetworkConfig"]
    found: dict[str, Any] = evaluate(expression.removeprefix("{%").removesuffix("%}"), {})
    return found


def check_tags(deployed: Deployed) -> None:
    """All that takes tags, as CloudFormation's schemas know it, carries them in its service."""
    project, client = deployed.project, deployed.aws.client
    wanted = {**project.tags, "owner": project.owner}
    pages = client("resourcegroupstaggingapi").get_paginator("get_resources")
    filters = [{"Key": key, "Values": [value]} for key, value in wanted.items()]
    found = {
        (one["ResourceARN"].split(":")[2], re.split("[:/]", one["ResourceARN"])[-1])
        for page in pages.paginate(TagFilters=filters)
        for one in page["ResourceTagMappingList"]
    }
    for name, one in resources(project.stack, project.region).items():
        kind, physical = one["type"], one["physical"]
        if not schemas.schema(project.region, kind).get("tagging", {}).get("taggable"):
            continue
        if kind == "AWS::IAM::Role":  # the tagging API tells of neither
            tags = client("iam").list_role_tags(RoleName=physical)["Tags"]
        elif kind == "AWS::Budgets::Budget":
            arn = f"arn:aws:budgets::{deployed.aws.account}:budget/{physical}"
            tags = client("budgets").list_tags_for_resource(ResourceARN=arn)["ResourceTags"]
        else:
            service = SERVICES.get(kind.split("::")[1], kind.split("::")[1].lower())
            assert (service, re.split("[:/]", physical)[-1]) in found, name
            continue
        assert wanted.items() <= {tag["Key"]: tag["Value"] for tag in tags}.items(), name
