"""Which objects an S3 event is about.

Two forms reach a Lambda function. S3 notifications carry ``Records`` whose keys are URL-encoded,
with ``+`` for a blank (source: Amazon S3 User Guide, "Event message structure"). EventBridge
carries one object in ``detail``, its key as it is (same guide, "EventBridge event message
structure").
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from .errors import DataError, MissingError

if TYPE_CHECKING:
    from collections.abc import Mapping


def print_event(event: Mapping[str, Any]) -> None:
    """Print the event a Lambda function received.

    Args:
        event: the event.
    """
    print("Received event: " + json.dumps(event, indent=2, default=str))  # noqa: T201 - its purpose


def get_bucket_key(event: Mapping[str, Any]) -> tuple[str, str]:
    """Get bucket and key of the first object of an S3 event.

    Args:
        event: an S3 notification, or an S3 event from EventBridge.

    Returns:
        Bucket and key, the key decoded.

    Raises:
        DataError: it is no S3 event.
        MissingError: it names no object, as S3's test event does.
    """
    objects = get_bucket_keys(event)
    if not objects:
        raise MissingError(
            "the event names no object; S3 sends such a test event when a notification is set up, "
            "use get_bucket_keys to get an empty list",
        )
    return objects[0]


def get_bucket_keys(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Get bucket and key of every object of an S3 event.

    Args:
        event: an S3 notification, or an S3 event from EventBridge.

    Returns:
        One pair of bucket and key per object, the keys decoded; empty for S3's test event.

    Raises:
        DataError: it is no S3 event.
    """
    if not hasattr(event, "get"):
        raise DataError(f"the event is no S3 event but {type(event).__name__}; give it as a dict")
    try:
        if "Records" in event:
            found = [record["s3"] for record in event["Records"]]
            return [(s3["bucket"]["name"], unquote_plus(s3["object"]["key"])) for s3 in found]
        if "detail" in event:
            detail = event["detail"]
            return [(detail["bucket"]["name"], detail["object"]["key"])]
        if event.get("Event") == "s3:TestEvent":
            return []
    except KeyError as error:
        raise DataError(f"the event is no S3 event: a part of it has no {error}") from error
    except TypeError as error:
        raise DataError(f"the event is no S3 event: {error}") from error
    raise DataError(
        "the event is no S3 event: it has neither 'Records' (an S3 notification) nor 'detail' "
        f"(EventBridge) but {sorted(map(str, event))}",
    )
