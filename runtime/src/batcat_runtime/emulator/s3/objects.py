"""Contents, also overwritten ones and such as look like forms, keys, tags and deletions."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from batcat_runtime.emulator.envelope import credential_scope
from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

FORM = "application/x-www-form-urlencoded"
"""What curl and urllib call a body when nobody says what it is."""

KEY_BYTES = 1024
"""Longest key ("Naming Amazon S3 objects" in the S3 user guide)."""


def patch() -> None:
    """Read contents and tags as S3 does, and tell of a quiet DeleteObjects the errors only."""
    from moto.core.request import Request
    from moto.s3.models import FakeKey, S3Backend
    from moto.s3.responses import S3Response

    # moto would take a content that looks like a form for parameters, and store nothing.
    replace(Request, want_form_data_parsed=property(_want_form))
    replace(FakeKey, dispose=_when_unused(FakeKey.dispose), etag=_in_turn(FakeKey.etag))
    replace(S3Backend, delete_object_tagging=_checked_untagging(S3Backend.delete_object_tagging))
    replace(
        S3Response,
        _key_response=_of_short_key(S3Response._key_response),  # noqa: SLF001 - the patch
        _key_response_put=_checked(S3Response._key_response_put),  # noqa: SLF001 - the patch
        _key_response_post=_checked(S3Response._key_response_post),  # noqa: SLF001 - the patch
        _bucket_response_delete_keys=_quiet(S3Response._bucket_response_delete_keys),  # noqa: SLF001 - the patch
        _tagging_from_headers=_tags_of_header,
        _tagging_from_xml=_tags_of_document,
    )


def _when_unused(dispose: Any) -> Any:
    """A content that was overwritten or deleted stays for the requests that are answering it."""

    def when_unused(self: Any, garbage: bool = False) -> None:
        self.disposed = True
        if garbage:
            dispose(self, garbage)

    return when_unused


def _in_turn(etag: Any) -> property:
    """Requests that hash one content would read from one position."""

    def in_turn(self: Any) -> str:
        with self.lock:
            return str(etag.fget(self))

    return property(in_turn)


def _want_form(request: Any) -> bool:
    """Whether a body is a form, as none of S3's is; its links are signed in their query."""
    signed = credential_scope(request.headers.get("Authorization", ""))
    of_others = signed[1] != "s3" if signed else not request.query_string
    return request.mimetype == FORM and of_others


def _checked_untagging(untag: Any) -> Any:
    def delete_object_tagging(self: Any, bucket_name: str, key_name: str, **more: Any) -> None:
        if self.get_object(bucket_name, key_name, **more) is None:
            raise ServiceError("NoSuchKey", "The specified key does not exist.", 404)
        untag(self, bucket_name, key_name, **more)

    return delete_object_tagging


def _of_short_key(respond: Any) -> Any:
    def key_response(self: Any, request: Any, full_url: str) -> Any:
        size = len(self.parse_key_name().encode("utf-8", "surrogateescape"))
        if size > KEY_BYTES:
            raise ServiceError(
                "KeyTooLongError", f"Your key is too long: {size} bytes, of at most {KEY_BYTES}"
            )
        return respond(self, request, full_url)

    return key_response


def _checked(respond: Any) -> Any:
    def checked(self: Any, *arguments: Any) -> Any:
        _check_key(self.headers)
        return respond(self, *arguments)

    return checked


def _quiet(delete: Any) -> Any:
    def delete_keys(self: Any, bucket_name: str, authenticated: bool = True) -> Any:
        status, headers, body = delete(self, bucket_name, authenticated)
        if _first(ET.fromstring(self.body), "Quiet") == "true":  # noqa: S314 - read before
            body = _without_deleted(body)
            headers = {key: value for key, value in headers.items() if key != "content-length"}
        return status, headers, body

    return delete_keys


def _tags_of_header(_: Any, headers: Any) -> dict[str, str]:
    pairs = parse_qsl(headers.get("x-amz-tagging") or "", keep_blank_values=True)
    if len(dict(pairs)) < len(pairs) or any(not key for key, _ in pairs):
        raise ServiceError(
            "InvalidArgument",
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query "
            "parameters without tag name duplicates.",
        )
    return dict(pairs)


def _tags_of_document(self: Any) -> dict[str, str]:
    document = ET.fromstring(self.body)  # noqa: S314 - read before
    tags = [tag for tag in document.iter() if _name(tag) == "Tag"]
    found = {_first(tag, "Key") or "": _first(tag, "Value") or "" for tag in tags}
    if len(found) < len(tags):
        raise ServiceError("InvalidTag", "Cannot provide multiple Tags with the same key")
    return found


def _check_key(headers: Any) -> None:
    """A KMS key needs an encryption that uses it."""
    kind = headers.get("x-amz-server-side-encryption", "")
    if "x-amz-server-side-encryption-aws-kms-key-id" in headers and not kind.startswith("aws:kms"):
        raise ServiceError(
            "InvalidArgument",
            "Server Side Encryption with AWS KMS managed key requires HTTP header "
            "x-amz-server-side-encryption : aws:kms",
        )


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _first(parent: ET.Element, name: str) -> str | None:
    """Text of a parent's child."""
    return next((child.text for child in parent if _name(child) == name), None)


def _without_deleted(body: str | bytes) -> bytes:
    root = ET.fromstring(body)  # noqa: S314 - moto's own answer
    for child in [child for child in root if _name(child) == "Deleted"]:
        root.remove(child)
    return ET.tostring(root)
