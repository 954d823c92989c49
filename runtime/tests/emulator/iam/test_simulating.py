"""SimulatePrincipalPolicy decides as the call itself would be decided."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from batcat_runtime.emulator import LocalAws

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture
def iam(aws: LocalAws) -> Any:
    return aws.client("iam")


def role(iam: Any, name: str, *statements: dict[str, Any], boundary: str = "") -> str:
    limit = {"PermissionsBoundary": boundary} if boundary else {}
    made = iam.create_role(
        RoleName=name, Path="/people/", AssumeRolePolicyDocument=json.dumps(TRUST), **limit
    )
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    return str(made["Role"]["Arn"])


def decisions(iam: Any, arn: str, *actions: str, **more: Any) -> list[str]:
    told = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=list(actions), **more)
    return [one["EvalDecision"] for one in told["EvaluationResults"]]


def test_what_is_allowed_denied_and_not_spoken_of(iam: Any) -> None:
    arn = role(
        iam,
        "simulated-reader",
        {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::rain/*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::rain/secret"},
    )
    actions = ("s3:GetObject", "s3:PutObject")
    free, secret = ["arn:aws:s3:::rain/a"], ["arn:aws:s3:::rain/secret"]
    assert decisions(iam, arn, *actions, ResourceArns=free) == ["allowed", "implicitDeny"]
    assert decisions(iam, arn, *actions, ResourceArns=secret) == ["explicitDeny", "explicitDeny"]
    assert decisions(iam, arn, "s3:GetObject") == ["implicitDeny"]


def test_conditions_see_what_is_handed_in(iam: Any) -> None:
    passed = {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}
    arn = role(
        iam,
        "simulated-passer",
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": passed},
    )

    def to(service: str) -> list[str]:
        key = {
            "ContextKeyName": "iam:PassedToService",
            "ContextKeyValues": [service],
            "ContextKeyType": "string",
        }
        return decisions(iam, arn, "iam:PassRole", ContextEntries=[key])

    assert to("states.amazonaws.com") == ["allowed"]
    assert to("lambda.amazonaws.com") == ["implicitDeny"]
    assert decisions(iam, arn, "iam:PassRole") == ["implicitDeny"]


def test_a_boundary_is_named(iam: Any) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
    limit = iam.create_policy(PolicyName="simulated-limit", PolicyDocument=json.dumps(document))
    every = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    arn = role(iam, "simulated-bound", every, boundary=limit["Policy"]["Arn"])
    told = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["s3:GetObject", "sqs:SendMessage"]
    )["EvaluationResults"]
    assert [one["EvalDecision"] for one in told] == ["allowed", "implicitDeny"]
    allowed = [one["PermissionsBoundaryDecisionDetail"] for one in told]
    assert [one["AllowedByPermissionsBoundary"] for one in allowed] == [True, False]


def test_a_role_that_is_not_there_and_what_is_not_emulated(iam: Any) -> None:
    nobody = "arn:aws:iam::123456789012:role/nobody"
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="nobody"):
        decisions(iam, nobody, "s3:GetObject")
    with pytest.raises(Exception, match="PolicyInputList"):
        decisions(iam, nobody, "s3:GetObject", PolicyInputList=["{}"])
