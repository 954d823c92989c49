"""Roles that an organisation has already are taken instead of made."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from batcat_runtime.deploy import apply, cfn_yaml, load_project, make_plan
from batcat_runtime.deploy.doctor.needs import condition
from batcat_runtime.deploy.doctor.role import ASSUMED_BY, role_needs
from batcat_runtime.deploy.doctor.seen import Seen
from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


def role(iam: Any, name: str, *services: str) -> str:
    """A role that services may take and that may do everything."""
    principal = {"Service": [f"{one}.amazonaws.com" for one in services]}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=document(everything))
    return str(made["Role"]["Arn"])


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_stack_with_named_roles_makes_none(
    render: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = render(tmp_path / "p", trigger="schedule")
    here = load_project(root)
    with LocalAws(images={here.repository: root}, region=here.region) as aws:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        iam = aws.client("iam")
        work = role(iam, "ours", "states", "sagemaker")
        start = role(iam, "ours-too", "lambda", "scheduler")
        named = replace(here, workflow_execution_role=work, trigger_role=start)
        for _ in apply(make_plan(named)):
            pass
        assert {one["RoleName"] for one in iam.list_roles()["Roles"]} == {"ours", "ours-too"}
        (function,) = aws.client("lambda").list_functions()["Functions"]
        (schedule,) = aws.client("scheduler").list_schedules()["Schedules"]
        target = aws.client("scheduler").get_schedule(Name=schedule["Name"])["Target"]
        assert function["Role"] == target["RoleArn"] == start
        told = aws.client("lambda").invoke(FunctionName=function["FunctionName"], Payload=b"{}")
        assert len(json.loads(told["Payload"].read())["executions"]) == 1


def test_the_doctor_asks_of_a_named_role_all_that_those_in_its_place_have(
    render: Callable[..., Path], tmp_path: Path
) -> None:
    """Also what a setting brings; but nothing that a workflow with a named role does without."""
    root = render(tmp_path / "p")
    ours = "arn:aws:iam::123456789012:role/ours"
    project = replace(
        load_project(root, "dev"),
        workflow_execution_role=ours,
        kms_key="arn:aws:kms:us-east-1:123456789012:key/1234",
        vpc_subnets=("subnet-0123456789abcdef0",),
        vpc_security_groups=("sg-0123456789abcdef0",),
    )
    resources = cfn_yaml.load(root / "deploy" / "template.yaml")["Resources"]
    granted = {
        (one["Fn::If"][1] if "Fn::If" in one else one)["Sid"]
        for name in ("JobRole", "WorkflowRole")
        for one in resources[name]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    }
    services = ASSUMED_BY["workflow_execution_role"]
    asked = {need.why: need for need in role_needs(Seen(project), "123456789012", ours, services)}
    assert granted - set(asked) == {"DeliverLogs", "ReportUse"}
    assert set(asked) <= granted
    image = "arn:aws:ecr:us-east-1:123456789012:repository/2026-health-screening-inference"
    assert asked["PullImage"].resources == (image,)
    assert asked["UseKey"].resources == (project.kms_key,)
    assert condition(asked["LendKeyToVolumes"]) == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert asked["HandJobsTheirRole"].resources == (ours,)
