"""SageMaker: Processing jobs and tags."""

from __future__ import annotations

EFFECTIVE = {
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
}

_VPC = "there is one network, this machine's"
HELD = {
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
}
