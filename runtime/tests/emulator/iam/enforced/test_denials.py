"""What a role may not do is refused as AWS refuses it, and recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from runtime.tests.emulator.iam.enforced.acting import (
    ACCOUNT,
    ANY,
    Acting,
    allow,
    document,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

JSON, XML = ("AccessDeniedException", 400), ("AccessDenied", 403)


PLACE = f"us-east-1:{ACCOUNT}"


IN = f"us-east-1:{ACCOUNT}"
REST, SNS = ("AccessDeniedException", 403), ("AuthorizationError", 403)


@pytest.mark.parametrize(
    ("method", "action", "where", "wanted"),
    [
        ("sagemaker.list_processing_jobs", "sagemaker:ListProcessingJobs", "", JSON),
        ("secretsmanager.list_secrets", "secretsmanager:ListSecrets", "", JSON),
        ("resourcegroupstaggingapi.get_resources", "tag:GetResources", "", JSON),
        ("ecr.get_authorization_token", "ecr:GetAuthorizationToken", "*", JSON),
        ("kms.list_keys", "kms:ListKeys", "*", JSON),
        ("stepfunctions.list_state_machines", "states:ListStateMachines",
         f"arn:aws:states:{IN}:stateMachine:*", JSON),
        ("logs.describe_log_groups", "logs:DescribeLogGroups",
         f"arn:aws:logs:{IN}:log-group::log-stream:", JSON),
        ("lambda.list_functions", "lambda:ListFunctions", "*", REST),
        ("iam.list_roles", "iam:ListRoles", f"arn:aws:iam::{ACCOUNT}:role/", XML),
        ("cloudformation.list_stacks", "cloudformation:ListStacks",
         f"arn:aws:cloudformation:{IN}:stack/*/*", XML),
        ("sns.list_topics", "SNS:ListTopics", f"arn:aws:sns:{IN}:*", SNS),
        ("sqs.list_queues", "sqs:ListQueues", f"arn:aws:sqs:{IN}:", XML),
        ("s3.list_buckets", "s3:ListAllMyBuckets", "", XML),
    ],
    ids=lambda value: value if isinstance(value, str) and "_" in value else "",
)  # fmt: skip
def test_a_denial_is_in_the_services_own_form(
    acting: Callable[..., Acting], method: str, action: str, where: str, wanted: tuple[str, int]
) -> None:
    """As users of each have quoted it."""
    role, (service, _, name) = acting(), method.partition(".")
    code, message, status = refused(getattr(role.client(service), name))
    assert (code, status) == wanted
    place = f" on resource: {where}" if where else ""
    assert message == (
        f"User: {role.session} is not authorized to perform: {action}{place} because no "
        f"identity-based policy allows the {action} action"
    )


def test_a_session_knows_who_it_is_and_needs_no_permission_for_it(
    acting: Callable[..., Acting],
) -> None:
    role = acting()
    told = role.client("sts").get_caller_identity()
    assert told["Arn"] == role.session
    assert told["UserId"].endswith(":s1")


def test_a_session_is_not_made_into_a_users(acting: Callable[..., Acting]) -> None:
    """GetSessionToken needs no permission, and its keys would be the administrator's."""
    told = refused(acting(ANY).client("sts").get_session_token)
    assert told == ("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)


def test_a_session_may_do_less_than_its_role(acting: Callable[..., Acting]) -> None:
    role = acting(ANY)
    limited = role.client("sqs", Policy=document(allow("sqs:ListQueues")))
    limited.list_queues()
    message = refused(lambda: limited.create_queue(QueueName="q"))[1]
    assert message.endswith("because no session policy allows the sqs:CreateQueue action")
    assert refused(lambda: role.client("sqs", Policy="{}"))[0] == "MalformedPolicyDocument"


def test_a_condition_key_that_nothing_here_knows_is_refused_by_name(
    acting: Callable[..., Acting], store: Any
) -> None:
    role = acting(allow("s3:ListBucket", Condition={"Bool": {"s3:TlsVersion": "1.2"}}))
    code, message, _ = refused(lambda: role.client("s3").list_objects_v2(Bucket=store.bucket))
    assert code == "NotEmulated"
    assert "condition key s3:tlsversion of a policy about s3:ListBucket" in message


def test_a_boundary_limits_and_a_bucket_policy_admits(
    acting: Callable[..., Acting], store: Any, aws: LocalAws, unique: Callable[[str], str]
) -> None:
    limit = aws.client("iam").create_policy(
        PolicyName=unique("limit"), PolicyDocument=document(allow("s3:GetObject"))
    )
    role = acting(ANY, PermissionsBoundary=limit["Policy"]["Arn"])
    put = {"Bucket": store.bucket, "Key": "k", "Body": b""}
    message = refused(lambda: role.client("s3").put_object(**put))[1]
    assert message.endswith("because no permissions boundary allows the s3:PutObject action")
    other = acting()
    admitted = {
        "Effect": "Allow",
        "Principal": {"AWS": other.arn},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{store.bucket}/*",
    }
    store.s3.put_bucket_policy(Bucket=store.bucket, Policy=document(admitted))
    other.client("s3").put_object(**put)
    assert refused(lambda: role.client("s3").put_object(**put))[0] == "AccessDenied"


def test_what_was_decided_is_recorded(acting: Callable[..., Acting], store: Any) -> None:
    place = f"arn:aws:s3:::{store.bucket}"
    role = acting(allow("s3:PutObject"), allow("s3:Get*", Sid="Read", Resource=f"{place}/in/*"))
    store.put(in__a="", in__b="")
    s3 = role.client("s3")
    for key in ("in/a", "in/b", "in/a"):
        s3.get_object(Bucket=store.bucket, Key=key)
    for _ in range(2):
        refused(lambda: s3.get_object(Bucket=store.bucket, Key="out"))
    assert role.decided("used") == [
        {
            "role": role.arn,
            "policy": "p",
            "statement": 1,
            "sid": "Read",
            "action": "s3:GetObject",
            "resources": [f"{place}/in/a", f"{place}/in/b"],
        }
    ]
    assert role.decided("denied") == [
        {
            "role": role.arn,
            "action": "s3:GetObject",
            "resource": f"{place}/out",
            "why": "because no identity-based policy allows the s3:GetObject action",
            "times": 2,
        }
    ]
