"""What PutEvents refuses: a request as a whole, or some of its entries.

Sources: PutEvents and PutEventsResultEntry in the EventBridge API reference, "Calculating PutEvents
event entry size" in the user guide; message: github.com/awslabs/aws-service-catalog-puppet issue
563.
"""

from __future__ import annotations

from typing import Any

from batcat_runtime.emulator.protocol import ServiceError

TOO_LARGE = 1_048_576
TIME_BYTES = 14
RESERVED = {
    "ErrorCode": "NotAuthorizedForSourceException",
    "ErrorMessage": "Not authorized for the source.",
}
"""What becomes of an entry with a source of AWS's own."""


def checked(put: Any) -> Any:
    """Moto's PutEvents with what it does not look at."""

    def put_events(self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if sum(map(size_of, events)) >= TOO_LARGE:
            raise ServiceError(
                "ValidationException",
                "Total size of the entries in the request is over the limit.",
            )
        answers = iter(put(self, [event for event in events if not _is_of_aws(event)]))
        return [RESERVED if _is_of_aws(event) else next(answers) for event in events]

    return put_events


def size_of(entry: dict[str, Any]) -> int:
    """Bytes of an entry, as EventBridge counts them.

    Args:
        entry: of PutEvents.
    """
    texts = [entry.get("Source"), entry.get("DetailType"), entry.get("Detail")]
    texts += entry.get("Resources") or []
    time = TIME_BYTES if entry.get("Time") else 0
    return time + sum(len(text.encode()) for text in texts if text)


def _is_of_aws(event: dict[str, Any]) -> bool:
    return str(event.get("Source") or "").startswith("aws.")
