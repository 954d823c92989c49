"""SageMaker.

That a job's tags need ``sagemaker:AddTags``, and its role ``iam:PassRole``: Service Authorization
Reference, dependent actions of CreateProcessingJob.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .asked import Asked, Keys, Need

PREFIX = "sagemaker"
PRINCIPAL = "sagemaker.amazonaws.com"
_JOB = "processing-job/{ProcessingJobName}"
RESOURCES = {
    "CreateProcessingJob": _JOB,
    "DescribeProcessingJob": _JOB,
    "StopProcessingJob": _JOB,
    "DeleteProcessingJob": _JOB,
    "ListProcessingJobs": "*",
    "AddTags": "{ResourceArn}",
    "ListTags": "{ResourceArn}",
    "DeleteTags": "{ResourceArn}",
}


def _create(asked: Asked) -> list[Need]:
    tagging = asked.needs("AddTags", _JOB) if asked.get("Tags") else []
    return [*tagging, *asked.pass_role(asked.get("RoleArn"), PRINCIPAL)]


MORE = {"CreateProcessingJob": _create}


def keys(asked: Asked) -> Keys:
    """Condition keys of a job."""
    if asked.operation != "CreateProcessingJob":
        return {}
    cluster = asked.get("ProcessingResources", "ClusterConfig", default={})
    network = asked.get("NetworkConfig", default={})
    vpc = network.get("VpcConfig") or {}
    found = {
        "instancetypes": [cluster.get("InstanceType")],
        "volumekmskey": [cluster.get("VolumeKmsKeyId")],
        "outputkmskey": [asked.get("ProcessingOutputConfig", "KmsKeyId")],
        "maxruntimeinseconds": [asked.get("StoppingCondition", "MaxRuntimeInSeconds")],
        "networkisolation": [network.get("EnableNetworkIsolation", False)],
        "intercontainertrafficencryption": [
            network.get("EnableInterContainerTrafficEncryption", False)
        ],
        "vpcsubnets": vpc.get("Subnets") or [],
        "vpcsecuritygroupids": vpc.get("SecurityGroupIds") or [],
    }
    told = {
        f"sagemaker:{name}": tuple(_text(value) for value in values if value is not None)
        for name, values in found.items()
    }
    return {name: values for name, values in told.items() if values}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


KEYS = frozenset(
    f"sagemaker:{name}"
    for name in (
        *("instancetypes", "volumekmskey", "outputkmskey", "maxruntimeinseconds"),
        *("networkisolation", "intercontainertrafficencryption"),
        *("vpcsubnets", "vpcsecuritygroupids"),
    )
)
