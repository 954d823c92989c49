"""What a client says of a body must be true; moto believes it.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; headers and trailers:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

from . import crc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MD5_BYTES = 16
TRAILER = re.compile(rb"(x-amz-checksum-\w+):([A-Za-z0-9+/=]+)")
TRAILER_BYTES = 1024
"""Where to look for a trailer: the last bytes of a body sent in chunks."""


def _crc32(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "big")


def _crc32c(data: bytes) -> bytes:
    try:
        from awscrt import checksums
    except ImportError:
        return crc.checksum(data, crc.CRC32C)
    return int(checksums.crc32c(data)).to_bytes(4, "big")


def _crc64nvme(data: bytes) -> bytes:
    try:
        from awscrt import checksums
    except ImportError:
        return crc.checksum(data, crc.CRC64NVME)
    return int(checksums.crc64nvme(data)).to_bytes(8, "big")


def _hash(name: str) -> Callable[[bytes], bytes]:
    return lambda data: hashlib.new(name, data, usedforsecurity=False).digest()


ALGORITHMS: dict[str, Callable[[bytes], bytes]] = {
    "CRC32": _crc32,
    "CRC32C": _crc32c,
    "CRC64NVME": _crc64nvme,
    **{name: _hash(name) for name in ("MD5", "SHA1", "SHA256", "SHA512")},
}


def patch() -> None:
    """Compare before moto does anything, and let it keep what was compared."""
    from moto.s3 import models, responses

    setup: Any = responses.S3Response.setup_class

    def setup_class(self: Any, request: Any, *more: Any, **options: Any) -> None:
        setup(self, request, *more, **options)
        check(request.headers, self.raw_body or b"", self.body or b"")

    def get_checksum(self: Any, response_headers: dict[str, Any]) -> tuple[str, str | None]:
        found = declared(self.headers, self.raw_body or b"")
        if found is None:
            return "", None
        response_headers[header_of(found[0])] = found[1]
        return found

    for module in (models, responses):
        replace(module, compute_checksum=compute)
    replace(responses.S3Response, setup_class=setup_class, _get_checksum=get_checksum)


def compute(body: bytes, algorithm: str, encode_base64: bool = True) -> bytes:
    """A checksum, in the place and form of moto's function of that name.

    Args:
        body: what to sum.
        algorithm: one of ``ALGORITHMS``.
        encode_base64: whether to give it as S3 writes it.
    """
    digest = ALGORITHMS[algorithm](body)
    return b64encode(digest) if encode_base64 else digest


def header_of(algorithm: str) -> str:
    """The header that carries a checksum."""
    return f"x-amz-checksum-{algorithm.lower()}"


def declared(headers: Mapping[str, str], raw: bytes) -> tuple[str, str] | None:
    """Algorithm and value of the checksum that a request gives, in a header or a trailer.

    Args:
        headers: the request's.
        raw: its body as sent, chunks and trailer included.

    Raises:
        ServiceError: there is more than one, or less than was announced.
    """
    given = {name: headers[header_of(name)] for name in ALGORITHMS if header_of(name) in headers}
    trailer = headers.get("x-amz-trailer", "").lower()
    if trailer:
        sent = {
            key.decode(): value.decode() for key, value in TRAILER.findall(raw[-TRAILER_BYTES:])
        }
        if trailer not in sent:
            raise ServiceError("MalformedTrailerError", f"The body has no trailer {trailer}")
        given |= {name: sent[trailer] for name in ALGORITHMS if header_of(name) == trailer}
    named = headers.get("x-amz-sdk-checksum-algorithm", "").upper()
    if len(given) > 1:
        raise _invalid(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    if named and not given:
        raise _invalid(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "
            "x-amz-trailer headers were found."
        )
    if named and named not in given:
        raise _invalid("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    return next(iter(given.items()), None)


def check(headers: Mapping[str, str], raw: bytes, body: bytes) -> None:
    """Compare a body with what the request says of it.

    Args:
        headers: the request's.
        raw: its body as sent.
        body: what is to be stored.

    Raises:
        ServiceError: they differ.
    """
    if "Content-MD5" in headers:
        given = _decoded(headers["Content-MD5"])
        if given is None or len(given) != MD5_BYTES:
            raise ServiceError("InvalidDigest", "The Content-MD5 you specified was invalid.")
        if given != ALGORITHMS["MD5"](body):
            raise ServiceError(
                "BadDigest", "The Content-MD5 you specified did not match what we received."
            )
    found = declared(headers, raw)
    if found is None:
        return
    algorithm, value = found
    given, actual = _decoded(value), ALGORITHMS[algorithm](body)
    if given is None or len(given) != len(actual):
        raise _invalid(f"Value for {header_of(algorithm)} header is invalid.")
    if given != actual:
        raise ServiceError(
            "BadDigest", f"The {algorithm} you specified did not match the calculated checksum."
        )


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRequest", message)
