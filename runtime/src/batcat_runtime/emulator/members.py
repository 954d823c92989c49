"""What our own services do with each member of a request: act on it, keep it, or refuse it.

A member that is not named here is refused by name, so what a new botocore brings is refused until
someone has looked at it. Members are named by their paths in botocore's model, lists left out;
``AppManaged=false`` lets only that value through. CloudFormation checks its own requests.
"""

from __future__ import annotations

from typing import Any

from .moto_services import refused
from .protocol import NotEmulated

EFFECTIVE: dict[str, dict[str, str]] = {
    "sagemaker": {
        "CreateProcessingJob": """ProcessingJobName RoleArn Environment Tags.Key Tags.Value
            AppSpecification.ImageUri AppSpecification.ContainerEntrypoint
            AppSpecification.ContainerArguments StoppingCondition.MaxRuntimeInSeconds
            ProcessingResources.ClusterConfig.InstanceCount
            NetworkConfig.EnableNetworkIsolation=false
            ProcessingInputs.InputName ProcessingInputs.AppManaged=false
            ProcessingInputs.S3Input.S3Uri ProcessingInputs.S3Input.LocalPath
            ProcessingInputs.S3Input.S3DataType ProcessingInputs.S3Input.S3InputMode=File
            ProcessingInputs.S3Input.S3DataDistributionType
            ProcessingInputs.S3Input.S3CompressionType=None
            ProcessingOutputConfig.KmsKeyId ProcessingOutputConfig.Outputs.OutputName
            ProcessingOutputConfig.Outputs.AppManaged=false
            ProcessingOutputConfig.Outputs.S3Output.S3Uri
            ProcessingOutputConfig.Outputs.S3Output.LocalPath
            ProcessingOutputConfig.Outputs.S3Output.S3UploadMode""",
        "DescribeProcessingJob": "ProcessingJobName",
        "StopProcessingJob": "ProcessingJobName",
        "DeleteProcessingJob": "ProcessingJobName",
        "ListProcessingJobs": """CreationTimeAfter CreationTimeBefore LastModifiedTimeAfter
            LastModifiedTimeBefore NameContains StatusEquals SortBy SortOrder NextToken
            MaxResults""",
        "AddTags": "ResourceArn Tags.Key Tags.Value",
        "ListTags": "ResourceArn NextToken MaxResults",
        "DeleteTags": "ResourceArn TagKeys",
    },
    "lambda": {
        "CreateFunction": """FunctionName Handler Role Description Timeout Tags PackageType=Zip
            Publish=false Environment.Variables Code.ZipFile Code.S3Bucket Code.S3Key
            Code.S3ObjectVersion SnapStart.ApplyOn=None LoggingConfig.LogFormat=Text
            LoggingConfig.LogGroup""",
        "UpdateFunctionConfiguration": """FunctionName Handler Role Description Timeout RevisionId
            Environment.Variables SnapStart.ApplyOn=None LoggingConfig.LogFormat=Text
            LoggingConfig.LogGroup""",
        "UpdateFunctionCode": """FunctionName ZipFile S3Bucket S3Key S3ObjectVersion Publish=false
            DryRun RevisionId""",
        "GetFunction": "FunctionName Qualifier",
        "GetFunctionConfiguration": "FunctionName Qualifier",
        "DeleteFunction": "FunctionName Qualifier",
        "ListFunctions": "Marker MaxItems",
        "Invoke": "FunctionName Qualifier InvocationType LogType ClientContext Payload",
        "AddPermission": """FunctionName Qualifier StatementId Action Principal SourceArn
            SourceAccount PrincipalOrgID EventSourceToken RevisionId""",
        "GetPolicy": "FunctionName Qualifier",
        "RemovePermission": "FunctionName Qualifier StatementId RevisionId",
        "TagResource": "Resource Tags",
        "UntagResource": "Resource TagKeys",
        "ListTags": "Resource",
    },
    "scheduler": {
        "CreateSchedule": """Name GroupName ScheduleExpression ScheduleExpressionTimezone StartDate
            EndDate Description State ActionAfterCompletion FlexibleTimeWindow.Mode Target.Arn
            Target.RoleArn Target.Input""",
        "UpdateSchedule": """Name GroupName ScheduleExpression ScheduleExpressionTimezone StartDate
            EndDate Description State ActionAfterCompletion FlexibleTimeWindow.Mode Target.Arn
            Target.RoleArn Target.Input""",
        "GetSchedule": "Name GroupName",
        "DeleteSchedule": "Name GroupName",
        "ListSchedules": "GroupName NamePrefix State NextToken MaxResults",
    },
}
"""Members that have their effect."""

