"""Contents that look like forms, tags, and deletions that are not to be told."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from batcat_runtime.emulator.envelope import credential_scope
from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

FORM = "application/x-www-form-urlencoded"
"""What curl and urllib call a body when nobody says what it is."""


def patch() -> None:
    """Read contents and tags as S3 does, and tell of a quiet DeleteObjects the errors only."""
    from moto.core.request import Request
    from moto.s3.responses import S3Response

    delete: Any = S3Response._bucket_response_delete_keys  # noqa: SLF001 - the patch

    def delete_keys(self: Any, bucket_name: str, authenticated: bool = True) -> Any:
        status, headers, body = delete(self, bucket_name, authenticated)
        if (_first(ET.fromstring(self.body), "Quiet") or "") == "true":  # noqa: S314 - read before
            body = _without_deleted(body)
            headers = {key: value for key, value in headers.items() if key != "content-length"}
        return status, headers, body

    def from_headers(_: Any, headers: Any) -> dict[str, str]:
        pairs = parse_qsl(headers.get("x-amz-tagging") or "", keep_blank_values=True)
        if len(dict(pairs)) < len(pairs) or any(not key for key, _ in pairs):
            raise ServiceError(
                "InvalidArgument",
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query "
                "parameters without tag name duplicates.",
            )
        return dict(pairs)

    def from_xml(self: Any) -> dict[str, str]:
        tags = [tag for tag in ET.fromstring(self.body).iter() if _name(tag) == "Tag"]  # noqa: S314 - read before
        found = {_first(tag, "Key") or "": _first(tag, "Value") or "" for tag in tags}
        if len(found) < len(tags):
            raise ServiceError("InvalidTag", "Cannot provide multiple Tags with the same key")
        return found

    def want_form_data_parsed(self: Any) -> bool:
        signed = credential_scope(self.headers.get("Authorization", ""))
        return self.mimetype == FORM and signed is not None and signed[1] != "s3"

    # moto would take such an object's content for parameters, and store nothing.
    replace(Request, want_form_data_parsed=property(want_form_data_parsed))
    replace(
        S3Response,
        _bucket_response_delete_keys=delete_keys,
        _tagging_from_headers=from_headers,
        _tagging_from_xml=from_xml,
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
