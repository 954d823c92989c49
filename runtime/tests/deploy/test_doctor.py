"""``batcat doctor``: each check finds what it is there for, and says what mends it.

ECR, Service Quotas and IAM's simulation are answered by this file, in the form of their APIs.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from threading import Event
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from batcat_runtime import aws
from batcat_runtime.deploy.doctor import Finding, Report, examine
from batcat_runtime.deploy.doctor.examine import CHECKS
from batcat_runtime.deploy.doctor.finding import NotLooked
from batcat_runtime.deploy.doctor.needs import needs
from batcat_runtime.deploy.doctor.seen import Seen, look

from .answering import Answering, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from batcat_runtime.deploy import Project
    from batcat_runtime.emulator import LocalAws

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
DIGEST = f"sha256:{'5' * 64}"
REGISTRY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"


def found(seen: Seen, check: str) -> list[Finding]:
    """What one check finds."""
    return list(examine(seen, {check: CHECKS[check]}).findings)


def levels(seen: Seen, check: str) -> list[str]:
    return [finding.level for finding in found(seen, check)]


@pytest.fixture
def dev(project: Project) -> Project:
    """The sample project in an environment that is an account: the local AWS stands for it."""
    return replace(project, environment="dev")


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch, project: Project, answering: Answering) -> Answering:
    """ECR, Service Quotas and IAM, answered by the test."""
    del project
    for service in ("ECR", "SERVICE_QUOTAS", "IAM"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", answering.url)
    return answering


def test_a_good_project_on_the_local_aws_fails_at_nothing(project: Project) -> None:
    report = examine(Seen(project))
    assert report.is_well(strict=True)
    assert {finding.check for finding in report.findings} == set(CHECKS)
    unknown = {one.check for one in report.findings if one.level == "unknown"}
    assert "quota" in unknown
    assert all("not emulated" in one.text for one in report.findings if one.check == "quota")


def test_a_configuration_that_is_wrong_hides_no_other_finding(
    folder: Path, account: LocalAws
) -> None:
    del account
    file = folder / "deploy" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["instance_count"] = "many"
    file.write_text(json.dumps(config), encoding="utf-8")
    report = examine(look(folder, "local"))
    by_check = {finding.check: finding for finding in report.findings}
    assert by_check["config"].level == "failed"
    assert "instance_count is 'many'" in by_check["config"].text
    assert by_check["credentials"].level == "ok"
    assert by_check["bucket"].level == "ok"
    assert not report.is_well()


def test_a_template_that_cannot_be_read_is_named_with_its_line(project: Project) -> None:
    project.template.write_text("Resources: {a: b: c}\n", encoding="utf-8")
    (finding,) = found(Seen(project), "template")
    assert finding.level == "failed"
    assert "line 1" in finding.text


def test_steps_that_the_workflow_does_not_run_are_found(project: Project) -> None:
    assert levels(Seen(project), "template") == ["ok"]
    (finding,) = found(Seen(replace(project, steps=("clean",))), "template")
    assert (finding.level, "forecast" in finding.text) == ("failed", True)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("batcat-runtime[cli,local]==0.0.1", "warning"),
        ("batcat-runtime[cli,local]=={installed}", "ok"),
        ("batcat-runtime @ file:///somewhere", "ok"),
        ("pandas", "warning"),
    ],
)
def test_the_runtime_is_the_one_that_the_project_names(
    project: Project, line: str, level: str
) -> None:
    from importlib.metadata import version

    text = line.format(installed=version("batcat-runtime"))
    (project.root / "requirements.txt").write_text(f"# first\n{text}\n", encoding="utf-8")
    assert levels(Seen(project), "runtime") == [level]


def test_without_credentials_there_is_one_failure_and_the_rest_is_unknown(
    dev: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    report = examine(Seen(dev))
    by_level = {one.check: one.level for one in report.findings}
    assert [check for check, level in by_level.items() if level == "failed"] == ["credentials"]
    assert by_level["bucket"] == by_level["rights"] == by_level["clock"] == "unknown"
    (finding,) = [one for one in report.findings if one.check == "credentials"]
    assert finding.mend.startswith("aws configure sso")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("ExpiredToken", "the credentials have expired"),
        ("InvalidClientTokenId", "InvalidClientTokenId"),
    ],
)
def test_credentials_that_aws_refuses(
    dev: Project, monkeypatch: pytest.MonkeyPatch, code: str, text: str
) -> None:
    """And no secret is printed, even where AWS echoes it."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    body = (
        f"<ErrorResponse><Error><Code>{code}</Code>"
        "<Message>your hush-hush is no good</Message></Error></ErrorResponse>"
    )
    answering = Answering({"GetCallerIdentity": lambda _: body})
    answer = answering.answer
    answering.answer = lambda *asked: (403, answer(*asked)[1])  # type: ignore[method-assign]
    with answering.serving():
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", answering.url)
        report = examine(Seen(dev))
    (finding,) = [one for one in report.findings if one.check == "credentials"]
    assert finding.level == "failed"
    assert text in finding.text
    assert "hush" not in repr(report)
    # AWS says what time it is even then.
    assert [one.level for one in report.findings if one.check == "clock"] == ["ok"]


