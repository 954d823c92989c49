"""A right that is missing is found, with the statement that gives it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from runtime.tests.deploy.doctor.findings import ACCOUNT, ROLE, found, levels

from batcat_runtime import aws
from batcat_runtime.deploy.doctor.needs import needs
from batcat_runtime.deploy.doctor.seen import Seen

if TYPE_CHECKING:
    from runtime.tests.deploy.answering import Answering

    from batcat_runtime.deploy import Project


class Iam:
    """IAM that denies what it is told to."""

    def __init__(self, services: Answering, trusted: list[str] | None = None) -> None:
        self.denied: dict[str, str] = {}
        self.detail = ""
        self.contexts: dict[str, str] = {}
        self.trusted = trusted or []
        services.answers["SimulatePrincipalPolicy"] = self.simulate
        services.answers["GetRole"] = self.get_role

    def simulate(self, request: dict[str, Any]) -> str:
        """SimulatePrincipalPolicy."""
        actions = [value for key, value in request.items() if key.startswith("ActionNames")]
        if "ContextEntries.member.1.ContextKeyName" in request:
            for action in actions:
                self.contexts[action] = request["ContextEntries.member.1.ContextKeyValues.member.1"]
        results = "".join(
            f"<member><EvalActionName>{action}</EvalActionName><EvalDecision>"
            f"{self.denied.get(action, 'allowed')}</EvalDecision>"
            f"{self.detail if action in self.denied else ''}</member>"
            for action in actions
        )
        return (
            "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult>"
            f"<IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults>"
            "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
        )

    def get_role(self, request: dict[str, Any]) -> str:
        """GetRole."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": self.trusted},
            "Action": "sts:AssumeRole",
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return (
            "<GetRoleResponse><GetRoleResult><Role>"
            f"<RoleName>{request['RoleName']}</RoleName><Path>/people/</Path><RoleId>A</RoleId>"
            f"<Arn>arn:aws:iam::{ACCOUNT}:role/people/{request['RoleName']}</Arn>"
            "<CreateDate>2026-01-01T00:00:00Z</CreateDate>"
            f"<AssumeRolePolicyDocument>{unquote(trust)}</AssumeRolePolicyDocument>"
            "</Role></GetRoleResult></GetRoleResponse>"
        )


def test_a_caller_who_may_do_everything(dev: Project, session: Answering) -> None:
    iam = Iam(session)
    (finding,) = found(Seen(dev), "rights")
    assert finding.level == "ok"
    assert finding.where == f"arn:aws:iam::{ACCOUNT}:role/people/deployer"
    assert iam.contexts["iam:PassRole"]
    simulated = {
        (one["PolicySourceArn"], one["ResourceArns.member.1"])
        for operation, one in session.asked
        if operation == "SimulatePrincipalPolicy"
    }
    assert {source for source, _ in simulated} == {finding.where}


def test_a_right_that_is_missing_comes_with_its_statement(dev: Project, session: Answering) -> None:
    iam = Iam(session)
    iam.denied = {"iam:PassRole": "implicitDeny"}
    findings = found(Seen(dev), "rights")
    assert {finding.level for finding in findings} == {"failed"}
    statements = [json.loads(finding.mend) for finding in findings]
    assert {
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": f"arn:aws:iam::{ACCOUNT}:role/batcat-2026-demo-rain-fo*",
        "Condition": {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}},
    } in statements


def forbidden(kind: str, by: str) -> str:
    """What IAM adds where something else than the principal's own policies forbids it."""
    return f"<{kind}DecisionDetail><AllowedBy{by}>false</AllowedBy{by}></{kind}DecisionDetail>"


@pytest.mark.parametrize(
    ("decision", "detail", "words"),
    [
        ("explicitDeny", "", "take the Deny away"),
        (
            "implicitDeny",
            forbidden("Organizations", "Organizations"),
            "ask whoever keeps the organisation's policies",
        ),
        (
            "implicitDeny",
            forbidden("PermissionsBoundary", "PermissionsBoundary"),
            "add to the boundary",
        ),
    ],
)
def test_what_forbids_it_is_named(
    dev: Project, session: Answering, decision: str, detail: str, words: str
) -> None:
    iam = Iam(session)
    iam.denied, iam.detail = {"states:StartExecution": decision}, detail
    (finding,) = found(Seen(dev), "rights")
    assert words in finding.mend


