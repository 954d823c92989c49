"""S3 notifications: to EventBridge when the bucket says so, and to functions, queues and topics.

Forms: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (EventBridge; the key
as it is) and .../notification-content-structure.html (the others; the key URL-encoded). moto
writes ``eTag`` for ``etag``, another reason, a Put before each completed upload, and swallows every
failure.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.sending import Sender, UndeliveredError, check, kind_of

from . import rules
from .delivery import Delivery

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

PUT = "s3:ObjectCreated:Put"
CREATED = {
    PUT: "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}
DELETED = "s3:ObjectRemoved:Delete"
PRINCIPAL = "s3.amazonaws.com"
REQUESTER = "127.0.0.1"
DESTINATIONS = {
    "TopicConfiguration": ("Topic", "sns"),
    "QueueConfiguration": ("Queue", "sqs"),
    "CloudFunctionConfiguration": ("CloudFunction", "lambda"),
}
"""moto's name of a kind of configuration to its name of the destination, and that's service."""

SHOWN = (
    ("topic", "TopicConfigurations", "TopicArn"),
    ("queue", "QueueConfigurations", "QueueArn"),
    ("cloud_function", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
)
"""moto's attribute of a configuration, and the names that the API has for it."""

RETRIES = 3


def patch(world: World) -> None:
    """Replace how moto sends notifications, and what it accepts as their configuration.

    Args:
        world: makes the clients.
    """
    from moto.s3 import models, notifications, responses

    configure = models.FakeBucket.set_notification_configuration

    def send_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
        del account_id
        _send(world, str(getattr(event_name, "value", event_name)), bucket, key)

    def set_configuration(self: Any, notification_config: Any) -> None:
        check_overlaps(notification_config or {})
        for kind, (name, service) in DESTINATIONS.items():
            for wanted in (notification_config or {}).get(kind) or ():
                _check_destination(world, self, wanted[name], service)
        configure(self, notification_config)

    def send_test_event(account_id: str, bucket: Any) -> None:
        del account_id
        _send_tests(world, bucket)

    replace(notifications, send_event=send_event, send_test_event=send_test_event)
    replace(models.FakeBucket, set_notification_configuration=set_configuration)
    _show_event_bridge(responses.S3Response)


def _send(world: World, name: str, bucket: Any, key: Any) -> None:
    configuration = bucket.notification_configuration
    if configuration is None or (name == PUT and key.multipart is not None):
        return  # moto puts a completed upload's object first; its own event follows
    if configuration.event_bridge is not None and (name in CREATED or name == DELETED):
        _to_event_bridge(world, bucket, key, name)
    for wanted in _all(configuration):
        if wants(wanted, name, key.name):
            record = lambda_record(bucket, key, name, wanted.id)
            _deliver(world, bucket, wanted.arn, record)


def wants(wanted: Any, name: str, key: str) -> bool:
    """Whether a configuration is about an event; names of filters have no case.

    Args:
        wanted: moto's configuration of one destination.
        name: e.g. ``s3:ObjectCreated:Put``.
        key: the object's.
    """
    kind = ":".join(name.split(":")[:2]) + ":*"
    rules_ = (wanted.filters.get("S3Key") or {}).get("FilterRule") or []
    texts = {rule["Name"].lower(): rule["Value"] or "" for rule in rules_}
    return (
        (name in wanted.events or kind in wanted.events)
        and key.startswith(texts.get("prefix", ""))
        and key.endswith(texts.get("suffix", ""))
    )


def check_overlaps(configuration: dict[str, Any]) -> None:
    """Refuse two configurations that would both tell of one event, as S3 does.

    Args:
        configuration: as moto has read it.

    Raises:
        ServiceError: there are two.
    """
    seen: list[tuple[str, str, str]] = []
    for kind in DESTINATIONS:
        for wanted in configuration.get(kind) or ():
            key = (wanted.get("Filter") or {}).get("S3Key") or {}
            texts = {r["Name"].lower(): r["Value"] or "" for r in key.get("FilterRule") or []}
            ends = texts.get("prefix", ""), texts.get("suffix", "")
            seen += [(event, *ends) for event in wanted["Event"]]
    for index, one in enumerate(seen):
        if any(_overlap(one, other) for other in seen[:index]):
            raise ServiceError(
                "InvalidArgument",
                "Configuration is ambiguously defined. Cannot have overlapping suffixes in two "
                "rules if the prefixes are overlapping for the same event type.",
            )