def test_credentials_of_another_account_fail_and_no_account_is_a_warning(dev: Project) -> None:
    assert levels(Seen(replace(dev, account=ACCOUNT)), "account") == ["ok"]
    (other,) = found(Seen(replace(dev, account="999999999999")), "account")
    assert (other.level, "AWS_PROFILE" in other.mend) == ("failed", True)
    (none,) = found(Seen(dev), "account")
    assert none.level == "warning"
    assert none.mend == f'add under environments.dev: "account": "{ACCOUNT}"'


def test_a_region_of_another_partition_fails(dev: Project) -> None:
    (finding,) = found(Seen(replace(dev, partition="aws-cn")), "partition")
    assert finding.level == "failed"
    assert finding.mend.startswith('say "partition": "aws"')


@pytest.mark.parametrize(
    ("minutes", "level"), [(0, "ok"), (-4, "ok"), (6, "warning"), (-14, "warning"), (16, "failed")]
)
def test_the_clock_is_held_against_that_of_aws(project: Project, minutes: int, level: str) -> None:
    seen = Seen(project, now=lambda: datetime.now(timezone.utc) + timedelta(minutes=minutes))
    (finding,) = found(seen, "clock")
    assert finding.level == level
    if minutes:
        assert ("ahead of" if minutes > 0 else "behind") in finding.text


