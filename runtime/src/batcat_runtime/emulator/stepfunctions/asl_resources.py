"""Check a Task state's Resource, and its parameters against botocore's model of the API.

Which integrations AWS has: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html.
AWS refuses parameters that the API does not have when the state machine is created; so do we.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.world import partition_of

from . import asl_fields as fields

if TYPE_CHECKING:
    from .asl_problems import Checker

RESOURCE = re.compile(
    r"^arn:(?P<partition>aws|aws-cn|aws-us-gov):(?P<service>states|lambda):"
    r"(?P<region>[a-z0-9-]*):(?P<account>\d*):(?P<name>.+)$"
)
LAMBDA = re.compile(r"^function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]+)?$")

INTEGRATIONS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "lambda:invoke": ("lambda", "Invoke", ("", "waitForTaskToken")),
    "sagemaker:createProcessingJob": ("sagemaker", "CreateProcessingJob", ("", "sync")),
    "states:startExecution": (
        "stepfunctions",
        "StartExecution",
        ("", "sync", "sync:2", "waitForTaskToken"),
    ),
    "sns:publish": ("sns", "Publish", ("", "waitForTaskToken")),
    "sqs:sendMessage": ("sqs", "SendMessage", ("", "waitForTaskToken")),
    "events:putEvents": ("events", "PutEvents", ("", "waitForTaskToken")),
}
"""Optimized integrations that run here: service, operation, and integration patterns."""

OTHER_SERVICES = frozenset(
    {
        *("apigateway", "athena", "batch", "bedrock", "codebuild", "databrew", "dynamodb"),
        *("ecs", "eks", "elasticmapreduce", "emr-containers", "emr-serverless", "glue"),
        *("http", "mediaconvert"),
        *(name.partition(":")[0] for name in INTEGRATIONS),
    }
)
"""Services AWS has optimized integrations with; what is not listed above does not run here."""

ENGINE_IGNORES = {
    "lambda:invoke": ("InvocationType",),
    "states:startExecution": ("TraceHeader",),
}
"""Parameters the engine would drop."""

SDK_SERVICES = {
    "sfn": "stepfunctions",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "sagemakerruntime": "sagemaker-runtime",
}
"""Names in ``aws-sdk:`` Resources that differ from botocore's."""


def check_resource(checker: Checker, state: dict[str, Any], language: str, path: str) -> None:
    """Note a Resource that is wrong or not emulated, and parameters its API does not have.

    Args:
        checker: collects the problems.
        state: a Task state.
        language: its query language.
        path: where the state is.
    """
    resource, here = state["Resource"], f"{path}/Resource"
    match = RESOURCE.match(resource) if isinstance(resource, str) else None
    if match is None or match["partition"] != partition_of(checker.region):
        _unknown(checker, resource, here)
        return
    if match["service"] == "lambda":
        if not LAMBDA.match(match["name"]):
            _unknown(checker, resource, here)
        _check_heartbeat(checker, state, "", path)
        return
    name, _, pattern = match["name"].partition(".")
    if name.startswith("activity:"):
        checker.not_emulated("An activity", here, "use a Lambda function or a Processing job")
        return
    _check_heartbeat(checker, state, pattern, path)
    if name.startswith("aws-sdk:"):
        _check_sdk(checker, state, language, (name, pattern), path)
        return
    _check_integration(checker, state, language, (name, pattern), path)


def _check_integration(
    checker: Checker, state: dict[str, Any], language: str, named: tuple[str, str], path: str
) -> None:
    name, pattern = named
    here = f"{path}/Resource"
    if name in INTEGRATIONS:
        service, operation, patterns = INTEGRATIONS[name]
        if pattern not in patterns:
            _unknown(checker, state["Resource"], here)
        elif _served(checker, service, name, here):
            _check_parameters(checker, state, language, (service, operation), path)
            for ignored in ENGINE_IGNORES.get(name, ()):
                _refuse_parameter(checker, state, language, ignored, path)
    elif name.partition(":")[0] in OTHER_SERVICES:
        checker.not_emulated(f"Resource {name}", here)
    else:
        _unknown(checker, state["Resource"], here)


