"""IAM and STS: documents follow the grammar, and only those whom a role trusts assume it."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from batcat_runtime.emulator.iam import policies

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

ACCOUNT = "123456789012"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def trust(principal: Any = ROOT, **more: Any) -> dict[str, Any]:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


WRONG_TRUSTS = {
    "not JSON": "no policy",
    "a list": "[]",
    "no statement": json.dumps({"Version": "2012-10-17"}),
    "unknown version": json.dumps({**trust(), "Version": "2020-01-01"}),
    "unknown field": json.dumps({**trust(), "Statements": []}),
    "unknown element": json.dumps(trust(Actions="sts:AssumeRole")),
    "no principal": json.dumps({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}}),
    "service without its domain": json.dumps(trust({"Service": "sagemaker"})),
    "unknown kind of principal": json.dumps(trust({"Services": "sagemaker.amazonaws.com"})),
    "effect in lower case": json.dumps(trust(Effect="allow")),
    "an action of another service": json.dumps(trust(Action="s3:GetObject")),
    "a resource": json.dumps(trust(Resource="*")),
    "unknown condition": json.dumps(trust(Condition={"Equals": {"a": "b"}})),
}


def error_of(call: Callable[[], Any]) -> tuple[str, str]:
    """Code and message of the error a call ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return str(error["Code"]), str(error["Message"])


@pytest.fixture
def make(aws: LocalAws, unique: Callable[[str], str]) -> Callable[..., str]:
    """Makes a role with a trust policy; gives its ARN."""

    def made(document: Any, **more: Any) -> str:
        text = document if isinstance(document, str) else json.dumps(document)
        role = aws.client("iam").create_role(
            RoleName=unique("role"), AssumeRolePolicyDocument=text, **more
        )
        return str(role["Role"]["Arn"])

    return made


@pytest.mark.parametrize("document", WRONG_TRUSTS.values(), ids=WRONG_TRUSTS)
def test_a_wrong_trust_policy_is_refused(
    aws: LocalAws, make: Callable[..., str], document: str
) -> None:
    """When the role is made, and when the policy is replaced."""
    assert error_of(lambda: make(document))[0] == "MalformedPolicyDocument"
    iam, name = aws.client("iam"), make(trust()).rpartition("/")[2]
    replaced = error_of(
        lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=document)
    )
    assert replaced[0] == "MalformedPolicyDocument"
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == trust()


@pytest.mark.parametrize(
    "document",
    [
        trust(),
        trust("*"),
        trust({"AWS": [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/x"]}),
        trust({"Service": ["ec2.amazonaws.com.cn", "delivery.logs.amazonaws.com"]}),
        trust(Action=["sts:AssumeRole", "sts:TagSession"]),
        trust(Condition={"ForAnyValue:StringLikeIfExists": {"aws:PrincipalTag/a": ["x"]}}),
        {**trust(), "Version": "2008-10-17"},
    ],
)
def test_right_trust_policies_are_taken(make: Callable[..., str], document: Any) -> None:
    """The older version of the language too, which AWS's own roles have."""
    assert make(document)


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Action": "s3:GetObject"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*"},
        {"Effect": "Allow", "Action": "GetObject", "Resource": "*"},
    ],
)
def test_a_wrong_permission_policy_is_refused(
    aws: LocalAws, make: Callable[..., str], unique: Callable[[str], str], statement: Any
) -> None:
    """Inline or managed; a principal belongs elsewhere."""
    iam, name = aws.client("iam"), make(trust()).rpartition("/")[2]
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    inline = {"RoleName": name, "PolicyName": "p", "PolicyDocument": text}
    assert error_of(lambda: iam.put_role_policy(**inline))[0] == "MalformedPolicyDocument"
    managed = {"PolicyName": unique("policy"), "PolicyDocument": text}
    assert error_of(lambda: iam.create_policy(**managed))[0] == "MalformedPolicyDocument"


def test_what_a_policy_error_says() -> None:
    """The element that is wrong."""
    with pytest.raises(policies.PolicyError, match='"Service":"sagemaker"'):
        policies.check(json.dumps(trust({"Service": "sagemaker"})), policies.TRUST)


