"""What AWS would refuse is refused; what is not emulated is refused by name; nothing is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (resource("AWS::S3::Bukket"), "E3006"),
        (resource("AWS::S3::Bucket", BucktName="x"), "BucktName"),
        (resource("AWS::S3::Bucket", BucketName={"Ref": "Nowhere"}), "Nowhere"),
        (resource("AWS::S3::Bucket", BucketName={"Fn::GetAtt": ["Good", "Colour"]}), "Colour"),
        (resource("AWS::S3::Bucket", VersioningConfiguration={"Status": "Maybe"}), "Maybe"),
        (resource("AWS::Logs::LogGroup", RetentionInDays=8), "E30"),
        (resource("AWS::IAM::Role", Path="/"), "AssumeRolePolicyDocument"),
    ],
)
def test_what_aws_would_refuse_is_refused_with_its_place(
    stacks: Any, log_group: Any, wrong: dict[str, Any], named: str
) -> None:
    message = stacks.refusal({"Resources": {"Good": log_group(), "Wrong": wrong}})
    assert "ValidationError" in message
    assert named in message
    assert "Resources/Wrong" in message


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('{"Resources": {"A": {"Type": "T"}, "A": {"Type": "T"}}}', "Duplicate found 'A' (line 1)"),
        ("Resources:\n  A: {Type: T}\n  A: {Type: T}", "Duplicate found 'A' (line 3)"),
        ('{"Resources": {"A": null}}', "[/Resources/A] 'null' values are not allowed"),
        ("Resources:\n  A:", "[/Resources/A] 'null' values are not allowed"),
    ],
)
def test_a_duplicate_or_nothing_is_refused_with_its_place(
    stacks: Any, body: str, named: str
) -> None:
    message = stacks.refusal(body)
    assert "(ValidationError)" in message
    assert named in message


@pytest.mark.parametrize(
    ("beyond", "named"),
    [
        (resource("AWS::Kinesis::Stream"), "Resource type AWS::Kinesis::Stream"),
        (
            resource("AWS::CloudFormation::Stack", TemplateURL="https://x/y"),
            "CloudFormation::Stack",
        ),
        (
            resource("AWS::S3::Bucket", WebsiteConfiguration={"IndexDocument": "i"}),
            "Property WebsiteConfiguration of AWS::S3::Bucket (resource Beyond)",
        ),
        (
            resource(
                "AWS::S3::Bucket",
                LifecycleConfiguration={
                    "Rules": [{"Status": "Enabled", "ExpirationDate": "2030-01-01T00:00:00Z"}]
                },
            ),
            "Property LifecycleConfiguration.Rules.ExpirationDate",
        ),
        (
            resource(
                "AWS::Lambda::Function",
                Code={"ZipFile": "x"},
                Role="arn:aws:iam::123456789012:role/r",
                Handler="index.handler",
                Runtime="nodejs22.x",
            ),
            "Property Runtime nodejs22.x of AWS::Lambda::Function",
        ),
        (
            resource(
                "AWS::StepFunctions::StateMachine",
                DefinitionString='{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
                RoleArn="arn:aws:iam::123456789012:role/r",
                StateMachineType="EXPRESS",
            ),
            "Property StateMachineType EXPRESS of AWS::StepFunctions::StateMachine",
        ),
        (
            {**resource("AWS::Logs::LogGroup"), "DeletionPolicy": "Snapshot"},
            "Snapshot",
        ),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(
    stacks: Any, log_group: Any, beyond: dict[str, Any], named: str
) -> None:
    assert named in stacks.refusal({"Resources": {"Good": log_group(), "Beyond": beyond}})


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ({"Rules": {"R": {"Assertions": [{"Assert": {"Fn::Equals": ["a", "a"]}}]}}}, "Rules"),
        ({"Transform": "AWS::LanguageExtensions"}, "LanguageExtensions"),
        ({"Transform": "My::Macro"}, "My::Macro"),
        ({"Strange": {}}, "Strange"),
        (
            {"Parameters": {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "x"}}},
            "AWS::SSM::Parameter::Value<String>",
        ),
    ],
)
def test_template_features_that_are_not_emulated_are_refused_by_name(
    stacks: Any, log_group: Any, extra: dict[str, Any], named: str
) -> None:
    assert named in stacks.refusal({"Resources": {"Good": log_group()}, **extra})


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("NotificationARNs", ["arn:aws:sns:us-east-1:123456789012:topic"]),
        ("RollbackConfiguration", {"MonitoringTimeInMinutes": 5}),
        ("ResourceTypes", ["AWS::S3::*"]),
        ("IncludeNestedStacks", True),
        ("ImportExistingResources", True),
        ("DeploymentConfig", {"Mode": "EXPRESS"}),
    ],
)
def test_request_parameters_that_are_not_emulated_are_refused_by_name(
    stacks: Any, log_group: Any, parameter: str, value: Any
) -> None:
    template = {"Resources": {"Group": log_group()}}
    assert parameter in stacks.refusal(template, **{parameter: value})


def test_operations_that_are_not_emulated_are_refused_by_name(stacks: Any) -> None:
    with pytest.raises(ClientError, match="DetectStackDrift is not emulated"):
        stacks.client.detect_stack_drift(StackName="any")
    with pytest.raises(ClientError, match="CreateStackSet is not emulated"):
        stacks.client.create_stack_set(StackSetName="any")


def test_an_attribute_that_is_not_emulated_is_refused_by_name(stacks: Any, trust: Any) -> None:
    machine = resource(
        "AWS::StepFunctions::StateMachine",
        DefinitionString='{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
        RoleArn={"Fn::GetAtt": ["Role", "Arn"]},
    )
    role = resource("AWS::IAM::Role", AssumeRolePolicyDocument=trust)
    revision = {"Value": {"Fn::GetAtt": ["Machine", "StateMachineRevisionId"]}}
    template = {"Resources": {"Machine": machine, "Role": role}, "Outputs": {"Revision": revision}}
    assert "Fn::GetAtt Machine.StateMachineRevisionId" in stacks.refusal(template)


def test_a_name_that_aws_does_not_take_is_refused(stacks: Any, log_group: Any) -> None:
    for name in ("2026-stack", "with_underscore", "x" * 129):
        with pytest.raises(ClientError, match="at 'stackName' failed to satisfy constraint"):
            stacks.plan({"Resources": {"Group": log_group()}}, name)


def test_a_circle_of_resources_is_refused(stacks: Any, log_group: Any) -> None:
    message = stacks.refusal(
        {
            "Resources": {
                "A": log_group(DependsOn="B"),
                "B": log_group(DependsOn="A"),
            }
        }
    )
    assert "ircular" in message


def test_a_reference_to_what_a_condition_leaves_out_is_refused(stacks: Any, log_group: Any) -> None:
    message = stacks.refusal(
        {
            "Parameters": {"Want": {"Type": "String", "Default": "no"}},
            "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "Want"}, "yes"]}},
            "Resources": {
                "Maybe": log_group(Condition="Wanted"),
                "User": log_group({"Fn::Sub": "${Maybe}/x"}),
            },
        }
    )
    assert "Unresolved resource dependencies [Maybe]" in message


def test_a_template_larger_than_aws_takes_is_refused(stacks: Any, log_group: Any) -> None:
    template = {"Description": "d", "Resources": {"Group": log_group()}, "Metadata": "x" * 51_200}
    assert "less than or equal to 51200" in stacks.refusal(template)


def test_a_wrong_template_does_not_spoil_the_check_of_the_next(
    stacks: Any, unique: Callable[[str], str], log_group: Any
) -> None:
    wrong = {"Resources": {"Bucket": resource("AWS::S3::Bucket", Colour="red")}}
    assert "Colour" in stacks.refusal(wrong)
    planned = stacks.plan({"Resources": {"Group": log_group()}}, unique("stack"))
    assert planned["Status"] == "CREATE_COMPLETE"
    assert "Colour" in stacks.refusal(wrong)
