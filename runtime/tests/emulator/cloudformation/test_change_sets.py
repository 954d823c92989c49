"""A change set shows what would happen, and nothing happens until it is executed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

NO_CHANGES = (
    "The submitted information didn't contain changes. "
    "Submit different information to create a change set."
)


def changes(planned: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = [entry["ResourceChange"] for entry in planned["Changes"]]
    return {change["LogicalResourceId"]: change for change in found}


def test_a_new_stack_is_in_review_until_its_change_set_is_executed(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    name, group = unique("stack"), unique("/test/group")
    planned = stacks.plan(
        {
            "Resources": {"Group": log_group(group)},
            "Outputs": {
                "Name": {"Value": {"Ref": "Group"}, "Description": "what it is called"},
                "Arn": {"Value": {"Fn::GetAtt": ["Group", "Arn"]}},
            },
        },
        name,
    )
    assert (planned["Status"], planned["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert changes(planned)["Group"]["Action"] == "Add"
    assert stacks.describe(name)["StackStatus"] == "REVIEW_IN_PROGRESS"
    logs = aws.client("logs")
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"] == []
    stack = stacks.execute(planned)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"] == [
        {"OutputKey": "Name", "OutputValue": group, "Description": "what it is called"},
        {
            "OutputKey": "Arn",
            "OutputValue": f"arn:aws:logs:us-east-1:{aws.account}:log-group:{group}:*",
        },
    ]
    assert (
        logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == 7
    )


def test_changes_say_what_is_added_changed_in_place_replaced_and_removed(
    stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    name, same, renamed = unique("stack"), unique("/test/group"), unique("/test/group")
    stacks.create(
        {
            "Resources": {
                "Same": log_group(same),
                "Changed": log_group(),
                "Replaced": log_group(renamed),
                "Removed": log_group(),
            }
        },
        name,
    )
    changed = stacks.physical(name)["Changed"]
    planned = stacks.plan(
        {
            "Resources": {
                "Same": log_group(same),
                "Changed": log_group(changed, days=14),
                "Replaced": log_group(f"{renamed}-new"),
                "Added": log_group(),
            }
        },
        name,
        "UPDATE",
    )
    found = changes(planned)
    assert {key: change["Action"] for key, change in found.items()} == {
        "Changed": "Modify",
        "Replaced": "Modify",
        "Added": "Add",
        "Removed": "Remove",
    }
    assert found["Changed"]["Replacement"] == "False"
    assert found["Replaced"]["Replacement"] == "True"
    assert found["Replaced"]["PolicyAction"] == "ReplaceAndDelete"
    assert found["Replaced"]["PhysicalResourceId"] == renamed
    assert found["Changed"]["Details"] == [
        {
            "Target": {
                "Attribute": "Properties",
                "Name": "RetentionInDays",
                "RequiresRecreation": "Never",
            },
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
    ]


def test_what_depends_on_a_replaced_resource_is_replaced_too_or_only_perhaps(
    stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    arn_parts = {"Fn::Split": [":", {"Fn::GetAtt": ["First", "Arn"]}]}
    by_arn = {"Fn::Join": ["", [{"Fn::Select": [6, arn_parts]}, "/by-arn"]]}

    def template(first: str, days: int) -> dict[str, Any]:
        return {
            "Resources": {
                "First": log_group(first, days),
                "ByName": log_group({"Fn::Sub": "${First}/by-name"}),
                "ByArn": log_group(by_arn),
            }
        }

    name, first = unique("stack"), unique("/test/group")
    stacks.create(template(first, 7), name)
    in_place = changes(stacks.plan(template(first, 14), name, "UPDATE"))
    assert in_place["First"]["Replacement"] == "False"
    assert "ByName" not in in_place
    assert in_place["ByArn"]["Replacement"] == "Conditional"
    (detail,) = in_place["ByArn"]["Details"]
    assert (detail["Evaluation"], detail["ChangeSource"]) == ("Dynamic", "ResourceAttribute")
    assert detail["CausingEntity"] == "First.Arn"
    renamed = changes(stacks.plan(template(f"{first}-new", 7), name, "UPDATE"))
    assert renamed["First"]["Replacement"] == "True"
    (detail,) = renamed["ByName"]["Details"]
    assert (detail["ChangeSource"], detail["CausingEntity"]) == ("ResourceReference", "First")


def test_only_the_parameter_that_changed_is_named_as_the_cause(stacks: Any, log_group: Any) -> None:
    template = {
        "Parameters": {
            "Tens": {"Type": "Number", "Default": 3},
            "Ones": {"Type": "Number", "Default": 0},
        },
        "Resources": {"Group": log_group(days={"Fn::Sub": "${Tens}${Ones}"})},
    }
    name = stacks.create(template)["StackName"]
    planned = stacks.plan(
        None,
        name,
        "UPDATE",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Tens", "ParameterValue": "9"}],
    )
    (detail,) = changes(planned)["Group"]["Details"]
    assert (detail["ChangeSource"], detail["CausingEntity"]) == ("ParameterReference", "Tens")
    assert stacks.execute(planned)["Parameters"] == [
        {"ParameterKey": "Tens", "ParameterValue": "9"},
        {"ParameterKey": "Ones", "ParameterValue": "0"},
    ]
    again = stacks.plan(
        None,
        name,
        "UPDATE",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Tens", "UsePreviousValue": True}],
    )
    assert again["StatusReason"] == NO_CHANGES


def test_a_change_set_without_changes_fails_and_cannot_be_executed(
    stacks: Any, log_group: Any
) -> None:
    template = {"Resources": {"Group": log_group()}}
    name = stacks.create(template)["StackName"]
    planned = stacks.plan(template, name, "UPDATE")
    assert (planned["Status"], planned["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert planned["StatusReason"] == NO_CHANGES
    with pytest.raises(ClientError, match=r"in its current status of \[FAILED\]"):
        stacks.client.execute_change_set(ChangeSetName=planned["ChangeSetId"])


def test_a_change_of_outputs_alone_can_be_executed(stacks: Any, log_group: Any) -> None:
    resources = {"Group": log_group()}
    name = stacks.create({"Resources": resources})["StackName"]
    template = {"Resources": resources, "Outputs": {"Name": {"Value": {"Ref": "Group"}}}}
    planned = stacks.plan(template, name, "UPDATE")
    assert (planned["Status"], planned["Changes"]) == ("CREATE_COMPLETE", [])
    assert stacks.execute(planned)["Outputs"][0]["OutputKey"] == "Name"


def test_a_change_of_the_stacks_tags_reaches_its_resources(
    aws: LocalAws, stacks: Any, log_group: Any
) -> None:
    template = {"Resources": {"Group": log_group()}}
    stack = stacks.create(template, Tags=[{"Key": "team", "Value": "a"}])
    planned = stacks.plan(
        template, stack["StackName"], "UPDATE", Tags=[{"Key": "team", "Value": "b"}]
    )
    assert changes(planned)["Group"]["Scope"] == ["Tags"]
    stack = stacks.execute(planned)
    assert stack["Tags"] == [{"Key": "team", "Value": "b"}]
    group = stacks.physical(stack["StackName"])["Group"]
    arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:{group}"
    assert aws.client("logs").list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "b"}
    kept = stacks.plan(template, stack["StackName"], "UPDATE")
    assert kept["StatusReason"] == NO_CHANGES


def test_many_changes_come_in_pages(stacks: Any, unique: Callable[[str], str]) -> None:
    resources = {
        f"Group{number}": {"Type": "AWS::Logs::LogGroup", "Properties": {}} for number in range(130)
    }
    planned = stacks.plan({"Resources": resources}, unique("stack"))
    pages = stacks.client.get_paginator("describe_change_set").paginate(
        ChangeSetName=planned["ChangeSetId"]
    )
    assert [len(page["Changes"]) for page in pages] == [100, 30]


def test_executing_one_change_set_drops_the_others(stacks: Any, log_group: Any) -> None:
    template = {"Resources": {"Group": log_group()}}
    name = stacks.create(template)["StackName"]
    template["Resources"]["More"] = log_group()
    first = stacks.plan(template, name, "UPDATE")
    second = stacks.plan(template, name, "UPDATE")
    listed = stacks.client.list_change_sets(StackName=name)["Summaries"]
    assert {entry["ChangeSetId"] for entry in listed} == {
        first["ChangeSetId"],
        second["ChangeSetId"],
    }
    stacks.execute(first)
    assert stacks.client.list_change_sets(StackName=name)["Summaries"] == []
    executed = stacks.client.describe_change_set(ChangeSetName=first["ChangeSetId"])
    assert executed["ExecutionStatus"] == "EXECUTE_COMPLETE"
    with pytest.raises(stacks.client.exceptions.ChangeSetNotFoundException):
        stacks.client.describe_change_set(ChangeSetName=second["ChangeSetId"])


def test_a_change_set_can_be_dropped_and_its_stack_deleted(
    stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    name = unique("stack")
    planned = stacks.plan({"Resources": {"Group": log_group()}}, name)
    stacks.client.delete_change_set(ChangeSetName=planned["ChangeSetId"])
    stacks.client.delete_change_set(ChangeSetName=planned["ChangeSetId"])
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"


def test_errors_are_worded_as_in_aws(
    stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    template = {"Resources": {"Group": log_group()}}
    name, missing = stacks.create(template)["StackName"], unique("missing")
    with pytest.raises(ClientError, match=re.escape(f"Stack [{missing}] does not exist")):
        stacks.plan(template, missing, "UPDATE")
    with pytest.raises(ClientError, match=f"Stack with id {missing} does not exist"):
        stacks.describe(missing)
    with pytest.raises(ClientError, match="already exists and cannot be created again with the"):
        stacks.plan(template, name)
    with pytest.raises(ClientError, match=r"ChangeSet \[none\] does not exist"):
        stacks.client.describe_change_set(ChangeSetName="none", StackName=name)
    with pytest.raises(ClientError, match="Either Template URL or Template Body"):
        stacks.plan(None, unique("stack"))


def test_another_type_under_the_same_name_is_refused(stacks: Any, log_group: Any) -> None:
    name = stacks.create({"Resources": {"Thing": log_group()}})["StackName"]
    with pytest.raises(ClientError, match=r"Update of resource type is not permitted.*\[Thing\]"):
        stacks.plan({"Resources": {"Thing": {"Type": "AWS::S3::Bucket"}}}, name, "UPDATE")


def test_the_templates_can_be_read_back_as_sent_and_as_expanded(
    stacks: Any, log_group: Any
) -> None:
    template = {
        "Description": "one group",
        "Parameters": {
            "Days": {"Type": "Number", "Default": 7, "AllowedValues": [7], "Description": "d"}
        },
        "Resources": {"Group": log_group(days={"Ref": "Days"})},
    }
    name = stacks.create(template)["StackName"]
    client = stacks.client
    assert client.get_template(StackName=name)["TemplateBody"] == template
    processed = client.get_template(StackName=name, TemplateStage="Processed")
    assert processed["TemplateBody"]["Resources"] == template["Resources"]
    summary = client.get_template_summary(StackName=name)
    assert summary["ResourceTypes"] == ["AWS::Logs::LogGroup"]
    (parameter,) = summary["Parameters"]
    assert parameter["ParameterConstraints"] == {"AllowedValues": ["7"]}
    assert stacks.describe(name)["Description"] == "one group"