def test_a_named_role_must_trust_both_services_and_do_what_the_template_says(
    dev: Project, session: Answering
) -> None:
    named = replace(dev, workflow_execution_role=ROLE)
    iam = Iam(session, trusted=["states.amazonaws.com"])
    iam.denied = {"sagemaker:CreateProcessingJob": "implicitDeny"}
    trust, right = found(Seen(named), "role")
    assert (trust.level, right.level) == ("failed", "failed")
    assert '"Service": ["sagemaker.amazonaws.com"]' in trust.mend
    statement = json.loads(right.mend)
    assert statement["Resource"].endswith(":processing-job/2026-demo-rain-forecast-*")
    assert iam.contexts["iam:PassRole"] == "sagemaker.amazonaws.com"
    iam.trusted, iam.denied = ["states.amazonaws.com", "sagemaker.amazonaws.com"], {}
    assert levels(Seen(named), "role") == ["ok"]


def test_a_named_role_of_the_trigger_is_looked_at_by_itself(
    dev: Project, session: Answering
) -> None:
    iam = Iam(session, trusted=["lambda.amazonaws.com"])
    named = replace(dev, trigger_role=ROLE)
    assert levels(Seen(named), "role") == ["ok"]  # the sample has no schedule
    iam.trusted = ["scheduler.amazonaws.com"]
    (trust,) = found(Seen(named), "role")
    assert '"Service": ["lambda.amazonaws.com"]' in trust.mend


def test_a_named_role_is_simulated_by_the_policies_it_has(project: Project) -> None:
    """Here the local AWS decides, by the very policies that the template writes."""
    iam = aws.client("iam", project.region)
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": ["states.amazonaws.com", "sagemaker.amazonaws.com"]},
        "Action": "sts:AssumeRole",
    }
    made = iam.create_role(RoleName="rain", AssumeRolePolicyDocument=document(trust))
    named = replace(project, workflow_execution_role=made["Role"]["Arn"])
    missing = [json.loads(finding.mend) for finding in found(Seen(named), "role")]
    assert len(missing) > 5
    iam.put_role_policy(RoleName="rain", PolicyName="all", PolicyDocument=document(*missing[1:]))
    (finding,) = found(Seen(named), "role")
    assert json.loads(finding.mend) == missing[0]
    iam.put_role_policy(RoleName="rain", PolicyName="all", PolicyDocument=document(*missing))
    assert levels(Seen(named), "role") == ["ok"]
    iam.delete_role_policy(RoleName="rain", PolicyName="all")
    iam.delete_role(RoleName="rain")


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_a_named_role_that_is_not_there_or_of_another_account_fails(dev: Project) -> None:
    (absent,) = found(Seen(replace(dev, workflow_execution_role=ROLE)), "role")
    assert (absent.level, absent.text) == ("failed", "there is no such role")
    other = ROLE.replace(ACCOUNT, "999999999999")
    (foreign,) = found(Seen(replace(dev, workflow_execution_role=other)), "role")
    assert (foreign.level, "another account" in foreign.text) == ("failed", True)


def test_what_the_project_makes_none_of_takes_no_right(dev: Project) -> None:
    """Roles are named just by those who may make none."""
    role = f"arn:aws:iam::{ACCOUNT}:role/ours"
    given = replace(dev, workflow_execution_role=role, trigger_role=role)
    asked = {
        action
        for need in needs(given, ACCOUNT, "aws", makes_bucket=False)
        for action in need.actions
    }
    assert {one for one in asked if one.startswith("iam:")} == {"iam:PassRole"}
    assert "s3:PutBucketPublicAccessBlock" in asked  # of the bucket of artifacts
    assert "s3:DeleteBucketPolicy" not in asked
    assert "iam:CreateRole" in {
        action for need in needs(dev, ACCOUNT, "aws") for action in need.actions
    }