def test_a_permissions_boundary_must_exist(aws: LocalAws, make: Callable[..., str]) -> None:
    """When the role is made and later."""
    missing, iam = f"arn:aws:iam::{ACCOUNT}:policy/missing", aws.client("iam")
    assert error_of(lambda: make(trust(), PermissionsBoundary=missing))[0] == "NoSuchEntity"
    present = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    name = make(trust(), PermissionsBoundary=present).rpartition("/")[2]
    later = {"RoleName": name, "PermissionsBoundary": missing}
    assert error_of(lambda: iam.put_role_permissions_boundary(**later))[0] == "NoSuchEntity"
    boundary = iam.get_role(RoleName=name)["Role"]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryArn"] == present


def test_a_policy_in_use_is_not_deleted(
    aws: LocalAws, make: Callable[..., str], unique: Callable[[str], str]
) -> None:
    """Attached, as a boundary, or with versions of its own; moto deletes it in any case."""
    iam = aws.client("iam")
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": allow})
    made = iam.create_policy(PolicyName=unique("policy"), PolicyDocument=text)
    policy = {"PolicyArn": made["Policy"]["Arn"]}
    role = {"RoleName": make(trust()).rpartition("/")[2]}
    iam.attach_role_policy(**role, **policy)
    assert error_of(lambda: iam.delete_policy(**policy))[0] == "DeleteConflict"
    iam.detach_role_policy(**role, **policy)
    iam.put_role_permissions_boundary(**role, PermissionsBoundary=policy["PolicyArn"])
    assert error_of(lambda: iam.delete_policy(**policy))[0] == "DeleteConflict"
    iam.delete_role_permissions_boundary(**role)
    iam.create_policy_version(**policy, PolicyDocument=text)
    assert error_of(lambda: iam.delete_policy(**policy))[0] == "DeleteConflict"
    iam.delete_policy_version(**policy, VersionId="v2")
    iam.delete_policy(**policy)
    assert error_of(lambda: iam.get_policy(**policy))[0] == "NoSuchEntity"


def test_updating_a_role_keeps_what_is_not_said(aws: LocalAws, make: Callable[..., str]) -> None:
    """Moto would forget the description."""
    arn = make(trust(), Description="why", MaxSessionDuration=7200)
    iam, name = aws.client("iam"), arn.rpartition("/")[2]
    iam.update_role(RoleName=name, MaxSessionDuration=3600)
    iam.update_role(RoleName=name)
    role = iam.get_role(RoleName=name)["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("why", 3600)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "named"),
    [
        ("iam", "create_service_linked_role", {"AWSServiceName": "x.amazonaws.com"}, "operation"),
        (
            "iam",
            "list_entities_for_policy",
            {"PolicyArn": "arn:aws:iam::aws:policy/x", "PolicyUsageFilter": "PermissionsBoundary"},
            "PolicyUsageFilter",
        ),
        (
            "sts",
            "assume_role",
            {
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x",
                "RoleSessionName": "s1",
                "Tags": [{"Key": "a", "Value": "b"}],
            },
            "parameter Tags",
        ),
        (
            "sts",
            "assume_role",
            {"RoleArn": "arn:aws:iam::999999999999:role/x", "RoleSessionName": "s1"},
            "another account",
        ),
    ],
)
def test_what_would_be_forgotten_is_refused(
    aws: LocalAws, service: str, operation: str, parameters: dict[str, Any], named: str
) -> None:
    """By name."""
    code, message = error_of(lambda: getattr(aws.client(service), operation)(**parameters))
    assert code == "NotEmulated"
    assert named in message


def session(aws: LocalAws, arn: str, **more: Any) -> dict[str, Any]:
    """The session that AssumeRole gives."""
    answer = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="me", **more)
    return dict(answer)


