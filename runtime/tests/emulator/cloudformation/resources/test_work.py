"""Functions, state machines, rules and schedules are what their template says, and go with it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from runtime.tests.emulator.cloudformation.resources.looking import INLINE, missing, one

from batcat_runtime.emulator.cloudformation.resources import HANDLERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws


def test_a_function_runs_its_inline_code_and_takes_changes(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], trust: Any
) -> None:
    function = unique("function")
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}

    def template(code: str, **properties: Any) -> dict[str, Any]:
        given = {
            "FunctionName": function,
            "Code": {"ZipFile": code},
            "Handler": "index.handler",
            "Runtime": "python3.12",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            **properties,
        }
        permission = {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": "It"},
                "Action": "lambda:InvokeFunction",
                "Principal": "events.amazonaws.com",
            },
        }
        return one("AWS::Lambda::Function", given, Role=role, Permission=permission)

    def answer() -> Any:
        payload = client.invoke(FunctionName=function, Payload=b'"hi"')["Payload"]
        return json.loads(payload.read())

    client = aws.client("lambda")
    name = stacks.create(
        template(INLINE, Timeout=20, Environment={"Variables": {"WHO": 1}}, Description="d")
    )["StackName"]
    assert answer() == ["hi", "1"]
    statement = json.loads(client.get_policy(FunctionName=function)["Policy"])["Statement"][0]
    assert statement["Sid"] == stacks.physical(name)["Permission"]
    stacks.update(
        template(INLINE.replace("[event", "['new'"), Tags=[{"Key": "k", "Value": "v"}]), name
    )
    assert answer() == ["new", None]
    found = client.get_function(FunctionName=function)
    assert (found["Configuration"]["Timeout"], found["Configuration"]["Description"]) == (3, "")
    assert found["Tags"] == {"k": "v"}
    stacks.delete(name)
    assert missing(answer) == "ResourceNotFoundException"


def test_a_function_takes_its_code_from_s3(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], trust: Any
) -> None:
    bucket, packed = unique("code"), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", INLINE)
    aws.client("s3").create_bucket(Bucket=bucket)
    aws.client("s3").put_object(Bucket=bucket, Key="a.zip", Body=packed.getvalue())
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    properties = {
        "Code": {"S3Bucket": bucket, "S3Key": "a.zip"},
        "Handler": "app.handler",
        "Runtime": "python3.11",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    }
    name = stacks.create(one("AWS::Lambda::Function", properties, Role=role))["StackName"]
    function = stacks.physical(name)["It"]
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=b"1")
    assert json.loads(answer["Payload"].read()) == [1, None]


def test_a_state_machine_gets_its_substitutions_and_runs(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], trust: Any
) -> None:
    machine, bucket = unique("Machine"), unique("definitions")
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    states = {"Say": {"Type": "Pass", "Result": "${What} ${Times}", "End": True}}
    definition = json.dumps({"StartAt": "Say", "States": states})
    aws.client("s3").create_bucket(Bucket=bucket)
    aws.client("s3").put_object(Bucket=bucket, Key="m.json", Body=definition.encode())

    def template(**source: Any) -> dict[str, Any]:
        properties = {
            "StateMachineName": machine,
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "DefinitionSubstitutions": {"What": "hello", "Times": 2},
            **source,
        }
        outputs = {"Name": {"Value": {"Fn::GetAtt": ["It", "Name"]}}}
        return {
            **one("AWS::StepFunctions::StateMachine", properties, Role=role),
            "Outputs": outputs,
        }

    stack = stacks.create(template(DefinitionString=definition))
    assert stack["Outputs"] == [{"OutputKey": "Name", "OutputValue": machine}]
    name, client = stack["StackName"], aws.client("stepfunctions")
    arn = stacks.physical(name)["It"]
    assert json.loads(
        client.describe_state_machine(stateMachineArn=arn)["definition"]
    ) == json.loads(definition.replace("${What} ${Times}", "hello 2"))
    location = {"Bucket": bucket, "Key": "m.json"}
    planned = stacks.plan(
        template(
            DefinitionS3Location=location,
            DefinitionSubstitutions={"What": "bye", "Times": 1},
            TracingConfiguration={"Enabled": False},
            Tags=[{"Key": "k", "Value": "v"}],
        ),
        name,
        "UPDATE",
    )
    (change,) = [entry["ResourceChange"] for entry in planned["Changes"]]
    assert change["Replacement"] == "False"
    assert stacks.execute(planned)["StackStatus"] == "UPDATE_COMPLETE", stacks.events(name)
    assert stacks.physical(name)["It"] == arn
    found = client.describe_state_machine(stateMachineArn=arn)
    assert "bye 1" in found["definition"]
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "k", "value": "v"}]
    stacks.delete(name)
    assert missing(lambda: client.start_execution(stateMachineArn=arn)).endswith("DoesNotExist")


def test_a_rule_has_its_pattern_and_targets(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str]
) -> None:
    events, rule = aws.client("events"), unique("rule")

    def template(ids: list[str], **properties: Any) -> dict[str, Any]:
        base = f"arn:aws:lambda:us-east-1:{aws.account}:function:"
        targets = [{"Id": key, "Arn": base + key} for key in ids]
        return one("AWS::Events::Rule", {"Name": rule, "Targets": targets, **properties})

    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": ["b"]}}}
    name = stacks.create(template(["a", "b"], EventPattern=pattern, Description="d"))["StackName"]
    found = events.describe_rule(Name=rule)
    assert json.loads(found["EventPattern"]) == pattern
    stacks.update(template(["b", "c"], EventPattern=pattern, State="DISABLED"), name)
    found = events.describe_rule(Name=rule)
    assert found["State"] == "DISABLED"
    targets = events.list_targets_by_rule(Rule=rule)["Targets"]
    assert {target["Id"] for target in targets} == {"b", "c"}
    stacks.delete(name)
    assert missing(lambda: events.describe_rule(Name=rule)) == "ResourceNotFoundException"


def test_a_schedule_is_kept_with_its_target(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], trust: Any
) -> None:
    schedule = unique("schedule")
    trusting = json.loads(json.dumps(trust).replace("lambda.", "scheduler."))
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trusting}}

    def template(expression: str, **properties: Any) -> dict[str, Any]:
        target = {
            "Arn": f"arn:aws:lambda:us-east-1:{aws.account}:function:f",
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "Input": "{}",
        }
        given = {
            "Name": schedule,
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
            **properties,
        }
        return one("AWS::Scheduler::Schedule", given, Role=role)

    client = aws.client("scheduler")
    name = stacks.create(template("rate(1 day)", ScheduleExpressionTimezone="UTC"))["StackName"]
    assert client.get_schedule(Name=schedule)["Target"]["Input"] == "{}"
    stacks.update(template("cron(0 6 * * ? *)", State="DISABLED", Description="d"), name)
    found = client.get_schedule(Name=schedule)
    assert found["ScheduleExpression"] == "cron(0 6 * * ? *)"
    assert (found["State"], found["Description"]) == ("DISABLED", "d")
    stacks.delete(name)
    assert missing(lambda: client.get_schedule(Name=schedule)) == "ResourceNotFoundException"


@pytest.mark.parametrize("kind", sorted(HANDLERS))
def test_only_properties_that_exist_are_honoured(kind: str) -> None:
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    known = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind)
    assert set(HANDLERS[kind].properties) <= set(known.schema["properties"])
    assert HANDLERS[kind].attributes <= set(known.get_atts)
