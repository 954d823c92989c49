"""What the roles of deploy/ci.yaml may do, and what they may not.

The local AWS decides their calls when jobs run. What CloudFormation asks of them beyond it is known
from its own schemas of resources, which cfn-lint brings along.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from batcat_runtime.deploy import cfn_yaml, load_project
from batcat_runtime.deploy.doctor.needs import needs

from .pipelines import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def statements(root: Path, role: str = "DeployRole") -> list[dict[str, Any]]:
    """The statements of a role of deploy/ci.yaml, also those that a condition may leave out."""
    made = cfn_yaml.load(root / "deploy" / "ci.yaml")["Resources"][role]
    found: list[dict[str, Any]] = made["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return [one["Fn::If"][1] if "Fn::If" in one else one for one in found]


def actions_of(statement: dict[str, Any]) -> list[str]:
    """What a statement allows."""
    actions = statement["Action"]
    return actions if isinstance(actions, list) else [actions]


UNASKED = re.compile(
    r"billing:|ec2:|elasticfilesystem:|firehose:|kms:|s3:REST|s3files:|s3tables:"  # other services
    r"|.*(CodeSigningConfig|Concurrency|CapacityProvider|ScalingConfig|RuntimeManagementConfig"
    r"|RecursionConfig|LayerVersion|PublishVersion|AssociateRuntimeAlias|DataProtectionPolicy"
    r"|IndexPolic|LogDelivery|ResourcePolic|BearerToken|DeletionProtection"
    r"|RolePolicyBoundary|PermissionsBoundary|AttachRolePolicy|DetachRolePolicy|RepositoryPolicy)"
    r"|s3:.*(Abac|Analytics|CORS|Cors|Inventory|Metrics|Replication|Website|Accelerate|Acl|ObjectLock"
    r"|Logging|Versioning|IntelligentTiering|Metadata|DeleteObject|PutObject|GetObjectVersion"
    r"|DeleteBucketEncryption|DeleteBucketLifecycle|ListTagsForResource|TagResource|UntagResource|ListAllMyBuckets)"
    r"|s3:GetObject|iam:GetRole|sns:Subscribe|sns:Unsubscribe|events:ListTagsForResource"
)
"""Actions of CloudFormation's handlers for properties that the template has not."""


@pytest.mark.parametrize("trigger", ["manual", "schedule", "s3"])
def test_whoever_deploys_may_do_what_cloudformation_asks_for(
    render: Callable[..., Path], tmp_path: Path, trigger: str
) -> None:
    """By the permissions that each handler declares in its own schema."""
    root = render(tmp_path / "p", ci="github", trigger=trigger)
    granted = {action for one in statements(root) for action in actions_of(one)}
    template = cfn_yaml.load(root / "deploy" / "template.yaml")["Resources"]
    kinds = {one["Type"] for one in template.values()}
    also = {
        "AWS::Serverless::Function": "AWS::Lambda::Function",
        "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
    }
    lacking = {}
    for kind in sorted(also.get(kind, kind) for kind in kinds):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        handlers = schema["handlers"]
        asked = {
            action
            for verb in ("create", "read", "update", "delete")
            for action in handlers.get(verb, {}).get("permissions", [])
        }
        missing = sorted(one for one in asked - granted if not UNASKED.match(one))
        if missing:
            lacking[kind] = missing
    assert lacking == {}


UNLIKE = {
    # for what a project may ask for later, and for a dated list of prices
    "role": {
        *("billing:GetBillingViewData", "iam:SimulatePrincipalPolicy", "pricing:GetProducts"),
        *("sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"),
        "s3:ListBucketVersions",
    },
    # a pipeline takes nothing down
    "doctor": {
        *("ecr:BatchDeleteImage", "ecr:ListImages"),
        *("sagemaker:ListProcessingJobs", "tag:GetResources"),
    },
}


@pytest.mark.parametrize("trigger", ["manual", "schedule", "s3"])
def test_the_doctor_asks_for_what_the_role_that_deploys_has(
    render: Callable[..., Path], tmp_path: Path, trigger: str
) -> None:
    """A person who deploys by hand needs the very same, so one list is as long as the other."""
    root = render(tmp_path / "p", ci="github", trigger=trigger)
    project = replace(
        load_project(root, "dev"),
        kms_key="arn:aws:kms:us-east-1:123456789012:key/1234",
        monthly_budget=50,
        alarm_email="ada@example.org",
    )
    asked = {one for need in needs(project, "123456789012", "aws") for one in need.actions}
    role = {action for one in statements(root) for action in actions_of(one)}
    assert role - asked == UNLIKE["role"]
    assert asked - role == UNLIKE["doctor"]


def test_a_policy_fits_a_role_whatever_the_names(
    render: Callable[..., Path], tmp_path: Path
) -> None:
    """Source: IAM quotas: 10,240 characters in a role's inline policies, white space left out."""
    root = render(
        tmp_path / "p",
        ci="github",
        project="2026-domain-of-ours-and-a-long-topic",
        purpose="batch-ab",
        steps="a, b",
        example=False,
        trigger="s3",
        partition="aws-us-gov",
    )
    text = json.dumps(statements(root), separators=(",", ":"))
    assert len(text) < 10_240


def test_nobody_is_granted_everything(render: Callable[..., Path], tmp_path: Path) -> None:
    """No action by pattern; everything as a resource only where AWS knows no other."""
    everywhere = {
        "ecr:GetAuthorizationToken",
        "pricing:GetProducts",
        "sns:GetSubscriptionAttributes",
        "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
    }
    for kind in KINDS:
        root = render(tmp_path / kind, ci=kind, trigger="s3")
        resources = cfn_yaml.load(root / "deploy" / "ci.yaml")["Resources"]
        roles = [name for name, one in resources.items() if one["Type"] == "AWS::IAM::Role"]
        for statement in [one for role in roles for one in statements(root, role)]:
            actions = statement["Action"]
            actions = {actions} if isinstance(actions, str) else set(actions)
            assert not [one for one in actions if "*" in one]
            if statement["Resource"] == "*":
                assert actions <= everywhere