def _unknown(checker: Checker, resource: Any, path: str) -> None:
    checker.schema(
        f"The resource provided {resource} is not recognized. The value is not a valid resource "
        "ARN, or the resource is not available in this region.",
        path,
    )


def _check_heartbeat(checker: Checker, state: dict[str, Any], pattern: str, path: str) -> None:
    for name in ("HeartbeatSeconds", "HeartbeatSecondsPath"):
        if name in state and pattern != "waitForTaskToken":
            checker.not_emulated(
                f"{name} without .waitForTaskToken", f"{path}/{name}", "use TimeoutSeconds"
            )


def _check_sdk(
    checker: Checker, state: dict[str, Any], language: str, named: tuple[str, str], path: str
) -> None:
    name, pattern = named
    here = f"{path}/Resource"
    _, _, rest = name.partition(":")
    service, _, action = rest.partition(":")
    if pattern not in ("", "waitForTaskToken") or not action or not action[0].islower():
        _unknown(checker, state["Resource"], here)
        return
    service = SDK_SERVICES.get(service, service)
    if not _served(checker, service, name, here):
        return
    operation = action[0].upper() + action[1:]
    if operation not in _model(service).operation_names:
        _unknown(checker, state["Resource"], here)
        return
    _check_parameters(checker, state, language, (service, operation), path)


def _served(checker: Checker, service: str, name: str, path: str) -> bool:
    """Whether this server answers a service; notes a problem if not."""
    from batcat_runtime.emulator.moto_services import MOTO_OPERATIONS
    from batcat_runtime.emulator.services import OWN_SERVICES

    if service in OWN_SERVICES or service in MOTO_OPERATIONS:
        return True
    checker.not_emulated(f"Resource {name} (service {service})", path)
    return False


def _model(service: str) -> Any:
    from moto.core.utils import get_service_model

    return get_service_model(service)


def _payload(state: dict[str, Any], language: str) -> tuple[str, Any]:
    name = "Arguments" if language == fields.JSONATA else "Parameters"
    return name, state.get(name)


def _check_parameters(
    checker: Checker, state: dict[str, Any], language: str, api: tuple[str, str], path: str
) -> None:
    service, operation = api
    shape = _model(service).operation_model(operation).input_shape
    name, payload = _payload(state, language)
    here = f"{path}/{name}"
    if payload is None:
        payload = {}
    if not isinstance(payload, dict) or shape is None:
        return  # a JSONata expression makes the whole payload
    given = {key.removesuffix(".$") for key in payload}
    missing = [_pascal(member) for member in shape.required_members if _pascal(member) not in given]
    if operation == "StartExecution":
        missing = [member for member in missing if member != "Name"]
    for member in missing:
        checker.schema(f'The field "{member}" is required but was missing', here)
    _check_members(checker, shape, payload, here)


def _check_members(checker: Checker, shape: Any, value: Any, path: str) -> None:
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members = {_pascal(name): member for name, member in shape.members.items()}
        for key, inner in value.items():
            name = key.removesuffix(".$")
            if name.startswith("AWS_STEP_FUNCTIONS"):
                continue
            if name not in members:
                message = f'The field "{name}" is not supported by Step Functions'
                checker.schema(message, f"{path}/{key}")
            elif not key.endswith(".$"):
                _check_members(checker, members[name], inner, f"{path}/{key}")
    elif kind == "list" and isinstance(value, list):
        for index, inner in enumerate(value):
            _check_members(checker, shape.member, inner, f"{path}[{index}]")


def _refuse_parameter(
    checker: Checker, state: dict[str, Any], language: str, parameter: str, path: str
) -> None:
    name, payload = _payload(state, language)
    for key in payload if isinstance(payload, dict) else ():
        if key.removesuffix(".$") == parameter:
            checker.not_emulated(f"Parameter {parameter}", f"{path}/{name}/{key}")


def _pascal(name: str) -> str:
    """Step Functions writes every API's members with a capital first letter."""
    return name[:1].upper() + name[1:]
