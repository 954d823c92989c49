"""Write a process's output to CloudWatch Logs while it runs."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

from .world import ACCESS_KEY

if TYPE_CHECKING:
    from .world import World

FLUSH_SECONDS = 0.2
"""How long lines are gathered before they are sent, in seconds."""

BATCH_EVENTS = 10_000
BATCH_BYTES = 1_048_576
EVENT_OVERHEAD = 26
"""Limits of PutLogEvents: events and bytes a batch, and what each event adds (API reference)."""

EVENT_BYTES = 262_118
"""Longest message sent as one event; a longer line is cut into several."""


class LogStream:
    """One stream of a log group, fed line by line.

    Args:
        world: where CloudWatch Logs is reached.
        group: log group; made when it does not exist.
        stream: log stream; made when it does not exist.
        region: region of the group; None takes the default.
        key: access key of the session that writes. What its role may not write is lost, as in AWS.
    """

    def __init__(
        self,
        world: World,
        group: str,
        stream: str,
        region: str | None = None,
        key: str = ACCESS_KEY,
    ) -> None:
        self._logs = world.client("logs", region, key)
        self._group, self._stream = group, stream
        _ensure(self._logs, group, stream)
        self._events: list[dict[str, Any]] = []
        self._closed = False
        self._wake = Condition()
        self._sender = Thread(target=self._send_until_closed, daemon=True)
        self._sender.start()

    def write(self, line: str) -> None:
        """Add a line, stamped with the present time; an empty line is no event in CloudWatch."""
        if not line:
            return
        stamp = time.time_ns() // 1_000_000
        with self._wake:
            for start in range(0, len(line), EVENT_BYTES // 4):
                part = line[start : start + EVENT_BYTES // 4]
                self._events.append({"timestamp": stamp, "message": part})
            self._wake.notify()

    def close(self) -> None:
        """Send what is left and stop."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._sender.join()

    def _send_until_closed(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._events or self._closed)
                if not self._closed:
                    self._wake.wait_for(lambda: self._closed, FLUSH_SECONDS)
                events, self._events = self._events, []
                closed = self._closed
            for batch in _batches(events):
                self._send(batch)
            if closed:
                return

    def _send(self, batch: list[dict[str, Any]]) -> None:
        try:
            # A group deleted meanwhile takes its lines with it, as in AWS.
            with suppress(self._logs.exceptions.ResourceNotFoundException):
                self._logs.put_log_events(
                    logGroupName=self._group, logStreamName=self._stream, logEvents=batch
                )
        except Exception as error:  # noqa: BLE001 - later lines must still be sent
            sys.stderr.write(
                f"batcat local: {len(batch)} lines of {self._group} {self._stream} are lost: "
                f"{type(error).__name__}: {error}\n",
            )


def _ensure(logs: Any, group: str, stream: str) -> None:
    """Make the stream, and its group only where there is none."""
    from botocore.exceptions import ClientError

    names = {"logGroupName": group, "logStreamName": stream}
    try:
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            try:
                logs.create_log_stream(**names)
            except logs.exceptions.ResourceNotFoundException:
                with suppress(logs.exceptions.ResourceAlreadyExistsException):
                    logs.create_log_group(logGroupName=group)
                logs.create_log_stream(**names)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        sys.stderr.write(f"batcat local: {group} gets no lines: {error}\n")


def _batches(events: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    batches: list[list[dict[str, Any]]] = []
    size = BATCH_BYTES
    for event in events:
        length = len(event["message"].encode()) + EVENT_OVERHEAD
        if size + length > BATCH_BYTES or len(batches[-1]) >= BATCH_EVENTS:
            batches.append([])
            size = 0
        batches[-1].append(event)
        size += length
    return batches
