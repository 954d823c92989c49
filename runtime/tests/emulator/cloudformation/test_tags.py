"""A stack's tags are on everything that takes them, and lead to all of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Stacks

METRIC = {
    "Namespace": "n",
    "MetricName": "m",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}
TEXT = {"widgets": [{"type": "text", "properties": {"markdown": "# x"}}]}
RULES = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "untagged",
                "countType": "imageCountMoreThan",
                "countNumber": 5,
            },
            "action": {"type": "expire"},
        }
    ]
}
PASS = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}


def template(trust: dict[str, Any]) -> dict[str, Any]:
    """One resource of every type that takes tags."""
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    return {
        "Resources": {
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": METRIC},
            "Board": {
                "Type": "AWS::CloudWatch::Dashboard",
                "Properties": {"DashboardBody": json.dumps(TEXT)},
            },
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Budget": {
                "Type": "AWS::Budgets::Budget",
                "Properties": {
                    "Budget": {
                        "BudgetType": "COST",
                        "TimeUnit": "MONTHLY",
                        "BudgetLimit": {"Amount": 50, "Unit": "USD"},
                    },
                    "NotificationsWithSubscribers": [
                        {
                            "Notification": {
                                "NotificationType": "ACTUAL",
                                "ComparisonOperator": "GREATER_THAN",
                                "Threshold": 80,
                            },
                            "Subscribers": [
                                {"SubscriptionType": "EMAIL", "Address": "a@example.com"}
                            ],
                        }
                    ],
                },
            },
            "Bus": {
                "Type": "AWS::Events::EventBus",
                "Properties": {"Name": {"Ref": "AWS::StackName"}},
            },
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.12",
                    "Handler": "index.handler",
                    "Role": role,
                    "Code": {"ZipFile": "def handler(event, context): pass"},
                },
            },
            "Group": {"Type": "AWS::Scheduler::ScheduleGroup"},
            "Images": {
                "Type": "AWS::ECR::Repository",
                "Properties": {
                    "ImageTagMutability": "IMMUTABLE",
                    "ImageScanningConfiguration": {"ScanOnPush": True},
                    "EncryptionConfiguration": {"EncryptionType": "AES256"},
                    "LifecyclePolicy": {"LifecyclePolicyText": json.dumps(RULES)},
                    "EmptyOnDelete": True,
                },
            },
            "Key": {
                "Type": "AWS::KMS::Key",
                "Properties": {"EnableKeyRotation": True, "PendingWindowInDays": 7},
            },
            "Alias": {
                "Type": "AWS::KMS::Alias",
                "Properties": {
                    "AliasName": {"Fn::Sub": "alias/${AWS::StackName}"},
                    "TargetKeyId": {"Ref": "Key"},
                },
            },
            "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"RoleArn": role, "DefinitionString": json.dumps(PASS)},
            },
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {"EventPattern": {"source": ["x"]}},
            },
            "Topic": {"Type": "AWS::SNS::Topic"},
        }
    }


SERVICES = (
    *("cloudformation", "cloudwatch", "ecr", "events", "kms", "lambda", "logs", "s3"),
    *("scheduler", "sns", "sqs", "states"),
)


def test_a_stacks_tags_lead_to_all_that_it_made(
    stacks: Stacks, trust: dict[str, Any], unique: Callable[[str], str]
) -> None:
    name = unique("tagged")
    tags = [{"Key": "project", "Value": name}, {"Key": "owner", "Value": "me"}]
    made = stacks.create(template(trust), name, Tags=tags)
    assert made["StackStatus"] == "CREATE_COMPLETE", stacks.events(name)
    tagging = stacks.aws.client("resourcegroupstaggingapi")
    wanted = [{"Key": "project", "Values": [name]}]

    def carrying(**more: Any) -> list[dict[str, Any]]:
        pages = tagging.get_paginator("get_resources").paginate(TagFilters=wanted, **more)
        return [each for page in pages for each in page["ResourceTagMappingList"]]

    found = carrying()
    services = sorted({each["ResourceARN"].split(":")[2] for each in found})
    assert services == sorted(SERVICES)
    assert all({"Key": "owner", "Value": "me"} in each["Tags"] for each in found)
    # Two of CloudWatch, two of EventBridge; KMS keys and roles are counted where they are.
    assert len(found) == len(SERVICES) + 2
    kinds = carrying(ResourceTypeFilters=["lambda:function", "sqs"])
    assert len(kinds) == 2
    account, client = stacks.aws.account, stacks.aws.client
    ids = stacks.physical(name)
    role = client("iam").list_role_tags(RoleName=ids["Role"])["Tags"]
    assert tags[0] in role
    arn = f"arn:aws:budgets::{account}:budget/{ids['Budget']}"
    assert tags[0] in client("budgets").list_tags_for_resource(ResourceARN=arn)["ResourceTags"]
    repository = client("ecr").describe_repositories(repositoryNames=[ids["Images"]])
    assert repository["repositories"][0]["imageTagMutability"] == "IMMUTABLE"
    assert client("kms").describe_key(KeyId=ids["Alias"])["KeyMetadata"]["KeyId"] == ids["Key"]
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE", stacks.events(name)
    left = [each["ResourceARN"].split(":")[2] for each in carrying()]
    assert left == ["kms"]  # it waits for its deletion
    assert name in tagging.get_tag_values(Key="project")["TagValues"]
    assert "owner" in tagging.get_tag_keys()["TagKeys"]
