"""What a role may not do fails on the local AWS as it does in AWS, whoever acts for it."""

from __future__ import annotations

import json
import zipfile
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

ACCOUNT = "123456789012"
JSON, XML = ("AccessDeniedException", 400), ("AccessDenied", 403)
ANY: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def allow(*actions: str, **parts: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **parts}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Acting:
    """A role with policies, and clients that act as it."""

    def __init__(self, aws: LocalAws, name: str, *statements: dict[str, Any], **more: Any) -> None:
        self.aws, self.name = aws, name
        services = ["sagemaker", "lambda", "states", "scheduler", "events", "cloudformation"]
        principal = {"Service": [f"{one}.amazonaws.com" for one in services], "AWS": ACCOUNT}
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        self.iam = aws.client("iam")
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust), **more)
        self.arn = made["Role"]["Arn"]
        self.session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/s1"
        self.may(*statements)

    def may(self, *statements: dict[str, Any]) -> None:
        """Let it do this and nothing else."""
        if statements:
            self.iam.put_role_policy(
                RoleName=self.name, PolicyName="p", PolicyDocument=document(*statements)
            )

    def client(self, service: str, **session: Any) -> Any:
        """A client that acts as it."""
        sts = self.aws.client("sts")
        made = sts.assume_role(RoleArn=self.arn, RoleSessionName="s1", **session)["Credentials"]
        return self.aws.client(
            service,
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
            aws_session_token=made["SessionToken"],
        )

    def decided(self, kind: str) -> list[dict[str, Any]]:
        """What the server has recorded of it."""
        with urlopen(f"{self.aws.url}/_batcat/decisions") as answer:  # noqa: S310 - this machine
            return [one for one in json.load(answer)[kind] if one["role"] == self.arn]


@pytest.fixture
def acting(aws: LocalAws, unique: Callable[[str], str]) -> Callable[..., Acting]:
    """Makes a role."""
    return lambda *statements, **more: Acting(aws, unique("acting"), *statements, **more)


def refused(call: Callable[[], Any]) -> tuple[str, str, int]:
    """Code, message and status of a refusal."""
    with pytest.raises(ClientError) as caught:
        call()
    told = caught.value.response
    error = told["Error"]
    return error["Code"], error["Message"], told["ResponseMetadata"]["HTTPStatusCode"]


PLACE = f"us-east-1:{ACCOUNT}"


IN = f"us-east-1:{ACCOUNT}"
REST, SNS = ("AccessDeniedException", 403), ("AuthorizationError", 403)


@pytest.mark.parametrize(
    ("method", "action", "where", "wanted"),
    [
        ("sagemaker.list_processing_jobs", "sagemaker:ListProcessingJobs", "", JSON),
        ("secretsmanager.list_secrets", "secretsmanager:ListSecrets", "", JSON),
        ("resourcegroupstaggingapi.get_resources", "tag:GetResources", "", JSON),
        ("ecr.get_authorization_token", "ecr:GetAuthorizationToken", "*", JSON),
        ("kms.list_keys", "kms:ListKeys", "*", JSON),
        ("stepfunctions.list_state_machines", "states:ListStateMachines",
         f"arn:aws:states:{IN}:stateMachine:*", JSON),
        ("logs.describe_log_groups", "logs:DescribeLogGroups",
         f"arn:aws:logs:{IN}:log-group::log-stream:", JSON),
        ("lambda.list_functions", "lambda:ListFunctions", "*", REST),
        ("iam.list_roles", "iam:ListRoles", f"arn:aws:iam::{ACCOUNT}:role/", XML),
        ("cloudformation.list_stacks", "cloudformation:ListStacks",
         f"arn:aws:cloudformation:{IN}:stack/*/*", XML),
        ("sns.list_topics", "SNS:ListTopics", f"arn:aws:sns:{IN}:*", SNS),
        ("sqs.list_queues", "sqs:ListQueues", f"arn:aws:sqs:{IN}:", XML),
        ("s3.list_buckets", "s3:ListAllMyBuckets", "", XML),
    ],
    ids=lambda value: value if isinstance(value, str) and "_" in value else "",
)  # fmt: skip
def test_a_denial_is_in_the_services_own_form(
    acting: Callable[..., Acting], method: str, action: str, where: str, wanted: tuple[str, int]
) -> None:
    """As users of each have quoted it."""
    role, (service, _, name) = acting(), method.partition(".")
    code, message, status = refused(getattr(role.client(service), name))
    assert (code, status) == wanted
    place = f" on resource: {where}" if where else ""
    assert message == (
        f"User: {role.session} is not authorized to perform: {action}{place} because no "
        f"identity-based policy allows the {action} action"
    )


