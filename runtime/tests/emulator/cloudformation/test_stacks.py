"""Stacks are made, changed and removed in order, and say so in events and statuses."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

INITIATED = "Resource creation Initiated"


def test_resources_follow_what_they_need_and_are_removed_the_other_way_round(
    stacks: Any, log_group: Any
) -> None:
    stack = stacks.create(
        {
            "Resources": {
                "Third": log_group({"Fn::Sub": "${Second}/third"}),
                "Second": log_group({"Fn::Join": ["/", [{"Ref": "First"}, "second"]]}),
                "First": log_group(DependsOn=["Zeroth"]),
                "Zeroth": log_group(),
            }
        }
    )
    name = stack["StackName"]
    order = ["Zeroth", "First", "Second", "Third"]
    assert stacks.events(name) == [
        (name, "REVIEW_IN_PROGRESS", "User Initiated"),
        (name, "CREATE_IN_PROGRESS", "User Initiated"),
        *(
            (resource, status, reason)
            for resource in order
            for status, reason in (
                ("CREATE_IN_PROGRESS", ""),
                ("CREATE_IN_PROGRESS", INITIATED),
                ("CREATE_COMPLETE", ""),
            )
        ),
        (name, "CREATE_COMPLETE", ""),
    ]
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"
    deleted = [e for e in stacks.events(stack["StackId"]) if e[1] == "DELETE_COMPLETE"]
    assert [resource for resource, _, _ in deleted] == [*reversed(order), name]


def test_no_two_events_share_a_time(stacks: Any, log_group: Any) -> None:
    stack = stacks.create({"Resources": {f"Group{n}": log_group() for n in range(5)}})
    events = stacks.client.describe_stack_events(StackName=stack["StackName"])["StackEvents"]
    times = [event["Timestamp"] for event in events]
    assert times == sorted(set(times), reverse=True)


def test_waiters_of_boto3_end(stacks: Any, unique: Callable[[str], str]) -> None:
    client, name = stacks.client, unique("stack")
    body = '{"Resources": {"Group": {"Type": "AWS::Logs::LogGroup"}}}'
    stack_id = client.create_stack(StackName=name, TemplateBody=body)["StackId"]
    client.get_waiter("stack_create_complete").wait(StackName=name)
    assert client.describe_stacks(StackName=name)["Stacks"][0]["StackId"] == stack_id
    client.update_stack(StackName=name, TemplateBody=body.replace("Group", "Other", 1), Tags=[])
    client.get_waiter("stack_update_complete").wait(StackName=name)
    client.delete_stack(StackName=name)
    client.get_waiter("stack_delete_complete").wait(StackName=stack_id)
    client.get_waiter("stack_delete_complete").wait(StackName=name)
    assert name in {
        entry["StackName"]
        for entry in client.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    }


def test_an_update_changes_in_place_and_replaces_and_then_cleans_up(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    kept, old, new, gone = (unique("/test/group") for _ in range(4))
    stack = stacks.create(
        {
            "Resources": {
                "Kept": log_group(kept),
                "Replaced": log_group(old),
                "Gone": log_group(gone),
            }
        }
    )
    name = stack["StackName"]
    before = len(stacks.events(name))
    stacks.update(
        {"Resources": {"Kept": log_group(kept, days=30), "Replaced": log_group(new)}}, name
    )
    replacing = (
        "Requested update requires the creation of a new physical resource; hence creating one."
    )
    assert stacks.events(name)[before:] == [
        (name, "UPDATE_IN_PROGRESS", "User Initiated"),
        ("Kept", "UPDATE_IN_PROGRESS", ""),
        ("Kept", "UPDATE_COMPLETE", ""),
        ("Replaced", "UPDATE_IN_PROGRESS", replacing),
        ("Replaced", "UPDATE_IN_PROGRESS", INITIATED),
        ("Replaced", "UPDATE_COMPLETE", ""),
        (name, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("Gone", "DELETE_IN_PROGRESS", ""),
        ("Gone", "DELETE_COMPLETE", ""),
        ("Replaced", "DELETE_IN_PROGRESS", ""),
        ("Replaced", "DELETE_COMPLETE", ""),
        (name, "UPDATE_COMPLETE", ""),
    ]
    assert stacks.physical(name) == {"Kept": kept, "Replaced": new}
    pages = aws.client("logs").get_paginator("describe_log_groups").paginate()
    found = {g["logGroupName"]: g for g in pages.search("logGroups[]")}
    assert found[kept]["retentionInDays"] == 30
    assert new in found
    assert old not in found
    assert gone not in found


def test_several_stacks_are_made_at_once(
    stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    templates = [{"Resources": {f"G{n}": log_group() for n in range(5)}} for _ in range(6)]
    names = [unique("stack") for _ in templates]
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(stacks.create, templates, names))
    assert {stack["StackStatus"] for stack in made} == {"CREATE_COMPLETE"}
    for name in names:
        order = [e[0] for e in stacks.events(name) if e[1] == "CREATE_COMPLETE"]
        assert order == ["G0", "G1", "G2", "G3", "G4", name]


def test_one_name_asked_for_twice_at_once_is_made_once(
    stacks: Any, unique: Callable[[str], str]
) -> None:
    name, client = unique("stack"), stacks.client
    body = '{"Resources": {"Group": {"Type": "AWS::Logs::LogGroup"}}}'

    def create(_: int) -> bool:
        try:
            client.create_stack(StackName=name, TemplateBody=body)
        except client.exceptions.AlreadyExistsException:
            return False
        return True

    with ThreadPoolExecutor() as pool:
        assert sorted(pool.map(create, range(4))) == [False, False, False, True]
    assert stacks.settled(name)["StackStatus"] == "CREATE_COMPLETE"


def test_operations_on_one_stack_never_overlap(stacks: Any, log_group: Any) -> None:
    template = {"Resources": {f"G{n}": log_group() for n in range(8)}}
    stack = stacks.create(template)
    name, client = stack["StackName"], stacks.client
    body = json.dumps({"Resources": {f"G{n}": log_group() for n in range(8)}})

    def update(_: int) -> bool:
        try:
            client.update_stack(StackName=name, TemplateBody=body)
        except ClientError:  # Busy, or nothing left to do.
            return False
        return True

    def delete(_: int) -> None:
        client.delete_stack(StackName=name)

    with ThreadPoolExecutor() as pool:
        assert any(pool.map(update, range(4)))
        list(pool.map(delete, range(4)))
    assert stacks.settled(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    statuses = [e[1] for e in stacks.events(stack["StackId"]) if e[0] == name]
    assert statuses.count("DELETE_IN_PROGRESS") == 1
    assert "UPDATE_ROLLBACK_IN_PROGRESS" not in statuses


def test_update_stack_with_nothing_new_says_so(stacks: Any, log_group: Any) -> None:
    template = {"Resources": {"Group": log_group()}}
    name = stacks.create(template)["StackName"]
    with pytest.raises(ClientError, match=r"No updates are to be performed\."):
        stacks.client.update_stack(StackName=name, UsePreviousTemplate=True)


def test_a_name_in_use_cannot_be_taken(stacks: Any, log_group: Any) -> None:
    name = stacks.create({"Resources": {"Group": log_group()}})["StackName"]
    with pytest.raises(stacks.client.exceptions.AlreadyExistsException, match=name):
        stacks.client.create_stack(
            StackName=name, TemplateBody='{"Resources": {"G": {"Type": "AWS::Logs::LogGroup"}}}'
        )


def test_deleting_what_does_not_exist_is_fine(stacks: Any) -> None:
    stacks.client.delete_stack(StackName="never-made")


def test_termination_protection_keeps_a_stack(stacks: Any, log_group: Any) -> None:
    name = stacks.create({"Resources": {"Group": log_group()}})["StackName"]
    stacks.client.update_termination_protection(StackName=name, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="while TerminationProtection is enabled"):
        stacks.client.delete_stack(StackName=name)
    stacks.client.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"


def test_conditions_decide_what_is_made_and_told(stacks: Any, log_group: Any) -> None:
    template: dict[str, Any] = {
        "Parameters": {"Both": {"Type": "String", "AllowedValues": ["yes", "no"]}},
        "Conditions": {
            "Both": {"Fn::Equals": [{"Ref": "Both"}, "yes"]},
            "One": {"Fn::Not": [{"Condition": "Both"}]},
        },
        "Resources": {
            "Always": log_group(Metadata={"After": {"Fn::If": ["Both", {"Ref": "Sometimes"}, ""]}}),
            "Sometimes": log_group(Condition="Both"),
        },
        "Outputs": {
            "Which": {
                "Value": {"Fn::If": ["Both", {"Ref": "Sometimes"}, {"Ref": "Always"}]},
            },
            "Only": {"Condition": "One", "Value": "one"},
        },
    }

    def both(value: str) -> list[dict[str, str]]:
        return [{"ParameterKey": "Both", "ParameterValue": value}]

    stack = stacks.create(template, Parameters=both("no"))
    name = stack["StackName"]
    assert set(stacks.physical(name)) == {"Always"}
    template["Resources"]["Wrong"] = log_group(DependsOn="Sometimes")
    assert "Sometimes" in stacks.refusal(template, Parameters=both("no"))
    del template["Resources"]["Wrong"]
    assert {output["OutputKey"] for output in stack["Outputs"]} == {"Which", "Only"}
    stack = stacks.update(template, name, Parameters=both("yes"))
    made = stacks.physical(name)
    assert stack["Outputs"] == [{"OutputKey": "Which", "OutputValue": made["Sometimes"]}]
    with pytest.raises(ClientError, match="must be one of AllowedValues"):
        stacks.plan(template, name, "UPDATE", Parameters=both("perhaps"))


def test_exports_reach_other_stacks_and_are_kept_while_in_use(
    stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    export = unique("export")
    giving = {
        "Resources": {"Group": log_group()},
        "Outputs": {"Name": {"Value": {"Ref": "Group"}, "Export": {"Name": export}}},
    }
    taking = {
        "Resources": {
            "Group": log_group({"Fn::Join": ["", [{"Fn::ImportValue": export}, "/more"]]})
        }
    }
    assert f"No export named {export} found" in stacks.refusal(taking)
    first = stacks.create(giving)
    second = stacks.create(taking)
    group = stacks.physical(first["StackName"])["Group"]
    assert stacks.physical(second["StackName"])["Group"] == f"{group}/more"
    with pytest.raises(ClientError, match=f"in use by {second['StackName']}"):
        stacks.client.delete_stack(StackName=first["StackName"])
    assert "already exported" in stacks.refusal(
        {
            "Resources": {"Group": log_group()},
            "Outputs": {"Name": {"Value": "x", "Export": {"Name": export}}},
        }
    )
    stacks.delete(second["StackName"])
    assert stacks.delete(first["StackName"])["StackStatus"] == "DELETE_COMPLETE"


def test_an_export_that_only_an_output_takes_is_in_use(
    stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    export = unique("export")
    group = {"Group": log_group()}
    given = {"Name": {"Value": "x", "Export": {"Name": export}}}
    first = stacks.create({"Resources": group, "Outputs": given})
    taken = {"Taken": {"Value": {"Fn::ImportValue": export}}}
    second = stacks.create({"Resources": {"Group": log_group()}, "Outputs": taken})
    assert second["Outputs"][0]["OutputValue"] == "x"
    with pytest.raises(ClientError, match=f"in use by {second['StackName']}"):
        stacks.client.delete_stack(StackName=first["StackName"])


def test_capabilities_must_be_acknowledged(
    stacks: Any, unique: Callable[[str], str], trust: Any
) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    properties = {"AssumeRolePolicyDocument": trust, "RoleName": "r"}
    named = {"Type": "AWS::IAM::Role", "Properties": properties}
    for resource, given, wanted in (
        (role, [], "CAPABILITY_IAM"),
        (named, ["CAPABILITY_IAM"], "CAPABILITY_NAMED_IAM"),
    ):
        message = stacks.refusal({"Resources": {"Role": resource}}, Capabilities=given)
        assert "InsufficientCapabilitiesException" in message
        assert f"Requires capabilities : [{wanted}]" in message
    serverless = (
        "Transform: AWS::Serverless-2016-10-31\nResources: {Group: {Type: 'AWS::Logs::LogGroup'}}\n"
    )
    with pytest.raises(ClientError, match=re.escape("[CAPABILITY_AUTO_EXPAND]")):
        stacks.client.create_stack(StackName=unique("stack"), TemplateBody=serverless)
    assert stacks.create(serverless, Capabilities=[])["StackStatus"] == "CREATE_COMPLETE"


def test_a_template_can_lie_in_s3(aws: LocalAws, stacks: Any, unique: Callable[[str], str]) -> None:
    bucket = unique("templates")
    aws.client("s3").create_bucket(Bucket=bucket)
    aws.client("s3").put_object(
        Bucket=bucket, Key="a/t.yaml", Body=b"Resources: {G: {Type: 'AWS::Logs::LogGroup'}}"
    )
    url = f"https://s3.us-east-1.amazonaws.com/{bucket}/a/t.yaml"
    assert stacks.create(None, TemplateURL=url)["StackStatus"] == "CREATE_COMPLETE"
    assert "S3 error" in stacks.refusal(None, TemplateURL=url + ".missing")


def test_a_template_is_validated_without_a_stack(stacks: Any) -> None:
    body = (
        "Transform: AWS::Serverless-2016-10-31\n"
        "Parameters: {P: {Type: String, Default: d, NoEcho: true}}\n"
        "Resources: {G: {Type: 'AWS::Logs::LogGroup'}}\n"
    )
    found = stacks.client.validate_template(TemplateBody=body)
    assert found["DeclaredTransforms"] == ["AWS::Serverless-2016-10-31"]
    assert found["Parameters"][0]["DefaultValue"] == "****"
    with pytest.raises(ClientError, match="Colour"):
        stacks.client.validate_template(TemplateBody=body + "Colour: red\n")


def test_resources_can_be_asked_for_one_by_one(stacks: Any, log_group: Any) -> None:
    group = log_group(Metadata={"why": "test"})
    name = stacks.create({"Resources": {"Group": group}})["StackName"]
    detail = stacks.client.describe_stack_resource(StackName=name, LogicalResourceId="Group")
    assert detail["StackResourceDetail"]["Metadata"] == '{"why": "test"}'
    listed = stacks.client.list_stack_resources(StackName=name)["StackResourceSummaries"]
    assert [entry["ResourceStatus"] for entry in listed] == ["CREATE_COMPLETE"]
    physical = listed[0]["PhysicalResourceId"]
    owner = stacks.client.describe_stack_resources(PhysicalResourceId=physical)
    assert owner["StackResources"][0]["StackName"] == name
    with pytest.raises(ClientError, match=f"Resource Other does not exist for stack {name}"):
        stacks.client.describe_stack_resource(StackName=name, LogicalResourceId="Other")


def test_pseudo_parameters_tell_where_the_stack_is(
    aws: LocalAws, stacks: Any, log_group: Any
) -> None:
    names = ("AccountId", "Partition", "Region", "StackId", "StackName", "URLSuffix")
    stack = stacks.create(
        {
            "Resources": {"Group": log_group()},
            "Outputs": {name: {"Value": {"Ref": f"AWS::{name}"}} for name in names},
        }
    )
    assert {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]} == {
        "AccountId": aws.account,
        "Partition": "aws",
        "Region": "us-east-1",
        "StackId": stack["StackId"],
        "StackName": stack["StackName"],
        "URLSuffix": "amazonaws.com",
    }
