"""In another partition, names and templates come out right for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator.cloudformation import sam

if TYPE_CHECKING:
    from batcat_runtime.emulator import LocalAws

FUNCTION = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Group: {Type: "AWS::Logs::LogGroup"}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}
      ManagedPolicyArns:
        - !Sub arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
Outputs:
  Image: {Value: !Sub "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/x"}
  Group: {Value: !GetAtt Group.Arn}
  Role: {Value: !GetAtt Role.Arn}
"""


def test_a_stack_in_china_has_chinas_partition_and_addresses(
    aws: LocalAws, stacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = "cn-north-1"
    client = aws.client("cloudformation", region_name=region)
    monkeypatch.setattr(type(stacks), "client", property(lambda _: client))
    stack = stacks.create(FUNCTION)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.events(stack["StackId"])
    assert stack["StackId"].startswith(f"arn:aws-cn:cloudformation:{region}:")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs["Image"] == f"{aws.account}.dkr.ecr.{region}.amazonaws.com.cn/x"
    assert outputs["Group"].startswith(f"arn:aws-cn:logs:{region}:")
    assert outputs["Role"].startswith("arn:aws-cn:iam::")
    assert stacks.delete(stack["StackName"])["StackStatus"] == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-northwest-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_sam_makes_roles_for_the_partition_the_stack_is_in(region: str, partition: str) -> None:
    function: dict[str, Any] = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"InlineCode": "x", "Handler": "index.h", "Runtime": "python3.12"},
    }
    document: dict[str, Any] = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"F": function},
    }
    expanded = sam.expand(document, {}, partition, region)
    (policy,) = expanded["Resources"]["FRole"]["Properties"]["ManagedPolicyArns"]
    assert policy == f"arn:{partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    assert document["Resources"]["F"]["Type"] == "AWS::Serverless::Function"


def test_sam_reads_the_stacks_parameters() -> None:
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "InlineCode": "x",
            "Handler": "index.h",
            "Runtime": "python3.12",
            "AutoPublishAlias": {"Ref": "Alias"},
        },
    }
    document = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"Alias": {"Type": "String"}},
        "Resources": {"F": function},
    }
    expanded = sam.expand(document, {"Alias": "live"}, "aws", "us-east-1")
    assert "FAliaslive" in expanded["Resources"]
