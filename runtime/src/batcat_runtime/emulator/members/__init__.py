"""What our own services do with each member of a request: act on it, keep it, or refuse it.

A member that is not named here is refused by name, so what a new botocore brings is refused until
someone has looked at it. Each service's module has two tables: ``EFFECTIVE``, the members of each
operation that have their effect, and ``HELD``, those that are kept and shown as given but change
nothing here, and why. Members are named by their paths in botocore's model, lists left out;
``AppManaged=false`` lets only that value through. CloudFormation checks its own requests.
"""

from __future__ import annotations

from typing import Any

from batcat_runtime.emulator.moto_services import refused
from batcat_runtime.emulator.protocol import NotEmulated

from . import (
    athena,
    budgets,
    cloudwatch,
    glue,
    lambda_,
    redshift,
    redshift_data,
    redshift_serverless,
    resourcegroupstaggingapi,
    sagemaker,
    scheduler,
)

_SERVICES: dict[str, Any] = {
    "sagemaker": sagemaker,
    "lambda": lambda_,
    "scheduler": scheduler,
    "athena": athena,
    "budgets": budgets,
    "cloudwatch": cloudwatch,
    "glue": glue,
    "redshift": redshift,
    "redshift-data": redshift_data,
    "redshift-serverless": redshift_serverless,
    "resourcegroupstaggingapi": resourcegroupstaggingapi,
}
EFFECTIVE: dict[str, dict[str, str]] = {
    name: service.EFFECTIVE for name, service in _SERVICES.items()
}
HELD: dict[str, dict[str, dict[str, str]]] = {
    name: service.HELD for name, service in _SERVICES.items()
}

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
    "ResultConfiguration.EncryptionConfiguration.EncryptionOption": "Use SSE_S3 or SSE_KMS.",
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
        members[path] = tuple(value.split("|")) if value else ()
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