def test_a_bucket_of_ours_is_well_and_one_of_another_account_is_not(
    dev: Project, account: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.client("s3").create_bucket(Bucket="rain-of-ours")
    project = replace(dev, result_s3_bucket="rain-of-ours")
    assert levels(Seen(project), "bucket") == ["ok", "ok"]
    with Answering({}).serving() as sts:
        sts.answers["GetCallerIdentity"] = lambda _: identity("999999999999")
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        first, _ = found(Seen(project), "bucket")
    assert first.level == "failed"
    assert "another account" in first.text
    assert "result_s3_bucket" in first.mend


def identity(account: str, arn: str = "") -> str:
    """The answer to GetCallerIdentity."""
    arn = arn or f"arn:aws:iam::{account}:user/ann"
    return (
        "<GetCallerIdentityResponse><GetCallerIdentityResult>"
        f"<Arn>{arn}</Arn><UserId>AIDA</UserId><Account>{account}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )


def test_an_image_that_is_there_and_one_that_is_not(dev: Project, services: Answering) -> None:
    services.answers["DescribeImages"] = describe_images
    (there,) = found(Seen(dev), "image")
    assert (there.level, there.where) == ("ok", f"{REGISTRY}/2026-demo-rain-forecast:latest")
    pinned = replace(dev, image_uri=f"{REGISTRY}/rain@{DIGEST}")
    assert levels(Seen(pinned), "image") == ["ok"]
    assert services.asked[-1][1]["imageIds"] == [{"imageDigest": DIGEST}]
    (absent,) = found(Seen(replace(dev, image_uri=f"{REGISTRY}/rain:old")), "image")
    assert (absent.level, absent.mend) == ("failed", "batcat image push --env dev")
    (elsewhere,) = found(
        Seen(replace(dev, image_uri=f"{REGISTRY.replace('us-east-1', 'eu-west-1')}/rain")), "image"
    )
    assert "is in eu-west-1" in elsewhere.text
    (foreign,) = found(Seen(replace(dev, image_uri="docker.io/library/python:3.12")), "image")
    assert foreign.level == "failed"


def test_an_image_that_a_deployment_will_push_is_only_a_warning(dev: Project) -> None:
    """Else each change of a script would fail until it is deployed."""
    docker = dev.root / "deploy" / "docker"
    docker.mkdir()
    (docker / "Dockerfile").write_text("ARG BASE=python:3.12-slim\n", encoding="utf-8")
    (finding,) = found(Seen(dev), "image")
    assert (finding.level, finding.mend) == ("warning", "batcat image push --env dev")


def describe_images(request: dict[str, Any]) -> dict[str, Any]:
    if request["imageIds"] == [{"imageTag": "old"}]:
        raise Refusal("ImageNotFoundException", "The image with imageId … does not exist")
    return {"imageDetails": [{"imageDigest": DIGEST, "imagePushedAt": 1767225600.0}]}


def test_a_registry_that_gives_a_login_but_cannot_be_reached_is_a_warning(
    dev: Project, services: Answering
) -> None:
    with Answering({}).serving() as registry:
        registry.answers["/v2/"] = unauthorized
        there = registry.url
        services.answers["GetAuthorizationToken"] = lambda _: {
            "authorizationData": [
                {"authorizationToken": "QVdTOnNlY3JldA==", "proxyEndpoint": there}
            ]
        }
        assert levels(Seen(dev), "registry") == ["ok"]
    (finding,) = found(Seen(dev), "registry")
    assert finding.level == "warning"
    assert "QVdTOnNlY3JldA" not in repr(finding)


def unauthorized(_: dict[str, Any]) -> Any:
    raise Refusal("UNAUTHORIZED", status=401)


def quotas(value: float) -> dict[str, Any]:
    """The answer to ListServiceQuotas; the numbers are made up."""
    other = {"QuotaName": "ml.t3.medium for endpoint usage", "QuotaCode": "L-1", "Value": 0.0}
    name = "ml.t3.medium for processing job usage"
    return {"Quotas": [other, {"QuotaName": name, "QuotaCode": "L-2", "Value": value}]}


def test_a_quota_is_found_by_its_name_and_held_against_the_machines(
    dev: Project, services: Answering
) -> None:
    services.answers["ListServiceQuotas"] = lambda _: quotas(2.0)
    assert levels(Seen(dev), "quota") == ["ok"]
    (finding,) = found(Seen(replace(dev, instance_count=3)), "quota")
    assert finding.level == "failed"
    assert "--quota-code L-2 --desired-value 3 --region us-east-1" in finding.mend
    (unknown,) = found(Seen(replace(dev, instance_type="ml.t9.huge")), "quota")
    assert (unknown.level, "'ml.t9.huge for processing job usage'" in unknown.text) == (
        "warning",
        True,
    )


def test_quotas_that_may_not_be_read_are_a_warning(dev: Project, services: Answering) -> None:
    def refuse(_: dict[str, Any]) -> Any:
        raise Refusal("AccessDeniedException", "no servicequotas:ListServiceQuotas")

    services.answers["ListServiceQuotas"] = refuse
    (finding,) = found(Seen(dev), "quota")
    assert (finding.level, "servicequotas:ListServiceQuotas" in finding.text) == ("warning", True)


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


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, services: Answering) -> Answering:
    """Credentials of a session of a role that has a path."""
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/ann"
    services.answers["GetCallerIdentity"] = lambda _: identity(ACCOUNT, arn)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", services.url)
    return services


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
        "Resource": f"arn:aws:iam::{ACCOUNT}:role/batcat-2026-demo-rain-forecast-*",
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


def test_every_need_names_its_resources(dev: Project) -> None:
    """But where AWS takes none."""
    docker = dev.root / "deploy" / "docker"
    docker.mkdir()
    (docker / "Dockerfile").touch()
    anywhere = set()
    for need in needs(dev, ACCOUNT, "aws"):
        assert need.actions
        assert all(":" in action and "*" not in action for action in need.actions)
        if need.resources == ("*",):
            anywhere |= set(need.actions)
        else:
            assert all(resource.startswith("arn:aws:") for resource in need.resources)
    assert anywhere == {
        "ecr:GetAuthorizationToken",
        "logs:DescribeLogGroups",
        "sagemaker:ListProcessingJobs",
        "tag:GetResources",
    }


def test_one_check_that_fails_or_hangs_hides_no_other(project: Project) -> None:
    never = Event()

    def hangs(_: Seen) -> Iterator[Finding]:
        never.wait()
        yield Finding("hangs", "ok", "")

    def breaks(_: Seen) -> Iterator[Finding]:
        yield Finding("breaks", "ok", "this far")
        raise KeyError("unexpected")

    def blind(_: Seen) -> Iterator[Finding]:
        raise NotLooked("it is dark")
        yield

    begin = time.monotonic()
    checks = {"hangs": hangs, "breaks": breaks, "blind": blind, "config": CHECKS["config"]}
    report = examine(Seen(project), checks, seconds=0.5)
    assert time.monotonic() - begin < 5
    never.set()
    assert [(one.check, one.level) for one in report.findings] == [
        ("hangs", "failed"),
        ("breaks", "ok"),
        ("breaks", "failed"),
        ("blind", "unknown"),
        ("config", "ok"),
    ]


def test_warnings_fail_only_where_they_are_asked_to() -> None:
    report = Report(
        (Finding("a", "ok", ""), Finding("b", "warning", ""), Finding("c", "unknown", ""))
    )
    assert report.is_well()
    assert not report.is_well(strict=True)
