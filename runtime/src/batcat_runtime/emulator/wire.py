"""One service's wire format, read and written by botocore's model of that service.

Reading refuses by name what the model does not know: a parameter the model has no member for
would otherwise be dropped in silence, which is what this server must never do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from .envelope import request_id
from .protocol import NotEmulated, ServiceError

if TYPE_CHECKING:
    from moto.core.model import OperationModel
    from moto.core.request import Request

    from .envelope import Answer

SIGNATURE_KEYS = frozenset(
    [
        *("awsaccesskeyid", "signature", "expires", "x-id"),
        *("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires"),
        *("x-amz-signedheaders", "x-amz-signature", "x-amz-security-token"),
    ]
)
"""Query keys of a presigned link, old or new, and of the SDK itself, in lower case."""

METADATA = "x-amz-meta-"
STORES_METADATA = ("PutObject", "CopyObject", "CreateMultipartUpload")
TRANSPORT_HEADERS = frozenset(
    [
        *("x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-amz-user-agent"),
        "x-amz-api-version",  # AWS's SDK for C++, and Arrow's S3 client with it
        *("x-amz-trailer", "x-amz-decoded-content-length", "x-amz-sdk-checksum-algorithm"),
        *("x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme"),
        *("x-amz-checksum-sha1", "x-amz-checksum-sha256", "x-amz-checksum-sha512"),
        "x-amz-checksum-md5",
    ]
)
"""S3's headers of signature and body; an SDK adds them to operations without such members."""
QUERY_ENVELOPE = ("Action", "Version")
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Call:
    """One request, understood.

    Attributes:
        operation: name as in the API, e.g. ``CreateProcessingJob``.
        parameters: the request's members, PascalCase keys as in the API.
    """

    operation: str
    parameters: dict[str, Any]


