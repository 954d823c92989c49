"""Dead letters, retries, groups and buses of a stack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Stacks

CODE = "def handler(event, context):\n    return event\n"


def trust(*services: str) -> dict[str, Any]:
    """A role that services may assume, and that may send to the queue."""
    named = [f"{service}.amazonaws.com" for service in services]
    let = {"Effect": "Allow", "Principal": {"Service": named}, "Action": "sts:AssumeRole"}
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn("Dead")}
    version = {"Version": "2012-10-17"}
    policy = {"PolicyName": "dead", "PolicyDocument": {**version, "Statement": [send]}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {**version, "Statement": [let]},
            "Policies": [policy],
        },
    }


def arn(name: str) -> dict[str, Any]:
    """A resource's ARN."""
    return {"Fn::GetAtt": [name, "Arn"]}


def template(attempts: int) -> dict[str, Any]:
    """A function, a rule and a schedule whose failures go to one queue."""
    let = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn("Dead"),
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    retry = {"MaximumRetryAttempts": attempts, "MaximumEventAgeInSeconds": 3600}
    dead = {"Arn": arn("Dead")}
    return {
        "Resources": {
            "Dead": {"Type": "AWS::SQS::Queue"},
            "Policy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Dead"}],
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [let]},
                },
            },
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "DependsOn": "Policy",
                "Properties": {
                    "NotificationConfiguration": {
                        "EventBridgeConfiguration": {"EventBridgeEnabled": True},
                        "QueueConfigurations": [
                            {
                                "Event": "s3:ObjectCreated:*",
                                "Queue": arn("Dead"),
                                "Filter": {
                                    "S3Key": {"Rules": [{"Name": "Prefix", "Value": "in/"}]}
                                },
                            }
                        ],
                    }
                },
            },
            "Role": trust("lambda", "scheduler", "events"),
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.12",
                    "Handler": "index.handler",
                    "Role": arn("Role"),
                    "Code": {"ZipFile": CODE},
                    "DeadLetterConfig": {"TargetArn": arn("Dead")},
                },
            },
            "Later": {
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": {
                    "FunctionName": {"Ref": "Function"},
                    "Qualifier": "$LATEST",
                    "MaximumRetryAttempts": attempts,
                    "DestinationConfig": {"OnFailure": {"Destination": arn("Dead")}},
                },
            },
            "Bus": {
                "Type": "AWS::Events::EventBus",
                "Properties": {"Name": {"Ref": "AWS::StackName"}},
            },
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventBusName": {"Ref": "Bus"},
                    "EventPattern": {"source": ["mine"]},
                    "Targets": [
                        {
                            "Id": "t",
                            "Arn": arn("Function"),
                            "DeadLetterConfig": dead,
                            "RetryPolicy": retry,
                        }
                    ],
                },
            },
            "Group": {"Type": "AWS::Scheduler::ScheduleGroup"},
            "Daily": {
                "Type": "AWS::Scheduler::Schedule",
                "Properties": {
                    "GroupName": {"Ref": "Group"},
                    "ScheduleExpression": "cron(0 8 * * ? *)",
                    "ScheduleExpressionTimezone": "Europe/Berlin",
                    "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
                    "Target": {
                        "Arn": arn("Function"),
                        "RoleArn": arn("Role"),
                        "DeadLetterConfig": dead,
                        "RetryPolicy": retry,
                    },
                },
            },
        }
    }


def test_a_stack_that_loses_nothing(stacks: Stacks, unique: Callable[[str], str]) -> None:
    name, tags = unique("stack"), [{"Key": "owner", "Value": "me"}]
    made = stacks.create(template(2), name, Tags=tags)
    assert made["StackStatus"] == "CREATE_COMPLETE", stacks.events(name)
    ids, client = stacks.physical(name), stacks.aws.client
    function, group = ids["Function"], ids["Group"]
    settings = client("lambda").get_function_configuration(FunctionName=function)
    assert settings["DeadLetterConfig"]["TargetArn"].startswith("arn:aws:sqs")
    schedule = client("scheduler").get_schedule(Name=ids["Daily"], GroupName=group)
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 2
    arn_of_group = client("scheduler").get_schedule_group(Name=group)["Arn"]
    listed = client("scheduler").list_tags_for_resource(ResourceArn=arn_of_group)["Tags"]
    assert tags[0] in listed
    rule = ids["Rule"].rpartition("|")[2]
    targets = client("events").list_targets_by_rule(Rule=rule, EventBusName=name)["Targets"]
    assert targets[0]["DeadLetterConfig"]["Arn"].startswith("arn:aws:sqs")
    client("s3").put_object(Bucket=ids["Bucket"], Key="in/a", Body=b"x")
    messages: list[dict[str, Any]] = []
    while len(messages) < 2:
        found = client("sqs").receive_message(QueueUrl=ids["Dead"], WaitTimeSeconds=20)
        messages += [json.loads(message["Body"]) for message in found["Messages"]]
    assert {message.get("Event") for message in messages} == {"s3:TestEvent", None}
    client("s3").delete_object(Bucket=ids["Bucket"], Key="in/a")
    updated = stacks.update(template(1), name, Tags=tags)
    assert updated["StackStatus"] == "UPDATE_COMPLETE", stacks.events(name)
    config = client("lambda").get_function_event_invoke_config(
        FunctionName=function, Qualifier="$LATEST"
    )
    assert config["MaximumRetryAttempts"] == 1
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE", stacks.events(name)
