"""What every handler of a resource type shares."""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ANY = True
"""In a handler's ``properties``: this and everything below it is honoured."""

Properties = dict[str, Any]

MISSING = (
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchEntity",
    "NotFound",
    "NotFoundException",
    "RepositoryNotFoundException",
    "ResourceNotFound",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
)


class AlreadyExistsError(Exception):
    """A resource of this name is there already."""


@dataclass(frozen=True)
class Task:
    """One resource of one stack, as a handler sees it.

    Attributes:
        client: makes a boto3 client of a service against this server.
        began: tells that the resource exists from now on under this physical id, so that a
            failure after it is rolled back.
    """

    client: Callable[[str], Any]
    region: str
    account: str
    partition: str
    url_suffix: str
    stack_name: str
    logical_id: str
    began: Callable[[str], None]

    def arn(self, service: str, resource: str) -> str:
        """ARN of something in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def name(self, limit: int, *, stack: bool = True, lower: bool = False) -> str:
        """A generated name, ``<stack>-<logical id>-<random>``, of at most ``limit`` characters.

        Source: "Name Type" in the AWS CloudFormation template reference.
        """
        alphabet = string.ascii_uppercase + string.digits
        suffix = "".join(secrets.choice(alphabet) for _ in range(12))
        parts = [self.stack_name, self.logical_id] if stack else [self.logical_id]
        room = limit - len(suffix) - len(parts)
        if sum(map(len, parts)) > room and stack:
            half = room // 2
            first = self.stack_name[: max(half, room - len(self.logical_id))].rstrip("-")
            parts = [first, self.logical_id[: room - len(first)]]
        name = "-".join([*(part[:room] for part in parts), suffix])
        return name.lower() if lower else name


class Handler:
    """How one resource type is made, changed and removed.

    Attributes:
        properties: exactly what is honoured; nested where only parts are.
        attributes: what ``Fn::GetAtt`` may ask for.
    """

    properties: ClassVar[Properties]
    attributes: ClassVar[frozenset[str]] = frozenset()

    def refused(self, properties: Properties) -> str | None:  # noqa: ARG002
        """A value that is valid in AWS and not emulated, if there is one."""
        return None

    def create(self, task: Task, properties: Properties) -> str:
        """Make the resource; returns its physical id, which ``Ref`` gives."""
        raise NotImplementedError

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change in place what differs between ``old`` and ``new``."""
        raise NotImplementedError

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:
        """Remove the resource; one that is gone already is fine."""
        raise NotImplementedError

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:
        """Values of ``attributes``."""
        raise NotImplementedError


def document_text(document: Any) -> str:
    """A policy or definition as JSON text, whichever way the template wrote it."""
    return document if isinstance(document, str) else json.dumps(document)


def policy_text(document: Any) -> str:
    """A permission policy as JSON text.

    A Version is optional in AWS, and SAM's policy templates leave it out; moto demands one.
    """
    if isinstance(document, dict) and "Version" not in document:
        document = {"Version": "2012-10-17", **document}
    return document_text(document)


def tags_of(properties: Properties) -> dict[str, str]:
    """Tags by key."""
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}


def changed_tags(new: Properties, old: Properties) -> tuple[dict[str, str], list[str]]:
    """Tags to set, and keys to remove."""
    wanted, present = tags_of(new), tags_of(old)
    add = {key: value for key, value in wanted.items() if present.get(key) != value}
    return add, [key for key in present if key not in wanted]


def pick(properties: Properties, keys: Iterable[str]) -> Properties:
    """The given keys that are there."""
    return {key: properties[key] for key in keys if key in properties}


def lower_first(value: Any) -> Any:
    """Keys as the services in camelCase want them: ``LogGroupArn`` → ``logGroupArn``."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: lower_first(inner) for key, inner in value.items()}
    return [lower_first(inner) for inner in value] if isinstance(value, list) else value


def changed_members(new: Iterable[str], old: Iterable[str]) -> tuple[list[str], list[str]]:
    """Members to add and to remove, in their order."""
    wanted, present = list(new), list(old)
    return [m for m in wanted if m not in present], [m for m in present if m not in wanted]


def is_missing(error: Exception) -> bool:
    """Whether a boto3 error says that the thing is not there."""
    response = getattr(error, "response", None) or {}
    return response.get("Error", {}).get("Code") in MISSING


def unless_missing(call: Callable[..., Any], **arguments: Any) -> Any:
    """Call something; None when what it is about is not there."""
    from botocore.exceptions import ClientError

    try:
        return call(**arguments)
    except ClientError as error:
        if not is_missing(error):
            raise
    return None


def reason_of(error: Exception) -> str:
    """Why a resource failed, as a stack event words it.

    Source: the form ``Resource handler returned message: "…" (RequestToken: …,
    HandlerErrorCode: …)`` of events in the CloudFormation user guide's troubleshooting pages.
    """
    if isinstance(error, AlreadyExistsError):
        return f"{error} already exists"
    response = getattr(error, "response", None)
    if not response:
        return f"{type(error).__name__}: {error}"
    meta = response.get("ResponseMetadata", {})
    fault = response.get("Error", {})
    code = "NotFound" if is_missing(error) else "GeneralServiceException"
    token = f"RequestToken: {meta.get('RequestId', '-')}, HandlerErrorCode: {code}"
    return (
        f'Resource handler returned message: "{fault.get("Message")} '
        f'(Error Code: {fault.get("Code")}, Status Code: {meta.get("HTTPStatusCode")})" ({token})'
    )
