"""The protocol ``smithy-rpc-v2-cbor``, which clients of newer services speak.

Source: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html. A service that speaks
it understands the protocols it had before as well. botocore reads and writes the bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .envelope import CBOR, request_id
from .protocol import NotEmulated, ServiceError
from .wire import Wire, refuse_unknown, walk

if TYPE_CHECKING:
    from moto.core.request import Request

    from .envelope import Answer

HEADER, VERSION, MEDIA = "smithy-protocol", "rpc-v2-cbor", "application/cbor"


def spoken(request: Request, own: str) -> str:
    """The protocol a request speaks.

    Args:
        request: as it arrived.
        own: the protocol that botocore's model names for the service.
    """
    if own != CBOR or request.headers.get(HEADER) == VERSION:
        return own
    return "json" if "X-Amz-Target" in request.headers else "query"


def make_wire(service: str, protocol: str) -> Wire:
    """The wire format of a service in one of its protocols.

    Args:
        service: botocore's name of the service.
        protocol: as :func:`spoken` says, or nothing for the service's own.
    """
    wire = Wire(service, protocol)
    return CborWire(service, protocol) if wire.protocol == CBOR else wire


class CborWire(Wire):
    """Reads and writes one service's requests and answers in CBOR."""

    def operation_of(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Name of the requested operation, the last part of the path."""
        name = request.path.rpartition("/operation/")[2]
        if name not in self.model.operation_names:
            raise NotEmulated(f"{self.service} operation {name}")
        return name, {}

    def read(self, request: Request, operation: str, path: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """The request's parameters."""
        from botocore.parsers import RpcV2CBORParser

        body, shape = request.get_data(), self.model.operation_model(operation).input_shape
        if not body or shape is None:
            return {}
        reader: Any = RpcV2CBORParser()
        try:
            document = reader.parse_data_item(reader.get_peekable_stream_from_bytes(body))
        except Exception as error:  # botocore raises whatever the bytes make it stumble over
            raise ServiceError(
                "SerializationException", f"the body is not CBOR: {error}"
            ) from error
        unknown: list[str] = []
        walk(shape, document, "", unknown)
        refuse_unknown(self.service, operation, unknown)
        return dict(document)

    def write(self, operation: str, result: dict[str, Any] | None) -> Answer:
        """The answer's status, headers and body."""
        shape = self.model.operation_model(operation).output_shape
        headers = {HEADER: VERSION, "Content-Type": MEDIA, "x-amzn-RequestId": request_id()}
        return 200, headers, encoded(result or {}, shape) if shape is not None else b""


def encoded(value: dict[str, Any], shape: Any) -> bytes:
    """A structure as CBOR.

    Args:
        value: its members.
        shape: botocore's shape of it.
    """
    from botocore.serialize import RpcV2CBORSerializer

    writer: Any = RpcV2CBORSerializer()
    body = bytearray()
    writer._serialize_data_item(body, value, shape)  # noqa: SLF001 - botocore writes requests only
    return bytes(body)
