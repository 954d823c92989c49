"""Read an S3 request by botocore's model of it.

moto reads each request by hand and passes over what it does not look for. Here every element and
header has a member of the model or is refused: with MalformedXML, as S3 refuses a document that
does not follow its schema, or by name for a header that no member of the operation stands for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from .protocol import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER_CODES = {
    "StorageClass": "InvalidStorageClass",
    "ServerSideEncryption": "InvalidEncryptionAlgorithmError",
}
"""Error code for a header's value that its enum lacks, where it is not InvalidArgument; source:
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html."""


def parameters(shape: Any, given: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
    """The members of a request.

    Args:
        shape: botocore's input shape.
        given: members that headers and query hold, as text.
        body: the body; None where it is the object itself.

    Raises:
        ServiceError: a value or the document breaks the model.
    """
    found: dict[str, Any] = {}
    for name, text in given.items():
        found[name] = _value(shape.members[name], text, name)
    payload = shape.serialization.get("payload")
    if payload and body:
        member = shape.members[payload]
        if member.type_name == "structure":
            found[payload] = _document(member, body, payload)
        else:
            found[payload] = body
    return found


def has_document(shape: Any) -> bool:
    """Whether the body of such a request is a document and not an object's content."""
    payload = shape.serialization.get("payload") if shape is not None else None
    return bool(payload) and shape.members[payload].type_name in ("structure", "string")


def _value(member: Any, text: str, name: str) -> Any:
    if member.type_name == "list":
        return [_value(member.member, item.strip(), name) for item in text.split(",")]
    allowed = member.metadata.get("enum")
    if name == "ChecksumMode":
        text = text.upper()  # AWS's SDK for C++, and Arrow with it, writes "enabled"
    if allowed and text not in allowed:
        raise ServiceError(
            HEADER_CODES.get(name, "InvalidArgument"),
            f"{name} {text!r} is not one of {', '.join(allowed)}",
        )
    return text


def _document(member: Any, body: bytes, payload: str) -> Any:
    try:
        root = ET.fromstring(body)  # noqa: S314 - a client of this machine
    except ET.ParseError as error:
        raise _malformed(str(error)) from error
    name = member.serialization.get("name", payload)
    if _local(root) not in (name, member.name):
        raise _malformed(f"{_local(root)} is not {name}")
    return _read(member, [root], payload)


def _read(shape: Any, elements: list[ET.Element], path: str) -> Any:
    if shape.type_name == "list":
        return [_read(shape.member, [element], path) for element in elements]
    if len(elements) > 1:
        raise _malformed(f"{path} is given {len(elements)} times")
    element = elements[0]
    if shape.type_name == "structure":
        return _structure(shape, element, path)
    text = element.text or ""
    if shape.type_name == "boolean" and text not in ("true", "false"):
        raise _malformed(f"{path} is {text!r}, not true or false")
    if shape.type_name in ("integer", "long") and not text.strip().lstrip("-").isdecimal():
        raise _malformed(f"{path} is {text!r}, not a number")
    allowed = shape.metadata.get("enum")
    if allowed and text not in allowed:
        raise _malformed(f"{path} is {text!r}, not one of {', '.join(allowed)}")
    return text == "true" if shape.type_name == "boolean" else text


def _structure(shape: Any, element: ET.Element, path: str) -> dict[str, Any]:
    tags = {
        member.serialization.get("name", name): (name, member)
        for name, member in shape.members.items()
    }
    given: dict[str, list[ET.Element]] = {}
    for child in element:
        if _local(child) not in tags:
            raise _malformed(f"{path} has no {_local(child)}")
        given.setdefault(_local(child), []).append(child)
    found = {}
    for tag, elements in given.items():
        name, member = tags[tag]
        here = f"{path}.{name}"
        if member.type_name == "list" and not member.serialization.get("flattened"):
            elements = _items(member, elements, here)  # noqa: PLW2901 - unwrapped
        found[name] = _read(member, elements, here)
    missing = [name for name in shape.required_members if name not in found]
    if missing:
        raise _malformed(f"{path} lacks {', '.join(missing)}")
    return found


def _items(member: Any, elements: list[ET.Element], path: str) -> Any:
    """The elements of a list that has one element around it."""
    tag = member.member.serialization.get("name", "member")
    items = [item for wrapper in elements for item in wrapper]
    for item in items:
        if _local(item) != tag:
            raise _malformed(f"{path} has no {_local(item)}")
    return items


def _local(element: ET.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def _malformed(reason: str) -> ServiceError:
    return ServiceError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published "
        f"schema: {reason}",
    )
