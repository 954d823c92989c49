"""A failure leaves nothing half-made: creations are undone, updates go back to what was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws


@pytest.fixture
def taken(aws: LocalAws, unique: Callable[[str], str]) -> str:
    """A log group's name that something else has."""
    name = unique("/test/taken")
    aws.client("logs").create_log_group(logGroupName=name)
    return name


def groups(aws: LocalAws) -> set[str]:
    pages = aws.client("logs").get_paginator("describe_log_groups").paginate()
    return {group["logGroupName"] for page in pages for group in page["logGroups"]}


def test_a_failed_creation_is_undone_in_reverse(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], log_group: Any, taken: str
) -> None:
    made = unique("/test/group")
    stack = stacks.create(
        {
            "Resources": {
                "First": log_group(made),
                "Fails": log_group(taken, DependsOn="First"),
                "Never": log_group(DependsOn="Fails"),
            }
        }
    )
    name = stack["StackName"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = stacks.events(name)
    (reason,) = [reason for resource, status, reason in events if status == "CREATE_FAILED"]
    assert "already exists" in reason
    assert "ResourceAlreadyExistsException" in reason
    assert (
        name,
        "ROLLBACK_IN_PROGRESS",
        "The following resource(s) failed to create: [Fails]. Rollback requested by user.",
    ) in events
    assert [e for e in events if e[1].startswith("DELETE")] == [
        ("First", "DELETE_IN_PROGRESS", ""),
        ("First", "DELETE_COMPLETE", ""),
    ]
    assert "Never" not in {resource for resource, _, _ in events}
    assert made not in groups(aws)
    assert taken in groups(aws)
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        stacks.plan({"Resources": {"First": log_group(made)}}, name, "UPDATE")
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"


def test_a_failed_creation_is_left_as_it_is_or_removed_if_asked(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], log_group: Any, taken: str
) -> None:
    made = unique("/test/group")
    template = {"Resources": {"A": log_group(made), "B": log_group(taken, DependsOn="A")}}
    left = stacks.create(template, OnStackFailure="DO_NOTHING")
    assert left["StackStatus"] == "CREATE_FAILED"
    assert made in groups(aws)
    assert stacks.delete(left["StackName"])["StackStatus"] == "DELETE_COMPLETE"
    assert made not in groups(aws)
    assert taken in groups(aws)
    gone = stacks.create(template, OnStackFailure="DELETE")
    assert gone["StackStatus"] == "DELETE_COMPLETE"
    assert made not in groups(aws)


def test_a_resource_that_fails_half_way_is_removed_too(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], trust: Any
) -> None:
    name = unique("role")
    stack = stacks.create(
        {
            "Resources": {
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {
                        "RoleName": name,
                        "AssumeRolePolicyDocument": trust,
                        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/NoSuchPolicy"],
                    },
                }
            }
        }
    )
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    iam = aws.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=name)


def test_a_value_that_turns_out_wrong_fails_its_resource(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    first = unique("/test/group")
    parts = {"Fn::Split": ["/", {"Ref": "First"}]}
    second = log_group({"Fn::Select": [9, parts]})
    stack = stacks.create({"Resources": {"First": log_group(first), "Second": second}})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = [e[2] for e in stacks.events(stack["StackId"]) if e[1] == "CREATE_FAILED"]
    assert reasons == ["Template error: Fn::Select cannot select nonexistent value at index 9"]
    assert first not in groups(aws)


def test_a_failed_update_restores_what_was(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], log_group: Any, taken: str
) -> None:
    changed, old, new, added, removed = (unique("/test/group") for _ in range(5))
    before = {
        "Resources": {
            "Changed": log_group(changed, 7),
            "Replaced": log_group(old),
            "Removed": log_group(removed),
        },
        "Outputs": {"Name": {"Value": {"Ref": "Replaced"}}},
    }
    name = stacks.create(before)["StackName"]
    was = stacks.physical(name)
    start = len(stacks.events(name))
    stack = stacks.update(
        {
            "Resources": {
                "Changed": log_group(changed, 30),
                "Replaced": log_group(new),
                "Added": log_group(added),
                "Fails": log_group(taken, DependsOn=["Changed", "Replaced", "Added"]),
            }
        },
        name,
    )
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stack["Outputs"] == [{"OutputKey": "Name", "OutputValue": old}]
    assert stacks.physical(name) == was
    statuses = [e[1] for e in stacks.events(name)[start:] if e[0] == name]
    assert statuses == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    present = groups(aws)
    assert {changed, old, removed, taken} <= present
    assert not {new, added} & present
    (group,) = aws.client("logs").describe_log_groups(logGroupNamePrefix=changed)["logGroups"]
    assert group["retentionInDays"] == 7
    assert stacks.plan(before, name, "UPDATE")["Status"] == "FAILED"


