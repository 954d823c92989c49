"""S3 notifications: to EventBridge when the bucket says so, and directly to Lambda.

Forms: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (EventBridge; the key
as it is) and .../notification-content-structure.html (Lambda; the key URL-encoded). moto writes
``eTag`` for ``etag``, another reason, a Put before each completed upload, and swallows every
failure.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from . import rules, targets

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
        for kind in ("TopicConfiguration", "QueueConfiguration"):
            if (notification_config or {}).get(kind):
                raise NotEmulated(f"s3 notifications to {kind.removesuffix('Configuration')}s")
        for wanted in (notification_config or {}).get("CloudFunctionConfiguration") or ():
            _check_function(world, self, wanted["CloudFunction"])
        configure(self, notification_config)

    replace(notifications, send_event=send_event)
    replace(models.FakeBucket, set_notification_configuration=set_configuration)
    _show_event_bridge(responses.S3Response)


def _send(world: World, name: str, bucket: Any, key: Any) -> None:
    configuration = bucket.notification_configuration
    if configuration is None or (name == PUT and key.multipart is not None):
        return  # moto puts a completed upload's object first; its own event follows
    if configuration.event_bridge is not None and (name in CREATED or name == DELETED):
        _to_event_bridge(world, bucket, key, name)
    for wanted in configuration.cloud_function:
        if wanted.matches(name, key.name):
            record = lambda_record(bucket, key, name, wanted.id)
            targets.deliver(world, wanted.arn, json.dumps(record), f"bucket {bucket.name}")


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
        shown["LambdaFunctionConfigurations"] = [
            {
                "Id": wanted.id,
                "LambdaFunctionArn": wanted.arn,
                "Events": wanted.events,
                **(
                    {"Filter": {"Key": {"FilterRules": wanted.filters["S3Key"]["FilterRule"]}}}
                    if wanted.filters
                    else {}
                ),
            }
            for wanted in configuration.cloud_function
        ]
        return self.serialized(ActionResult(shown))

    replace(responses, get_bucket_notification=get_bucket_notification)


def _check_function(world: World, bucket: Any, arn: str) -> None:
    """S3 tries the destination when it is configured."""
    if not targets.may_invoke(world, arn, PRINCIPAL, bucket.arn):
        raise ServiceError(
            "InvalidArgument",
            "Unable to validate the following destination configurations: "
            f"{arn} must exist and have a permission for {PRINCIPAL} with SourceArn {bucket.arn}",
        )


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
