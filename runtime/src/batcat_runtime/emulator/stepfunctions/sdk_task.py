"""Task states that call any AWS API: ``arn:aws:states:::aws-sdk:<service>:<action>``.

moto puts boto3's answer into the state as it is, so a time in it breaks the execution; it sends
a body that is not text as it is; and it names the error of only two services as AWS does.
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as engine,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501 - moto's name
    StateTaskService,
)

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import NOT_EMULATED

from .asl_resources import SDK_SERVICES
from .context import timestamp
from .tasks import service_task

if TYPE_CHECKING:
    from collections.abc import Callable


def patch() -> None:
    """Replace how the engine calls an API and what it does with the answer."""
    overrides = {**StateTaskService._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES, **SDK_SERVICES}  # noqa: SLF001 - the patch
    replace(StateTaskService, _SERVICE_NAME_SFN_TO_BOTO_OVERRIDES=overrides)
    replace(
        engine.StateTaskServiceAwsSdk,
        _eval_service_task=service_task(_call),
        _normalise_exception_name=staticmethod(error_name),
        _normalise_service_error_name=staticmethod(service_name),
    )


def service_name(name: str) -> str:
    """Name of a service in an error, e.g. ``S3`` or ``DynamoDb``.

    In Resource ARNs the name is that of the AWS SDK for Java 2.x in camel case; in errors it
    begins with a capital: ``S3.NoSuchKeyException``, ``Sfn.ExecutionAlreadyExistsException``.
    """
    return "DynamoDb" if name.lower() == "dynamodb" else name[:1].upper() + name[1:]


def error_name(service: str, error: Exception) -> str:
    """Name of an error: ``S3.NoSuchKeyException``; one outside the model is the service's own."""
    if getattr(error, "response", {}).get("Error", {}).get("Code") == NOT_EMULATED:
        return NOT_EMULATED
    kind = type(error).__name__
    name = service if kind == "ClientError" else kind
    return f"{service}.{name}" + ("" if name.endswith("Exception") else "Exception")


def as_json(shape: Any, value: Any) -> Any:
    """An answer of boto3 as a state's output.

    Times are text, bodies are read, and members begin with a capital, whatever the API does.

    Args:
        shape: botocore's shape of the value, or None.
        value: what boto3 returned.
    """
    kind = getattr(shape, "type_name", None)
    if kind == "structure" and isinstance(value, dict):
        members = shape.members
        return {
            key[:1].upper() + key[1:]: as_json(members.get(key), inner)
            for key, inner in value.items()
        }
    if isinstance(value, dict):
        inner_shape = getattr(shape, "value", None)
        return {key: as_json(inner_shape, inner) for key, inner in value.items()}
    if isinstance(value, list):
        inner_shape = getattr(shape, "member", None)
        return [as_json(inner_shape, inner) for inner in value]
    if isinstance(value, datetime):
        return timestamp(value).replace(".000Z", "Z")
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", errors="replace")
    return value


def as_request(shape: Any, value: Any) -> Any:
    """A state's parameters as boto3 takes them: a document where text or bytes go is JSON.

    Args:
        shape: botocore's shape of the value, or None.
        value: what the state says.
    """
    kind = getattr(shape, "type_name", None)
    if kind == "structure" and isinstance(value, dict):
        names = {name[:1].upper() + name[1:]: name for name in shape.members}
        return {
            names.get(key, key): as_request(shape.members.get(names.get(key, key)), inner)
            for key, inner in value.items()
        }
    if kind == "map" and isinstance(value, dict):
        return {key: as_request(shape.value, inner) for key, inner in value.items()}
    if kind == "list" and isinstance(value, list):
        return [as_request(shape.member, inner) for inner in value]
    if kind == "string" and isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"))
    if kind == "blob":
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        return text.encode()
    return value


def _call(task: Any, client_of: Callable[[str], Any], parameters: dict[str, Any]) -> Any:
    client = client_of(task._get_boto_service_name())  # noqa: SLF001 - the engine's own method
    method = task._get_boto_service_action()  # noqa: SLF001 - the engine's own method
    operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    answer = getattr(client, method)(**as_request(operation.input_shape, parameters))
    answer.pop("ResponseMetadata", None)
    return as_json(operation.output_shape, answer)
