"""Extension of moto's SQS: what it takes without looking at it, and what it gets wrong.

Limits: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam import policies
from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

NUMBERS = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
"""Attributes that are numbers, with the least and the most of each."""

OTHERS = ("KmsMasterKeyId", "Policy", "RedrivePolicy", "SqsManagedSseEnabled")
WHOLE_SECONDS = ("CreatedTimestamp", "LastModifiedTimestamp")
LARGEST = 1_048_576
MOST_RECEIVES = 1000


def install(world: World) -> None:
    """Put checks before what moto does with queues, and mend what it forgets."""
    del world
    from moto.sqs import models

    queue, backend = models.Queue, models.SQSBackend
    create: Any = backend.create_queue
    change: Any = queue._set_attributes  # noqa: SLF001 - the patch
    listed: Any = backend.list_queues
    delete: Any = queue.delete_message
    shown: Any = backend.get_queue_attributes
    send: Any = backend.send_message

    def create_queue(self: Any, name: str, tags: Any = None, **attributes: Any) -> Any:
        if name.endswith(".fifo"):
            raise NotEmulated(f"sqs FIFO queue {name}", "Use a standard queue.")
        return create(self, name, tags, **checked(attributes))

    def set_attributes(self: Any, attributes: dict[str, Any], now: Any = None) -> None:
        if "Policy" not in attributes:  # moto would take it for no policy
            attributes = {**attributes, "Policy": self.policy}
        change(self, attributes, now)

    def set_queue_attributes(self: Any, queue_name: str, attributes: dict[str, Any]) -> Any:
        found = self.get_queue(queue_name)
        set_attributes(found, checked(attributes))
        return found

    def get_queue_attributes(self: Any, queue_name: str, names: list[str]) -> dict[str, Any]:
        found = shown(self, queue_name, names)
        return {k: int(v) if k in WHOLE_SECONDS else v for k, v in found.items()}

    def delete_message(self: Any, receipt_handle: str) -> None:
        with self._messages_lock:  # one that is added meanwhile would be lost
            delete(self, receipt_handle)

    def send_message(
        self: Any, queue_name: str, message_body: str, message_attributes: Any = None, **more: Any
    ) -> Any:
        size = size_of(message_body, message_attributes or {})
        if size > self.get_queue(queue_name).maximum_message_size:
            raise _invalid("Message must be shorter than the queue's MaximumMessageSize.")
        return send(self, queue_name, message_body, message_attributes, **more)

    replace(models, MAXIMUM_MESSAGE_LENGTH=LARGEST, MAXIMUM_MESSAGE_SIZE_ATTR_UPPER_BOUND=LARGEST)
    replace(queue, _set_attributes=_first_policy(change, set_attributes))
    replace(queue, delete_message=delete_message)
    replace(
        backend,
        create_queue=create_queue,
        set_queue_attributes=set_queue_attributes,
        get_queue_attributes=get_queue_attributes,
        send_message=send_message,
        list_queues=lambda self, prefix: listed(self, re.escape(prefix) if prefix else prefix),
    )


def _first_policy(change: Any, keep: Any) -> Any:
    """A queue that is just being made has no policy to keep."""

    def set_attributes(self: Any, attributes: dict[str, Any], now: Any = None) -> None:
        (keep if hasattr(self, "_policy_json") else change)(self, attributes, now)

    return set_attributes


def size_of(body: str, attributes: dict[str, dict[str, Any]]) -> int:
    """Bytes of a message with its attributes, which count ("Message metadata", developer guide).

    Args:
        body: its text.
        attributes: by name, each with its type and value.
    """
    told = [part for name, one in attributes.items() for part in (name, *one.values()) if part]
    parts = [part if isinstance(part, bytes) else str(part).encode() for part in (body, *told)]
    return sum(map(len, parts))


def checked(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes of a queue as moto shall have them.

    Args:
        attributes: as the request names them.

    Raises:
        NotEmulated: one that has no effect here.
        ServiceError: one that AWS would refuse.
    """
    result = dict(attributes)
    for name, value in attributes.items():
        if name in NUMBERS:
            _check_number(name, str(value))
        elif name not in OTHERS:
            raise NotEmulated(f"sqs queue attribute {name}")
    managed = str(attributes.get("SqsManagedSseEnabled", "")).lower()
    if managed not in ("", "true", "false"):
        raise _invalid_value("SqsManagedSseEnabled")
    if managed:
        result["SqsManagedSseEnabled"] = managed == "true"
    if attributes.get("KmsMasterKeyId"):
        if managed == "true":
            raise _invalid("You can use one type of server-side encryption (SSE) at one time.")
        result["SqsManagedSseEnabled"] = False
    _check_redrive(attributes.get("RedrivePolicy"))
    if attributes.get("Policy"):
        try:
            policies.check(attributes["Policy"], policies.RESOURCE)
        except policies.PolicyError as error:
            raise _invalid_value(f"Policy ({error})") from error
    return result


def _check_redrive(policy: Any) -> None:
    if not policy:
        return
    try:
        most = int(json.loads(policy).get("maxReceiveCount", 1))
    except (ValueError, AttributeError, TypeError) as error:
        raise _invalid_value("RedrivePolicy (it must be a JSON object)") from error
    if not 1 <= most <= MOST_RECEIVES:
        raise _invalid_value(f"RedrivePolicy (maxReceiveCount is not in 1-{MOST_RECEIVES})")


def _check_number(name: str, value: str) -> None:
    least, most = NUMBERS[name]
    if not value.isdigit() or not least <= int(value) <= most:
        raise _invalid_value(f"{name} ({value} is not in {least}-{most})")


def _invalid_value(what: str) -> ServiceError:
    return ServiceError("InvalidAttributeValue", f"Invalid value for the parameter {what}.")


def _invalid(message: str) -> ServiceError:
    return ServiceError(
        "InvalidParameterValue", f"One or more parameters are invalid. Reason: {message}"
    )
