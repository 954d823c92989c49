"""What a service does for somebody, it does with the rights of a role."""

from __future__ import annotations

import json
import zipfile
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any

from runtime.tests.emulator.iam.enforced.acting import ACCOUNT, Acting, allow, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws


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
