"""What surrounds a call whatever its service: signature's scope, request ids, errors, packing."""

from __future__ import annotations

import json
import zlib
from gzip import decompress
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import uuid4
from xml.sax.saxutils import escape

from .protocol import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.core.request import Request

    Answer = tuple[int, Mapping[str, str], bytes]

SCOPE_PARTS = 5
CBOR = "smithy-rpc-v2-cbor"
XML_ERROR_PROTOCOLS = ("query", "rest-xml", "ec2")


def request_id() -> str:
    """A fresh request id."""
    return str(uuid4())


def unpacked(request: Request) -> Request:
    """A request with the body that its client has compressed, as SDKs do with large ones.

    https://smithy.io/2.0/spec/behavior-traits.html#requestcompression-trait

    Raises:
        ServiceError: the body is not what its Content-Encoding says.
    """
    if request.headers.get("Content-Encoding") != "gzip":
        return request
    try:
        body = decompress(request.get_data())
    except (OSError, EOFError, zlib.error) as error:
        raise ServiceError("SerializationException", f"the body is not gzip: {error}") from error
    environ = {**request.environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    del environ["HTTP_CONTENT_ENCODING"]
    return type(request)(environ)


def error_answer(protocol: str, error: ServiceError) -> Answer:
    """An error in a protocol's own form.

    The shapes are those of the smithy protocol pages awsJson1_0/1_1, restJson1, awsQuery and
    of S3's error responses.
    """
    identity = request_id()
    headers = {"x-amzn-RequestId": identity, "Connection": "close"}
    fault = "Sender" if error.status < 500 else "Receiver"  # noqa: PLR2004 - HTTP classes
    if protocol in XML_ERROR_PROTOCOLS:
        inner = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
        if protocol == "query":
            body = (
                f"<ErrorResponse><Error><Type>{fault}</Type>{inner}</Error>"
                f"<RequestId>{identity}</RequestId></ErrorResponse>"
            )
        elif protocol == "ec2":
            body = (
                f"<Response><Errors><Error>{inner}</Error></Errors>"
                f"<RequestID>{identity}</RequestID></Response>"
            )
        else:
            body = (
                '<?xml version="1.0" encoding="UTF-8"?>\n'
                f"<Error>{inner}<RequestId>{identity}</RequestId></Error>"
            )
        return error.status, {**headers, "Content-Type": "text/xml"}, body.encode()
    document = {"__type": error.code, "message": error.message}
    if protocol == CBOR:
        headers |= {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        headers |= {"x-amzn-query-error": f"{error.code};{fault}"}
        return error.status, headers, _cbor(document)
    headers |= {"Content-Type": "application/json", "x-amzn-ErrorType": error.code}
    return error.status, headers, json.dumps(document).encode()


def _cbor(texts: dict[str, str]) -> bytes:
    """A map of texts in CBOR (RFC 8949): of major types 5 and 3, lengths in four bytes."""
    items = [text.encode() for pair in texts.items() for text in pair]
    return bytes([0xA0 | len(texts)]) + b"".join(
        b"\x7a" + len(item).to_bytes(4, "big") + item for item in items
    )


def credential_scope(signature: str) -> tuple[str, str] | None:
    """Region and signing name of a SigV4 signature; None if it is none.

    Args:
        signature: an Authorization header, which holds
            ``Credential=KEY/DATE/REGION/SERVICE/aws4_request``, or that credential alone, as a
            presigned link has it.
    """
    parts = _credential(signature)
    if len(parts) < SCOPE_PARTS:
        return None
    return parts[-3], parts[-2].lower()


def access_key(signature: str) -> str:
    """Access key id of a SigV4 signature, as :func:`credential_scope` takes it."""
    parts = _credential(signature)
    return "/".join(parts[: 1 - SCOPE_PARTS])


def _credential(signature: str) -> list[str]:
    return signature.rpartition("Credential=")[2].partition(",")[0].split("/")
