"""Every property that is honoured reaches the service, when made, when changed and when dropped."""

from __future__ import annotations

import io
import json
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator.cloudformation.resources import HANDLERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
GONE = (
    "NoSuchLifecycleConfiguration",
    "NoSuchTagSet",
    "OwnershipControlsNotFoundError",
    "NoSuchPublicAccessBlockConfiguration",
)
INLINE = "import os\ndef handler(event, context):\n    return [event, os.environ.get('WHO')]\n"


def one(kind: str, properties: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"Resources": {"It": {"Type": kind, "Properties": properties}, **others}}


def missing(call: Callable[[], Any]) -> str:
    """Code of the error that a call ends in."""
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as raised:
        call()
    return str(raised.value.response["Error"]["Code"])


def test_a_bucket_has_every_setting_and_loses_it_again(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str]
) -> None:
    s3, bucket = aws.client("s3"), unique("bucket")
    closed = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    by_default = {"SSEAlgorithm": "aws:kms"}
    lifecycle = {
        "Id": "old",
        "Status": "Enabled",
        "Prefix": "tmp/",
        "ExpirationInDays": 7,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 5}],
    }
    name = stacks.create(
        one(
            "AWS::S3::Bucket",
            {
                "BucketName": bucket,
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": by_default}
                    ]
                },
                "PublicAccessBlockConfiguration": closed,
                "VersioningConfiguration": {"Status": "Enabled"},
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "LifecycleConfiguration": {"Rules": [lifecycle]},
                "NotificationConfiguration": {
                    "EventBridgeConfiguration": {"EventBridgeEnabled": True}
                },
                "Tags": [{"Key": "k", "Value": "v"}],
            },
        )
    )["StackName"]
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == by_default
    assert rule["BucketKeyEnabled"] is True
    access = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert access == closed
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Expiration"] == {"Days": 7}
    assert rule["Filter"] == {"Prefix": "tmp/"}
    assert rule["Transitions"] == [{"Days": 5, "StorageClass": "GLACIER"}]
    notification = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert "EventBridgeConfiguration" in notification
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "k", "Value": "v"}]
    stacks.update(one("AWS::S3::Bucket", {"BucketName": bucket}), name)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    for setting in ("lifecycle_configuration", "tagging", "ownership_controls"):
        read = getattr(s3, f"get_bucket_{setting}")
        assert missing(partial(read, Bucket=bucket)) in GONE
    assert missing(lambda: s3.get_public_access_block(Bucket=bucket)) in GONE
    stacks.delete(name)
    assert missing(lambda: s3.head_bucket(Bucket=bucket)) == "404"


def test_a_bucket_of_ones_own_is_not_taken_over(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str]
) -> None:
    bucket = unique("bucket")
    aws.client("s3").create_bucket(Bucket=bucket)
    stack = stacks.create(one("AWS::S3::Bucket", {"BucketName": bucket}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(
        f"{bucket} already exists" in reason for _, _, reason in stacks.events(stack["StackId"])
    )
    aws.client("s3").head_bucket(Bucket=bucket)


def test_a_bucket_with_a_tls_only_policy_can_be_used_here(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str]
) -> None:
    bucket = unique("bucket")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    policy = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "It"}}}
    policy["Properties"]["PolicyDocument"] = document  # type: ignore[index] # a dict all right
    template = one("AWS::S3::Bucket", {"BucketName": bucket}, Policy=policy)
    name = stacks.create(template)["StackName"]
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"text")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"text"
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == document
    del statement["Condition"]
    stacks.update(template, name)
    assert missing(lambda: s3.get_object(Bucket=bucket, Key="k")) in (
        "403",
        "Forbidden",
        "AccessDenied",
    )
    del template["Resources"]["Policy"]
    stacks.update(template, name)
    s3.delete_object(Bucket=bucket, Key="k")
    stacks.delete(name)


def test_a_role_has_what_it_is_given_and_nothing_more(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], trust: Any
) -> None:
    iam, role = aws.client("iam"), unique("role")
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    reading = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"

    def template(**properties: Any) -> dict[str, Any]:
        given = {"RoleName": role, "AssumeRolePolicyDocument": trust, **properties}
        return one("AWS::IAM::Role", given)

    name = stacks.create(
        template(
            Path="/p/",
            Description="first",
            MaxSessionDuration=7200,
            ManagedPolicyArns=[basic],
            PermissionsBoundary=reading,
            Policies=[
                {"PolicyName": "a", "PolicyDocument": ALLOW},
                {"PolicyName": "b", "PolicyDocument": {"Statement": ALLOW["Statement"]}},
            ],
            Tags=[{"Key": "k", "Value": "v"}],
        )
    )["StackName"]
    found = iam.get_role(RoleName=role)["Role"]
    assert (found["Path"], found["Description"], found["MaxSessionDuration"]) == (
        "/p/",
        "first",
        7200,
    )
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == reading
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["a", "b"]
    open_trust = {**trust, "Statement": [{**trust["Statement"][0], "Sid": "Changed"}]}
    stacks.update(
        template(
            Path="/p/",
            Description="second",
            ManagedPolicyArns=[reading],
            Policies=[{"PolicyName": "a", "PolicyDocument": ALLOW}],
            AssumeRolePolicyDocument=open_trust,
            Tags=[{"Key": "other", "Value": "v"}],
        ),
        name,
    )
    found = iam.get_role(RoleName=role)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("second", 3600)
    assert found["AssumeRolePolicyDocument"] == open_trust
    assert found["Tags"] == [{"Key": "other", "Value": "v"}]
    assert "PermissionsBoundary" not in found
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [reading]
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["a"]
    stacks.delete(name)
    assert missing(lambda: iam.get_role(RoleName=role)) == "NoSuchEntity"


def test_policies_of_their_own_are_put_on_roles(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], trust: Any
) -> None:
    iam, managed = aws.client("iam"), unique("policy")

    def template(action: str, *roles: str) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        on = [{"Ref": role} for role in roles]
        role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
        return {
            "Resources": {
                "One": role,
                "Two": role,
                "Inline": {
                    "Type": "AWS::IAM::Policy",
                    "Properties": {"PolicyName": "in", "PolicyDocument": document, "Roles": on},
                },
                "Managed": {
                    "Type": "AWS::IAM::ManagedPolicy",
                    "Properties": {
                        "ManagedPolicyName": managed,
                        "PolicyDocument": document,
                        "Roles": on,
                    },
                },
            },
        }

    name = stacks.create(template("s3:GetObject", "One"))["StackName"]
    roles = stacks.physical(name)
    assert iam.list_role_policies(RoleName=roles["One"])["PolicyNames"] == ["in"]
    for number in range(6):  # A policy has at most five versions.
        stacks.update(template(f"s3:Get{number}", "Two"), name)
    assert iam.list_role_policies(RoleName=roles["One"])["PolicyNames"] == []
    inline = iam.get_role_policy(RoleName=roles["Two"], PolicyName="in")["PolicyDocument"]
    assert inline["Statement"][0]["Action"] == "s3:Get5"
    policy = iam.get_policy(PolicyArn=roles["Managed"])["Policy"]
    version = iam.get_policy_version(
        PolicyArn=roles["Managed"], VersionId=policy["DefaultVersionId"]
    )
    assert version["PolicyVersion"]["Document"]["Statement"][0]["Action"] == "s3:Get5"
    attached = iam.list_attached_role_policies(RoleName=roles["Two"])["AttachedPolicies"]
    assert [entry["PolicyName"] for entry in attached] == [managed]
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"


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
