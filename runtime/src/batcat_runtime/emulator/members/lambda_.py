"""Lambda: functions, invocations and permissions."""

from __future__ import annotations

_LATER = """FunctionName Qualifier MaximumRetryAttempts MaximumEventAgeInSeconds
    DestinationConfig.OnSuccess.Destination DestinationConfig.OnFailure.Destination"""

EFFECTIVE = {
    "CreateFunction": """FunctionName Handler Role Description Timeout Tags PackageType=Zip
        Publish=false Environment.Variables DeadLetterConfig.TargetArn Code.ZipFile
        Code.S3Bucket Code.S3Key
        Code.S3ObjectVersion SnapStart.ApplyOn=None LoggingConfig.LogFormat=Text
        LoggingConfig.LogGroup""",
    "UpdateFunctionConfiguration": """FunctionName Handler Role Description Timeout RevisionId
        Environment.Variables DeadLetterConfig.TargetArn SnapStart.ApplyOn=None
        LoggingConfig.LogFormat=Text LoggingConfig.LogGroup""",
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
    "PutFunctionEventInvokeConfig": _LATER,
    "UpdateFunctionEventInvokeConfig": _LATER,
    "GetFunctionEventInvokeConfig": "FunctionName Qualifier",
    "DeleteFunctionEventInvokeConfig": "FunctionName Qualifier",
    "TagResource": "Resource Tags",
    "UntagResource": "Resource TagKeys",
    "ListTags": "Resource",
}

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
HELD = {
    "CreateFunction": _FUNCTION | _ARCHITECTURES,
    "UpdateFunctionConfiguration": _FUNCTION,
    "UpdateFunctionCode": _ARCHITECTURES,
}