def test_a_session_knows_who_it_is_and_needs_no_permission_for_it(
    acting: Callable[..., Acting],
) -> None:
    role = acting()
    told = role.client("sts").get_caller_identity()
    assert told["Arn"] == role.session
    assert told["UserId"].endswith(":s1")


def test_a_session_is_not_made_into_a_users(acting: Callable[..., Acting]) -> None:
    """GetSessionToken needs no permission, and its keys would be the administrator's."""
    told = refused(acting(ANY).client("sts").get_session_token)
    assert told == ("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)


def test_a_session_may_do_less_than_its_role(acting: Callable[..., Acting]) -> None:
    role = acting(ANY)
    limited = role.client("sqs", Policy=document(allow("sqs:ListQueues")))
    limited.list_queues()
    message = refused(lambda: limited.create_queue(QueueName="q"))[1]
    assert message.endswith("because no session policy allows the sqs:CreateQueue action")
    assert refused(lambda: role.client("sqs", Policy="{}"))[0] == "MalformedPolicyDocument"


def test_a_key_is_decided_by_its_id_whatever_it_is_called(
    acting: Callable[..., Acting], aws: LocalAws, store: Any, unique: Callable[[str], str]
) -> None:
    """By its alias, and by what was encrypted with it, which says by itself under which key."""
    owner, alias = aws.client("kms"), unique("alias/mine")
    mine, other = (owner.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    owner.create_alias(AliasName=alias, TargetKeyId=mine)
    role = acting(allow("s3:PutObject"), allow("kms:Decrypt", Resource=mine))
    kms = role.client("kms")
    sealed = [owner.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"] for key in (mine, other)]
    assert kms.decrypt(CiphertextBlob=sealed[0])["Plaintext"] == b"x"
    message = refused(lambda: kms.decrypt(CiphertextBlob=sealed[1]))[1]
    assert f"kms:Decrypt on resource: {other} because" in message
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": alias}
    put = {"Bucket": store.bucket, "Key": "k", **encrypted}
    message = refused(lambda: role.client("s3").put_object(**put))[1]
    assert f"kms:GenerateDataKey on resource: {mine} because" in message


def test_a_secret_is_called_what_the_caller_called_it(
    acting: Callable[..., Acting], aws: LocalAws, unique: Callable[[str], str]
) -> None:
    name, role = unique("secret"), acting()
    arn = aws.client("secretsmanager").create_secret(Name=name, SecretString="x")["ARN"]
    secrets = role.client("secretsmanager")
    for given in (name, arn):
        message = refused(lambda given=given: secrets.get_secret_value(SecretId=given))[1]  # type: ignore[misc]
        assert f"secretsmanager:GetSecretValue on resource: {given} because" in message
    role.may(allow("secretsmanager:GetSecretValue", Resource=f"{arn[:-6]}??????"))
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "x"


def test_an_object_that_may_not_be_listed_is_not_told_from_one_that_is_not_there(
    acting: Callable[..., Acting], store: Any
) -> None:
    place = f"arn:aws:s3:::{store.bucket}"
    role = acting(allow("s3:GetObject", Resource=f"{place}/in/*"))
    store.put(in__k="yes", out__k="no")
    s3 = role.client("s3")
    assert s3.get_object(Bucket=store.bucket, Key="in/k")["Body"].read() == b"yes"
    code, message, status = refused(lambda: s3.get_object(Bucket=store.bucket, Key="out/k"))
    assert (code, status) == ("AccessDenied", 403)
    assert f'perform: s3:GetObject on resource: "{place}/out/k" because no' in message
    assert refused(lambda: s3.head_object(Bucket=store.bucket, Key="out/k"))[::2] == ("403", 403)
    assert refused(lambda: s3.get_object(Bucket=store.bucket, Key="in/none"))[0] == "AccessDenied"
    role.may(
        allow("s3:GetObject", Resource=f"{place}/in/*"), allow("s3:ListBucket", Resource=place)
    )
    assert refused(lambda: s3.get_object(Bucket=store.bucket, Key="in/none"))[0] == "NoSuchKey"


def test_of_several_deletions_those_that_may_not_be_are_named(
    acting: Callable[..., Acting], store: Any
) -> None:
    role = acting(allow("s3:DeleteObject", Resource=f"arn:aws:s3:::{store.bucket}/in/*"))
    store.put(in__k="", out__k="")
    keys = [{"Key": "in/k"}, {"Key": "out/k"}]
    answer = role.client("s3").delete_objects(Bucket=store.bucket, Delete={"Objects": keys})
    assert [one["Key"] for one in answer["Deleted"]] == ["in/k"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("out/k", "AccessDenied")]
    assert store.keys() == ["out/k"]


def test_a_list_may_be_limited_to_a_prefix(acting: Callable[..., Acting], store: Any) -> None:
    under = {"StringLike": {"s3:prefix": "in/*"}}
    role = acting(allow("s3:ListBucket", Condition=under))
    s3 = role.client("s3")
    s3.list_objects_v2(Bucket=store.bucket, Prefix="in/a")
    assert refused(lambda: s3.list_objects_v2(Bucket=store.bucket))[0] == "AccessDenied"


def test_a_condition_key_that_nothing_here_knows_is_refused_by_name(
    acting: Callable[..., Acting], store: Any
) -> None:
    role = acting(allow("s3:ListBucket", Condition={"Bool": {"s3:TlsVersion": "1.2"}}))
    code, message, _ = refused(lambda: role.client("s3").list_objects_v2(Bucket=store.bucket))
    assert code == "NotEmulated"
    assert "condition key s3:tlsversion of a policy about s3:ListBucket" in message


def test_a_boundary_limits_and_a_bucket_policy_admits(
    acting: Callable[..., Acting], store: Any, aws: LocalAws, unique: Callable[[str], str]
) -> None:
    limit = aws.client("iam").create_policy(
        PolicyName=unique("limit"), PolicyDocument=document(allow("s3:GetObject"))
    )
    role = acting(ANY, PermissionsBoundary=limit["Policy"]["Arn"])
    put = {"Bucket": store.bucket, "Key": "k", "Body": b""}
    message = refused(lambda: role.client("s3").put_object(**put))[1]
    assert message.endswith("because no permissions boundary allows the s3:PutObject action")
    other = acting()
    admitted = {
        "Effect": "Allow",
        "Principal": {"AWS": other.arn},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{store.bucket}/*",
    }
    store.s3.put_bucket_policy(Bucket=store.bucket, Policy=document(admitted))
    other.client("s3").put_object(**put)
    assert refused(lambda: role.client("s3").put_object(**put))[0] == "AccessDenied"


def test_a_role_is_passed_only_to_whom_a_policy_says(
    acting: Callable[..., Acting], role: Callable[[str], str], unique: Callable[[str], str]
) -> None:
    passing = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    caller = acting(allow("states:*"), allow("iam:PassRole", Condition=passing))
    machine = {
        "name": unique("machine"),
        "definition": json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
        "roleArn": role("states"),
    }
    message = refused(lambda: caller.client("stepfunctions").create_state_machine(**machine))[1]
    assert f"iam:PassRole on resource: {machine['roleArn']} because no" in message
    caller.may(allow("states:*", "iam:PassRole"))
    caller.client("stepfunctions").create_state_machine(**machine)


JOB = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync",
    "Parameters": {
        "ProcessingJobName": "j",
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r",
        "AppSpecification": {"ImageUri": "job"},
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.t3.medium",
                "VolumeSizeInGB": 1,
            }
        },
    },
    "End": True,
}


def test_a_state_machine_that_waits_for_jobs_needs_the_rule_for_it(
    acting: Callable[..., Acting], aws: LocalAws, unique: Callable[[str], str]
) -> None:
    role, states = acting(), aws.client("stepfunctions")
    machine = {
        "name": unique("machine"),
        "definition": json.dumps({"StartAt": "A", "States": {"A": JOB}}),
        "roleArn": role.arn,
    }
    code, message, status = refused(lambda: states.create_state_machine(**machine))
    assert (code, status) == ("AccessDeniedException", 400)
    assert message == f"'{role.arn}' is not authorized to create managed-rule."
    rule = "rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule"
    role.may(
        allow(
            *("events:PutTargets", "events:PutRule", "events:DescribeRule"),
            Resource=f"arn:aws:events:us-east-1:{ACCOUNT}:{rule}",
        )
    )
    states.create_state_machine(**machine)


def test_a_state_machine_that_logs_needs_to_set_up_the_delivery(
    acting: Callable[..., Acting], aws: LocalAws, unique: Callable[[str], str]
) -> None:
    role, group = acting(allow("logs:CreateLogDelivery")), unique("/group")
    aws.client("logs").create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}:*"
    machine = {
        "name": unique("machine"),
        "definition": json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
        "roleArn": role.arn,
        "loggingConfiguration": {
            "level": "ALL",
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
        },
    }
    create = aws.client("stepfunctions").create_state_machine
    assert refused(lambda: create(**machine))[:2] == (
        "AccessDeniedException",
        "The state machine IAM Role is not authorized to access the Log Destination",
    )
    role.may(allow("logs:*"))
    create(**machine)


def test_a_task_acts_as_its_machines_role(
    acting: Callable[..., Acting], aws: LocalAws, store: Any, unique: Callable[[str], str],
    until: Callable[..., Any],
) -> None:  # fmt: skip
    role, states = acting(), aws.client("stepfunctions")
    put = {"Bucket": store.bucket, "Key": "k", "Body": "x"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject", "Parameters": put}
    definition = json.dumps({"StartAt": "A", "States": {"A": {**task, "End": True}}})
    machine = states.create_state_machine(
        name=unique("machine"), definition=definition, roleArn=role.arn
    )["stateMachineArn"]

    def ended(execution: str) -> Any:
        told = states.describe_execution(executionArn=execution)
        return told if told["status"] != "RUNNING" else None

    begun = states.start_execution(stateMachineArn=machine)["executionArn"]
    failed = until(lambda: ended(begun), "the execution ends")
    assert failed["status"] == "FAILED"
    assert f"assumed-role/{role.name}/" in failed["cause"]
    assert "is not authorized to perform: s3:PutObject" in failed["cause"]
    role.may(allow("s3:PutObject"))
    begun = states.start_execution(stateMachineArn=machine)["executionArn"]
    assert until(lambda: ended(begun), "the execution ends")["status"] == "SUCCEEDED"


def job(role: str, name: str, store: Any, image: str = "job") -> dict[str, Any]:
    lines = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    folder = "/opt/ml/processing/in"
    source = {"S3Uri": store.uri("in/"), "LocalPath": folder, "S3DataType": "S3Prefix"}
    return {
        "ProcessingJobName": name,
        "RoleArn": role,
        "AppSpecification": {"ImageUri": image, "ContainerEntrypoint": ["python", "-c", lines]},
        "ProcessingInputs": [
            {"InputName": "in", "S3Input": {**source, "S3InputMode": "File"}},
        ],
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.t3.medium",
                "VolumeSizeInGB": 1,
            }
        },
    }


def test_a_job_reads_writes_logs_and_pulls_as_its_role(
    acting: Callable[..., Acting], aws: LocalAws, store: Any, unique: Callable[[str], str],
    until: Callable[..., Any],
) -> None:  # fmt: skip
    sagemaker, logs, role = aws.client("sagemaker"), aws.client("logs"), acting()
    store.put(in__k="x")
    names = {"logGroupName": "/aws/sagemaker/ProcessingJobs"}
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(**names)

    def ends(**changed: Any) -> dict[str, Any]:
        name = unique("as-role")
        sagemaker.create_processing_job(**job(role.arn, name, store, **changed))

        def told() -> Any:
            found = sagemaker.describe_processing_job(ProcessingJobName=name)
            return found if found["ProcessingJobStatus"] != "InProgress" else None

        return dict(until(told, "the job ends"))

    registry = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/job:latest"
    assert "does not have GetAuthorizationToken permission" in ends(image=registry)["FailureReason"]
    pulling = ("BatchCheckLayerAvailability", "GetDownloadUrlForLayer")
    role.may(allow("ecr:GetAuthorizationToken", *(f"ecr:{one}" for one in pulling)))
    reason = ends(image=registry)["FailureReason"]
    assert f"The role '{role.arn}' does not have BatchGetImage permission" in reason
    role.may(allow("ecr:*"))
    reason = ends(image=registry)["FailureReason"]
    assert "is not authorized to perform: s3:ListBucket" in reason
    assert f"assumed-role/{role.name}/SageMaker" in reason
    role.may(allow("ecr:*", "s3:ListBucket", "s3:GetObject"))
    silent = ends(image=registry)
    assert silent["ProcessingJobStatus"] == "Completed"
    prefix = silent["ProcessingJobName"]
    found = logs.describe_log_streams(**names, logStreamNamePrefix=prefix)["logStreams"]
    assert not found, "what a role may not write is lost"
    role.may(allow("ecr:*", "s3:ListBucket", "s3:GetObject", "logs:*"))
    prefix = ends(image=registry)["ProcessingJobName"]
    stream = logs.describe_log_streams(**names, logStreamNamePrefix=prefix)["logStreams"][0]
    told = logs.get_log_events(**names, logStreamName=stream["logStreamName"])["events"]
    assert told[0]["message"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/SageMaker"


CODE = """
import boto3

def handler(event, context):
    boto3.client("s3").put_object(Bucket=event["bucket"], Key="k", Body=b"")
"""


def test_a_function_acts_as_its_role(
    acting: Callable[..., Acting], aws: LocalAws, store: Any, unique: Callable[[str], str]
) -> None:
    role, functions, archive = acting(), aws.client("lambda"), BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("app.py", CODE)
    name = unique("function")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="app.handler",
        Role=role.arn,
        Code={"ZipFile": archive.getvalue()},
        Timeout=60,
    )

    def called() -> str:
        event = json.dumps({"bucket": store.bucket}).encode()
        return str(functions.invoke(FunctionName=name, Payload=event)["Payload"].read().decode())

    assert f"assumed-role/{role.name}/{name} is not authorized to perform: s3:PutObject" in called()
    role.may(allow("s3:PutObject"))
    assert called() == "null"


def test_a_function_is_invoked_by_the_name_that_a_policy_has(acting: Callable[..., Acting]) -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    functions = acting(allow("lambda:InvokeFunction", Resource=arn)).client("lambda")
    assert refused(lambda: functions.invoke(FunctionName="f"))[0] == "ResourceNotFoundException"
    for named in ({"FunctionName": arn, "Qualifier": "$LATEST"}, {"FunctionName": "f:$LATEST"}):
        message = refused(lambda named=named: functions.invoke(**named))[1]  # type: ignore[misc]
        assert f"lambda:InvokeFunction on resource: {arn}:$LATEST because" in message


def test_code_is_read_with_the_rights_of_who_brings_it(
    acting: Callable[..., Acting], store: Any
) -> None:
    store.put(code="no zip file")
    role = acting(allow("lambda:*", "iam:PassRole"))
    made = {
        "FunctionName": "f",
        "Runtime": "python3.12",
        "Handler": "app.handler",
        "Role": role.arn,
        "Code": {"S3Bucket": store.bucket, "S3Key": "code"},
    }
    code, message, status = refused(lambda: role.client("lambda").create_function(**made))
    assert (code, status) == ("AccessDeniedException", 403)
    assert f"permission to GetObject for {store.bucket}/code. S3 Error Code" in message
    role.may(allow("lambda:*", "iam:PassRole", "s3:GetObject"))
    message = refused(lambda: role.client("lambda").create_function(**made))[1]
    assert "Could not unzip uploaded file" in message


def test_a_stack_is_made_with_the_rights_of_its_role_or_its_caller(
    acting: Callable[..., Acting], aws: LocalAws, store: Any, unique: Callable[[str], str],
    until: Callable[..., Any],
) -> None:  # fmt: skip
    body = json.dumps({"Resources": {"Group": {"Type": "AWS::Logs::LogGroup"}}})
    owner, caller = aws.client("cloudformation"), acting(allow("cloudformation:*", "iam:PassRole"))
    worker = acting()

    def ends(client: Any, **more: Any) -> tuple[str, str]:
        """Status, and why the log group was not made."""
        stack = client.create_stack(StackName=unique("stack"), TemplateBody=body, **more)["StackId"]

        def told() -> Any:
            status = owner.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            return None if status.endswith("PROGRESS") else status

        status = until(told, "the stack is settled")
        events = owner.describe_stack_events(StackName=stack)["StackEvents"]
        reasons = (one.get("ResourceStatusReason", "") for one in events)
        return status, next((one for one in reasons if "not authorized" in one), "")

    status, why = ends(caller.client("cloudformation"))
    assert status == "ROLLBACK_COMPLETE"
    assert f"User: {caller.session} is not authorized to perform: logs:CreateLogGroup" in why
    status, why = ends(caller.client("cloudformation"), RoleARN=worker.arn)
    assert status == "ROLLBACK_COMPLETE"
    assert f"assumed-role/{worker.name}/AWSCloudFormation is not authorized" in why
    worker.may(allow("logs:*"))
    assert ends(caller.client("cloudformation"), RoleARN=worker.arn) == ("CREATE_COMPLETE", "")
    store.put(template=body)
    read = {"StackName": "s", "TemplateURL": f"https://s3.amazonaws.com/{store.bucket}/template"}
    message = refused(lambda: caller.client("cloudformation").create_stack(**read))[1]
    assert "not authorized to perform: s3:GetObject" in message


def test_what_was_decided_is_recorded(acting: Callable[..., Acting], store: Any) -> None:
    place = f"arn:aws:s3:::{store.bucket}"
    role = acting(allow("s3:PutObject"), allow("s3:Get*", Sid="Read", Resource=f"{place}/in/*"))
    store.put(in__a="", in__b="")
    s3 = role.client("s3")
    for key in ("in/a", "in/b", "in/a"):
        s3.get_object(Bucket=store.bucket, Key=key)
    for _ in range(2):
        refused(lambda: s3.get_object(Bucket=store.bucket, Key="out"))
    assert role.decided("used") == [
        {
            "role": role.arn,
            "policy": "p",
            "statement": 1,
            "sid": "Read",
            "action": "s3:GetObject",
            "resources": [f"{place}/in/a", f"{place}/in/b"],
        }
    ]
    assert role.decided("denied") == [
        {
            "role": role.arn,
            "action": "s3:GetObject",
            "resource": f"{place}/out",
            "why": "because no identity-based policy allows the s3:GetObject action",
            "times": 2,
        }
    ]
