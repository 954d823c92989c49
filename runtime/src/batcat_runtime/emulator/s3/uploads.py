"""Multipart uploads: which there are, their parts and checksums; and the sources of copies.

moto fails with a KeyError where an upload is unknown, counts parts instead of reading their
numbers, takes them in any order and believes their checksums.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

from .checksums import ALGORITHMS, compute, declared

MOST_PARTS = 1000
"""Parts on a page of ListParts, at most (API reference)."""

COMPOSITE, FULL_OBJECT = "COMPOSITE", "FULL_OBJECT"
FULL_ONLY, COMPOSITE_ONLY = ("CRC64NVME",), ("SHA1", "SHA256", "SHA512", "MD5")
"""Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html."""


def patch() -> None:
    """Put the checks before what moto does with uploads."""
    from moto.s3.models import FakeMultipart, S3Backend
    from moto.s3.responses import S3Response

    post: Any = S3Response._key_response_post  # noqa: SLF001 - the patch
    copy: Any = S3Response.upload_part_copy
    upload: Any = S3Response.upload_part
    copy_whole: Any = S3Response.copy_object

    def upload_part(self: Any) -> Any:
        _check_algorithm(_upload(self), declared(self.headers, self.raw_body or b""))
        return upload(self)

    def upload_part_copy(self: Any) -> Any:
        _upload(self)
        _check_source(self)
        return copy(self)

    def copy_object(self: Any) -> Any:
        found = _source(self)
        if found is not None:
            _check_conditions(self.headers, found)
        return copy_whole(self)

    def key_response_post(self: Any, *arguments: Any) -> Any:
        _, body, bucket_name, query, key_name = arguments
        if "uploads" in query:
            _check_type(self.headers)
        elif query.get("uploadId"):
            done = getattr(self.backend.get_object(bucket_name, key_name), "multipart", None)
            if done is None or done.id != query["uploadId"][0]:
                _check_parts(_upload(self), body)
        return post(self, *arguments)

    replace(
        S3Response,
        copy_object=copy_object,
        upload_part=upload_part,
        upload_part_copy=upload_part_copy,
        list_parts=_for_known(S3Response.list_parts),
        abort_multipart_upload=_for_known(S3Response.abort_multipart_upload),
        _key_response_post=key_response_post,
    )
    replace(FakeMultipart, list_parts=_list_parts)
    replace(S3Backend, is_truncated=_is_truncated)


def _for_known(respond: Any) -> Any:
    def known(self: Any) -> Any:
        _upload(self)
        return respond(self)

    return known


def _upload(self: Any) -> Any:
    """The upload that a request is about; it belongs to one key."""
    wanted = self._get_param("uploadId")
    found = self.backend.get_bucket(self.bucket_name).multiparts.get(wanted)
    if found is None or found.key_name != self.parse_key_name():
        raise ServiceError(
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may "
            "have been aborted or completed.",
            404,
        )
    return found


def _list_parts(self: Any, part_number_marker: int, max_parts: int) -> Any:
    following = [number for number in self.partlist if number > part_number_marker]
    return iter([self.parts[number] for number in following[: min(max_parts, MOST_PARTS)]])


def _is_truncated(self: Any, bucket_name: str, multipart_id: str, last: int) -> bool:
    return any(
        number > last for number in self.get_bucket(bucket_name).multiparts[multipart_id].parts
    )


def _algorithm(headers: Any) -> tuple[str, str]:
    """Algorithm and type of an upload's checksum; empty where it has none."""
    name = str(headers.get("x-amz-checksum-algorithm") or "").upper()
    usual = FULL_OBJECT if name in FULL_ONLY else COMPOSITE
    return name, str(headers.get("x-amz-checksum-type") or (usual if name else "")).upper()


def _check_type(headers: Any) -> None:
    name, kind = _algorithm(headers)
    if kind and not name:
        raise _invalid(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm "
            "header."
        )
    if name in (COMPOSITE_ONLY if kind == FULL_OBJECT else FULL_ONLY):
        raise _invalid(
            f"The {kind} checksum type cannot be used with the {name.lower()} checksum algorithm."
        )


def _check_algorithm(upload: Any, given: tuple[str, str] | None) -> None:
    name, _ = _algorithm(upload.metadata)
    if name and given and given[0] != name:
        raise _invalid(
            f"Checksum Type mismatch occurred, expected checksum Type: {name.lower()}, actual "
            f"checksum Type: {given[0].lower()}"
        )


def _check_parts(upload: Any, body: bytes) -> None:
    """What CompleteMultipartUpload says of the parts must be true."""
    if not body:
        raise _invalid("You must specify at least one part")
    name, kind = _algorithm(upload.metadata)
    before = 0
    for part in ET.fromstring(body):  # noqa: S314 - read before
        said = {child.tag.rpartition("}")[2]: child.text or "" for child in part}
        if not said.get("ETag") or not said.get("PartNumber"):
            raise ServiceError("MalformedXML", "Each Part needs its ETag and its PartNumber")
        number = int(said["PartNumber"])
        if number <= before:
            raise ServiceError(
                "InvalidPartOrder",
                "The list of parts was not in ascending order. The parts list must be specified in "
                "order by part number.",
            )
        before = number
        if name and kind == COMPOSITE and f"Checksum{name}" not in said:
            raise _invalid(
                f"The upload was created using a {name.lower()} checksum. The complete request "
                "must include the checksum for each part. It was missing for part "
                f"{number} in the request."
            )
        for algorithm in ALGORITHMS:
            value = said.get(f"Checksum{algorithm}")
            stored = upload.parts.get(number)
            if value and stored and compute(stored.value, algorithm).decode() != value:
                raise ServiceError(
                    "InvalidPart",
                    "One or more of the specified parts could not be found. The part may not have "
                    f"been uploaded, or its {algorithm} may not match: part {number}",
                )


def _check_source(self: Any) -> None:
    """The source of a part must exist and be as long as the range says."""
    found = _source(self)
    if found is None:
        raise ServiceError("NoSuchKey", "The specified key does not exist.", 404)
    _check_conditions(self.headers, found)
    text = self.headers.get("x-amz-copy-source-range")
    if text is None:
        return
    match = re.fullmatch(r"bytes=(\d+)-(\d+)", text)
    if match is None:
        raise ServiceError(
            "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first "
            "and last are the zero-based offsets of the first and last bytes to copy",
        )
    if not int(match[1]) <= int(match[2]) < found.size:
        raise ServiceError(
            "InvalidArgument",
            f"Range specified is not valid for source object of size: {found.size}",
        )


def _source(self: Any) -> Any:
    """The object that a request copies from."""
    source = urlsplit(self.headers["x-amz-copy-source"])
    bucket, _, key = unquote(source.path).lstrip("/").partition("/")
    version = parse_qs(source.query).get("versionId", [None])[0]
    return self.backend.get_object(bucket, key, version_id=version)


def _check_conditions(headers: Any, found: Any) -> None:
    tag = found.etag.strip('"')
    wanted = headers.get("x-amz-copy-source-if-match", tag).strip('"')
    unwanted = headers.get("x-amz-copy-source-if-none-match", "").strip('"')
    if wanted != tag or unwanted == tag:
        raise ServiceError(
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            412,
        )


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRequest", message)