def _overlap(one: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    (event, prefix, suffix), (event2, prefix2, suffix2) = one, other
    same = event == event2 or any(
        a.endswith("*") and b.startswith(a[:-1]) for a, b in ((event, event2), (event2, event))
    )
    begins = prefix.startswith(prefix2) or prefix2.startswith(prefix)
    return same and begins and (suffix.endswith(suffix2) or suffix2.endswith(suffix))


def _all(configuration: Any) -> list[Any]:
    return [*configuration.topic, *configuration.queue, *configuration.cloud_function]


def _deliver(world: World, bucket: Any, arn: str, message: dict[str, Any]) -> None:
    options = {"Subject": "Amazon S3 Notification"} if kind_of(arn) == "sns" else {}
    Delivery(
        world,
        arn,
        json.dumps(message),
        Sender(PRINCIPAL, bucket.arn),
        f"bucket {bucket.name}",
        retries=RETRIES,
        options=options,
    ).start()


def _send_tests(world: World, bucket: Any) -> None:
    """Queues and topics hear that they are configured; functions do not."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": now,
        "Bucket": bucket.name,
        "RequestId": f"{time.time_ns():X}"[-16:],
        "HostId": "",
    }
    configuration = bucket.notification_configuration
    for wanted in (*configuration.topic, *configuration.queue):
        _deliver(world, bucket, wanted.arn, message)


def _show_event_bridge(responses: Any) -> None:
    """Moto forgets EventBridgeConfiguration when asked for the configuration."""
    from moto.core.responses import ActionResult

    original = responses.get_bucket_notification

    def get_bucket_notification(self: Any) -> Any:
        configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if not configuration or configuration.event_bridge is None:
            return original(self)
        self.data["Action"] = "GetBucketNotificationConfiguration"
        shown: dict[str, Any] = {"EventBridgeConfiguration": {}}
        for attribute, name, arn in SHOWN:
            shown[name] = [_shown(wanted, arn) for wanted in getattr(configuration, attribute)]
        return self.serialized(ActionResult(shown))

    replace(responses, get_bucket_notification=get_bucket_notification)


def _shown(wanted: Any, arn: str) -> dict[str, Any]:
    shown = {"Id": wanted.id, arn: wanted.arn, "Events": wanted.events}
    if wanted.filters:
        shown["Filter"] = {"Key": {"FilterRules": wanted.filters["S3Key"]["FilterRule"]}}
    return shown


def _check_destination(world: World, bucket: Any, arn: str, service: str) -> None:
    """S3 tries the destination when it is configured."""
    from botocore.exceptions import ClientError

    problem: Exception | None = None
    try:
        check(world, arn, Sender(PRINCIPAL, bucket.arn))
    except (UndeliveredError, ClientError) as error:
        problem = error
    if problem is not None or kind_of(arn) != service:
        raise ServiceError(
            "InvalidArgument",
            "Unable to validate the following destination configurations: "
            f"{arn} must exist in {service} and have a permission for {PRINCIPAL} with SourceArn "
            f"{bucket.arn}",
        ) from problem


def _to_event_bridge(world: World, bucket: Any, key: Any, name: str) -> None:
    rules.announce(
        world,
        bucket.region_name,
        source="aws.s3",
        detail_type="Object Created" if name in CREATED else "Object Deleted",
        resources=[bucket.arn],
        detail=detail(bucket, key, name, world.account),
        time=datetime.now(timezone.utc),
    )


def sequencer() -> str:
    """A hexadecimal number that grows from event to event."""
    return f"{time.time_ns():016X}"


def detail(bucket: Any, key: Any, name: str, account: str) -> dict[str, Any]:
    """The detail of an S3 event, as EventBridge carries it.

    Args:
        bucket: moto's bucket.
        key: moto's object.
        name: e.g. ``s3:ObjectCreated:Put``.
        account: who did it.
    """
    told: dict[str, Any] = {"key": key.name}
    if name in CREATED:
        told |= {"size": key.size, "etag": key.etag.strip('"')}
    if bucket.is_versioned:
        told["version-id"] = key.version_id
    told["sequencer"] = sequencer()
    shown = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": told,
        "request-id": f"{time.time_ns():X}"[-16:],
        "requester": account,
        "source-ip-address": REQUESTER,
        "reason": CREATED.get(name, "DeleteObject"),
    }
    if name == DELETED:
        marker = type(key).__name__ == "FakeDeleteMarker"
        shown["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
    return shown


def lambda_record(bucket: Any, key: Any, name: str, identity: str) -> dict[str, Any]:
    """The message S3 sends to a Lambda function.

    Args:
        bucket: moto's bucket.
        key: moto's object.
        name: e.g. ``s3:ObjectCreated:Put``.
        identity: Id of the notification's configuration.
    """
    told: dict[str, Any] = {"key": quote_plus(key.name, safe="/")}
    if name in CREATED:
        told |= {"size": key.size, "eTag": key.etag.strip('"')}
    if bucket.is_versioned:
        told["versionId"] = key.version_id
    told["sequencer"] = sequencer()
    when = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region_name,
        "eventTime": when,
        "eventName": name.removeprefix("s3:"),
        "userIdentity": {"principalId": "AWS:BATCATLOCAL"},
        "requestParameters": {"sourceIPAddress": REQUESTER},
        "responseElements": {"x-amz-request-id": f"{time.time_ns():X}"[-16:], "x-amz-id-2": ""},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": identity,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": "BATCATLOCAL"},
                "arn": bucket.arn,
            },
            "object": told,
        },
    }
    return {"Records": [record]}