@pytest.mark.parametrize("principal", [ROOT, "*", {"AWS": ACCOUNT}, {"AWS": ["*"]}])
def test_a_role_that_trusts_the_account_is_assumed(
    aws: LocalAws, make: Callable[..., str], principal: Any
) -> None:
    """And its session says whose it is."""
    given = session(aws, make(trust(principal)))
    keys = given["Credentials"]
    caller = aws.client(
        "sts",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    ).get_caller_identity()
    assert caller["Arn"] == given["AssumedRoleUser"]["Arn"]


@pytest.mark.parametrize(
    "document",
    [
        trust({"Service": "lambda.amazonaws.com"}),
        trust({"AWS": "arn:aws:iam::999999999999:root"}),
        trust(Action="sts:TagSession"),
        {"Statement": [*trust()["Statement"], *trust(Effect="Deny")["Statement"]]},
    ],
)
def test_a_role_that_trusts_others_is_not_assumed(
    aws: LocalAws, make: Callable[..., str], document: Any
) -> None:
    """As a role that does not exist."""
    assert error_of(lambda: session(aws, make(document)))[0] == "AccessDenied"
    missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
    assert error_of(lambda: session(aws, missing))[0] == "AccessDenied"


def test_the_external_id_must_be_right(aws: LocalAws, make: Callable[..., str]) -> None:
    """It is the one condition that is understood; another is refused by name."""
    arn = make(trust(Condition={"StringEquals": {"sts:ExternalId": ["one", "two"]}}))
    assert session(aws, arn, ExternalId="two")
    assert error_of(lambda: session(aws, arn))[0] == "AccessDenied"
    assert error_of(lambda: session(aws, arn, ExternalId="three"))[0] == "AccessDenied"
    other = make(trust(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    code, message = error_of(lambda: session(aws, other))
    assert (code, "Bool aws:MultiFactorAuthPresent" in message) == ("NotEmulated", True)


def test_a_role_assumes_another_that_trusts_it(aws: LocalAws, make: Callable[..., str]) -> None:
    """And not one that trusts a third."""
    first = make(trust())
    keys = session(aws, first)["Credentials"]
    chained = aws.client(
        "sts",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    second, third = make(trust({"AWS": first})), make(trust({"AWS": f"{first}-other"}))
    assert chained.assume_role(RoleArn=second, RoleSessionName="me")
    refused = error_of(lambda: chained.assume_role(RoleArn=third, RoleSessionName="me"))
    assert refused[0] == "AccessDenied"


def test_a_session_is_no_longer_than_the_role_allows(
    aws: LocalAws, make: Callable[..., str]
) -> None:
    """An hour where the role does not say."""
    arn = make(trust())
    assert error_of(lambda: session(aws, arn, DurationSeconds=3601))[0] == "ValidationError"
    longer = make(trust(), MaxSessionDuration=7200)
    assert session(aws, longer, DurationSeconds=7200)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([{"Principal": {"Service": "states.amazonaws.com"}}], True),
        ([{"Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}}], True),
        ([{"Principal": {"Service": "lambda.amazonaws.com"}}], False),
        ([{"Effect": "Deny", "Principal": {"Service": "states.amazonaws.com"}}], False),
        (
            [
                {"Principal": {"Service": "states.amazonaws.com"}},
                {
                    "Effect": "Deny",
                    "Principal": {"Service": "states.amazonaws.com"},
                    "Condition": {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}},
                },
            ],
            True,
        ),
    ],
    ids=["alone", "among others", "another", "denied", "denied to others"],
)
def test_a_state_machine_needs_a_role_that_trusts_its_service(
    aws: LocalAws, statements: list[dict[str, Any]], expected: bool
) -> None:
    name = f"r-{uuid.uuid4().hex}"
    whole = [{"Effect": "Allow", "Action": "sts:AssumeRole", **one} for one in statements]
    document = {"Version": "2012-10-17", "Statement": whole}
    role = aws.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(document)
    )["Role"]["Arn"]
    definition = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    request = {"name": name, "roleArn": role, "definition": json.dumps(definition)}
    if expected:
        aws.client("stepfunctions").create_state_machine(**request)
    else:
        with pytest.raises(ClientError, match="AccessDeniedException"):
            aws.client("stepfunctions").create_state_machine(**request)