_VPC = "there is one network, this machine's"
_FUNCTION = {
    "MemorySize": "a process here takes what memory it needs",
    "EphemeralStorage.Size": "the disk is this machine's",
    "Runtime": "python3.x all mean the interpreter that runs the local AWS",
    "VpcConfig.SubnetIds": _VPC,
    "VpcConfig.SecurityGroupIds": _VPC,
    "VpcConfig.Ipv6AllowedForDualStack": _VPC,
    "KMSKeyArn": "environment variables are not encrypted at rest",
    "TracingConfig.Mode": "no traces are sent",
}
_ARCHITECTURES = {"Architectures": "the processor is this machine's"}
_SCHEDULE = {
    "ClientToken": "no answer is ever lost on the loopback interface, so nothing is sent twice",
    "FlexibleTimeWindow.MaximumWindowInMinutes": "a schedule is due at the window's start",
    "Target.RetryPolicy.MaximumEventAgeInSeconds": "a target here is there or does not exist",
    "Target.RetryPolicy.MaximumRetryAttempts": "a target here is there or does not exist",
}
HELD: dict[str, dict[str, dict[str, str]]] = {
    "sagemaker": {
        "CreateProcessingJob": {
            "ProcessingResources.ClusterConfig.InstanceType": "every host is a process here",
            "ProcessingResources.ClusterConfig.VolumeSizeInGB": "the disk is this machine's",
            "ProcessingResources.ClusterConfig.VolumeKmsKeyId": "the disk is this machine's",
            "NetworkConfig.VpcConfig.SecurityGroupIds": _VPC,
            "NetworkConfig.VpcConfig.Subnets": _VPC,
            "NetworkConfig.EnableInterContainerTrafficEncryption": "nothing leaves this machine",
            "ExperimentConfig.ExperimentName": "experiments are not recorded",
            "ExperimentConfig.TrialName": "experiments are not recorded",
            "ExperimentConfig.TrialComponentDisplayName": "experiments are not recorded",
            "ExperimentConfig.RunName": "experiments are not recorded",
        },
    },
    "lambda": {
        "CreateFunction": _FUNCTION | _ARCHITECTURES,
        "UpdateFunctionConfiguration": _FUNCTION,
        "UpdateFunctionCode": _ARCHITECTURES,
    },
    "scheduler": {
        "CreateSchedule": _SCHEDULE,
        "UpdateSchedule": _SCHEDULE,
        "DeleteSchedule": {"ClientToken": _SCHEDULE["ClientToken"]},
    },
}
"""Members that are kept and shown as given but change nothing here, and why."""

ADVICE = {
    "ProcessingInputs.DatasetDefinition": "Use S3Input.",
    "ProcessingInputs.S3Input.S3InputMode": "Use File.",
    "ProcessingInputs.S3Input.S3CompressionType": "It needs Pipe mode.",
    "ProcessingResources.ClusterConfig.InstancePreferences": "Use InstanceType and InstanceCount.",
    "NetworkConfig.EnableNetworkIsolation": (
        "A process here always has this machine's network; set it for AWS environments only."
    ),
    "PackageType": "Use a zip file.",
    "Code.ImageUri": "Use a zip file.",
    "ImageUri": "Use a zip file.",
}
"""What to do instead of what is refused, by the beginning of its path."""


def listed(service: str, operation: str) -> dict[str, tuple[str, ...]]:
    """The members of an operation that are acted on or kept.

    Returns:
        Path of each member to the values let through; none means all.
    """
    members: dict[str, tuple[str, ...]] = dict.fromkeys(HELD[service].get(operation, {}), ())
    for item in EFFECTIVE[service][operation].split():
        path, _, value = item.partition("=")
        members[path] = (value,) if value else ()
    return members


def refuse_unlisted(service: str, operation: str, shape: Any, request: dict[str, Any]) -> None:
    """Refuse what a request says and the service would forget.

    Args:
        service: one of our own.
        operation: one that it has.
        shape: botocore's input shape, or None for an operation without input.
        request: the parameters; what is empty asks for nothing.

    Raises:
        NotEmulated: names the members, and says what to do instead.
    """
    if service not in EFFECTIVE:
        return
    names = refused(shape, _without_empty(request), listed(service, operation))
    if names:
        advice = next((text for path, text in ADVICE.items() if names[0].startswith(path)), "")
        raise NotEmulated(f"{service} {operation} parameter {', '.join(names)}", advice)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {name: _without_empty(part) for name, part in value.items()}
        return {name: part for name, part in inner.items() if part not in ({}, [], "", b"", None)}
    if isinstance(value, list):
        return [_without_empty(part) for part in value]
    return value