def test_a_named_resource_that_must_be_replaced_under_its_name_fails(
    stacks: Any, unique: Callable[[str], str], trust: Any
) -> None:
    role = unique("role")

    def template(path: str) -> dict[str, Any]:
        properties = {"RoleName": role, "Path": path, "AssumeRolePolicyDocument": trust}
        return {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}}

    name = stacks.create(template("/a/"))["StackName"]
    stack = stacks.update(template("/b/"), name)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [reason for _, status, reason in stacks.events(name) if status == "UPDATE_FAILED"]
    (reason,) = reasons
    assert reason == (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        f"Rename {role} and update the stack again."
    )
    assert stacks.physical(name) == {"Role": role}


def test_a_bucket_with_objects_is_not_deleted(aws: LocalAws, stacks: Any, log_group: Any) -> None:
    name = stacks.create(
        {
            "Resources": {
                "Needed": log_group(),
                "Bucket": {"Type": "AWS::S3::Bucket", "DependsOn": "Needed"},
                "Other": log_group(),
            }
        }
    )["StackName"]
    resources = stacks.physical(name)
    s3 = aws.client("s3")
    s3.put_object(Bucket=resources["Bucket"], Key="k", Body=b"")
    stack = stacks.delete(name)
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to delete: [Bucket]. "
    reasons = [reason for _, status, reason in stacks.events(name) if status == "DELETE_FAILED"]
    assert "not empty" in reasons[0]
    assert resources["Needed"] in groups(aws)
    assert resources["Other"] not in groups(aws)
    s3.delete_object(Bucket=resources["Bucket"], Key="k")
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"


def test_a_resource_that_cannot_be_deleted_may_be_left_behind(aws: LocalAws, stacks: Any) -> None:
    name = stacks.create({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}})["StackName"]
    bucket = stacks.physical(name)["Bucket"]
    aws.client("s3").put_object(Bucket=bucket, Key="k", Body=b"")
    with pytest.raises(ClientError, match="DELETE_FAILED state"):
        stacks.client.delete_stack(StackName=name, RetainResources=["Bucket"])
    stacks.delete(name)
    assert stacks.delete(name, RetainResources=["Bucket"])["StackStatus"] == "DELETE_COMPLETE"
    aws.client("s3").head_bucket(Bucket=bucket)


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_a_retained_resource_outlives_its_stack(
    aws: LocalAws, stacks: Any, log_group: Any, policy: str
) -> None:
    stack = stacks.create({"Resources": {"Group": log_group(DeletionPolicy=policy)}})
    group = stacks.physical(stack["StackName"])["Group"]
    stacks.delete(stack["StackName"])
    assert ("Group", "DELETE_SKIPPED", "") in stacks.events(stack["StackId"])
    assert group in groups(aws)


def test_policies_decide_what_a_failed_creation_leaves(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], log_group: Any, taken: str
) -> None:
    kept, dropped = unique("/test/group"), unique("/test/group")
    stack = stacks.create(
        {
            "Resources": {
                "Kept": log_group(kept, DeletionPolicy="Retain"),
                "Dropped": log_group(dropped, DeletionPolicy="RetainExceptOnCreate"),
                "Fails": log_group(taken, DependsOn=["Kept", "Dropped"]),
            }
        }
    )
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert kept in groups(aws)
    assert dropped not in groups(aws)


def test_policies_decide_what_an_update_leaves(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    old, new, removed = (unique("/test/group") for _ in range(3))
    name = stacks.create(
        {
            "Resources": {
                "Replaced": log_group(old, UpdateReplacePolicy="Retain"),
                "Removed": log_group(removed, DeletionPolicy="Retain"),
            }
        }
    )["StackName"]
    planned = stacks.plan(
        {"Resources": {"Replaced": log_group(new, UpdateReplacePolicy="Retain")}}, name, "UPDATE"
    )
    actions = [entry["ResourceChange"]["PolicyAction"] for entry in planned["Changes"]]
    assert actions == ["ReplaceAndRetain", "Retain"]
    stacks.execute(planned)
    assert {old, new, removed} <= groups(aws)