class Wire:
    """Reads and writes one service's protocol (json, query or rest-json).

    Args:
        service: botocore's name of the service.
        protocol: one of the service's; none means the one that its model names.

    Raises:
        ValueError: botocore knows no such service.
    """

    def __init__(self, service: str, protocol: str = "") -> None:
        from botocore.exceptions import DataNotFoundError
        from moto.core.utils import get_service_model

        self.service = service
        try:
            self.model = get_service_model(service)
        except DataNotFoundError as error:
            raise ValueError(str(error)) from error
        self.protocol = protocol or str(self.model.protocol)

    def operation_of(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Name of the requested operation, and what its path says.

        Raises:
            NotEmulated: botocore's model of the service has no such operation.
        """
        if self.protocol.startswith("rest-"):
            return self._route(request)
        if self.protocol == "query":
            name = request.values.get("Action", "")
            twice = bool(request.args and request.form)
        else:
            twice = bool(request.args) or request.mimetype == FORM
            name = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if name not in self.model.operation_names:
            what = f"operation {name}" if name else f"{request.method} {request.path}"
            raise NotEmulated(f"{self.service} {what}")
        if twice:  # who decides and who answers must not read different places
            raise NotEmulated(f"{self.service} {name} whose parameters stand in two places")
        return name, {}

    def read(self, request: Request, operation: str, path: dict[str, Any]) -> dict[str, Any]:
        """The request's parameters.

        Raises:
            NotEmulated: a parameter is not in botocore's model.
            ServiceError: the request cannot be read as what the model says.
        """
        from moto.core.parse import PROTOCOL_PARSERS

        model = self.model.operation_model(operation)
        values: Any = _Recorder(request.values)
        self._check_json(request, model)
        if self.protocol.startswith("rest-"):
            self.outside_body(request, operation)
        parser = PROTOCOL_PARSERS[self.protocol](model)
        try:
            parsed: dict[str, Any] = parser.parse(
                {
                    "method": request.method,
                    "values": values if self.protocol == "query" else cast("Any", request.values),
                    "headers": request.headers,
                    "body": request.get_data(),
                    "url_path": request.path,
                    "url_params": path,
                },
            )
        except (ValueError, TypeError, AttributeError) as error:
            raise ServiceError("SerializationException", str(error)) from error
        if self.protocol == "query":
            unknown = sorted(set(values) - values.seen - set(QUERY_ENVELOPE))
            refuse_unknown(self.service, operation, unknown)
        return parsed

    def outside_body(self, request: Request, operation: str) -> dict[str, str]:
        """The parameters that a REST request gives in headers and query, as text.

        Raises:
            NotEmulated: the query has a parameter that the model does not know; for S3, also one
                of its headers.
        """
        model = self.model.operation_model(operation)
        members = model.input_shape.members if model.input_shape is not None else {}
        given, keys, headers = {}, set(model.http_trait.query_args), set(TRANSPORT_HEADERS)
        for name, member in members.items():
            place = member.serialization.get("location")
            key = member.serialization.get("name", name)
            if place == "querystring":
                keys.add(key)
            if place == "header":
                headers.add(key.lower())
            if place == "querystring" and key in request.args:
                given[name] = request.args[key]
            if place == "header" and key in request.headers:
                given[name] = request.headers[key]
        metadata = operation in STORES_METADATA
        unknown = {key for key in request.args if not _is_signature(key)} - keys
        if self.service == "s3":
            said = {name.lower() for name in request.headers.keys()}  # noqa: SIM118 - not a dict
            unknown |= {name for name in said if name.startswith("x-amz-")} - headers
        refuse_unknown(
            self.service,
            operation,
            sorted(key for key in unknown if not (metadata and key.lower().startswith(METADATA))),
        )
        return given

    def write(self, operation: str, result: dict[str, Any] | None) -> Answer:
        """The answer's status, headers and body."""
        from moto.core.serialize import SerializationContext, get_serializer_class

        serializer = get_serializer_class(self.service, self.protocol)(
            self.model.operation_model(operation),
            SerializationContext(request_id()),
        )
        result = result or {}
        answer = serializer.serialize(result)
        body = answer["body"]
        shape = self.model.operation_model(operation).output_shape
        members = shape.members if shape is not None else {}
        for name, member in members.items():
            if member.serialization.get("location") == "statusCode" and name in result:
                answer["status_code"] = result[name]
        status = int(answer["status_code"])
        if status == HTTPStatus.NO_CONTENT:
            body = b""
        return status, answer["headers"], body if isinstance(body, bytes) else str(body).encode()

    def _route(self, request: Request) -> tuple[str, dict[str, Any]]:
        from moto.core.routing import get_service_router
        from werkzeug.exceptions import HTTPException

        try:
            operation, path = get_service_router(self.service).match(request)
        except (HTTPException, NotImplementedError):
            what = f"{self.service} {request.method} {request.path}"
            raise NotEmulated(what) from None
        return str(operation.name), dict(path)

    def _check_json(self, request: Request, model: OperationModel) -> None:
        """Refuse unknown members and wrong types in a JSON body."""
        shape = model.input_shape
        if self.protocol == "query" or shape is None:
            return
        payload = shape.serialization.get("payload")
        if payload:
            shape = shape.members[payload]
            if shape.type_name in ("blob", "string"):
                return
        body = request.get_data()
        try:
            document = json.loads(body) if body else {}
        except ValueError as error:
            raise ServiceError(
                "SerializationException",
                f"the body is not JSON: {error}",
            ) from error
        unknown: list[str] = []
        if document is None:
            raise ServiceError("SerializationException", f"the body must be a {shape.type_name}")
        walk(shape, document, "", unknown)
        refuse_unknown(self.service, str(model.name), unknown)


class _Recorder(dict[str, str]):
    """Form values that remember which were asked for."""

    def __init__(self, values: Any) -> None:
        super().__init__(values.items())
        self.seen: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.seen.add(key)
        return super().get(key, default)


def refuse_unknown(service: str, operation: str, unknown: list[str]) -> None:
    """Refuse by name what a request says and the model does not know.

    Raises:
        NotEmulated: there is something.
    """
    if unknown:
        names = ", ".join(unknown)
        raise NotEmulated(f"{service} {operation} parameter {names}")


_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
}


def walk(shape: Any, value: Any, path: str, unknown: list[str]) -> None:
    """Collect members the shape lacks; raise where a value has another type than the model.

    Args:
        shape: botocore's shape of the value.
        value: what a request says.
        path: where it says so.
        unknown: filled with the paths of members that the shape lacks.

    Raises:
        ServiceError: a value has another type.
    """
    if value is None or getattr(shape, "is_document_type", False):
        return
    expected = _JSON_TYPES.get(shape.type_name)
    wrong_boolean = isinstance(value, bool) and shape.type_name != "boolean"
    if expected and (not isinstance(value, expected) or wrong_boolean):
        raise ServiceError(
            "SerializationException",
            f"{path or 'the body'} must be a {shape.type_name}, not {json.dumps(value)[:80]}",
        )
    if shape.type_name == "structure":
        names = {
            member.serialization.get("name", name): member
            for name, member in shape.members.items()
            if "location" not in member.serialization
        }
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            if key in names:
                walk(names[key], inner, here, unknown)
            else:
                unknown.append(here)
    elif shape.type_name == "list":
        for index, inner in enumerate(value):
            walk(shape.member, inner, f"{path}[{index}]", unknown)
    elif shape.type_name == "map":
        for key, inner in value.items():
            walk(shape.value, inner, f"{path}.{key}", unknown)


def _is_signature(key: str) -> bool:
    """Whether a query key belongs to a presigned link, or to the SDK itself (``x-id``)."""
    return key.lower() in SIGNATURE_KEYS
