"""Execution logs: each history event, as JSON, in the state machine's log group.

Levels, fields and the stream's name follow
https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and cloudwatch-log-level.html.
moto carries the code for it, switched off.
"""

from __future__ import annotations

import json
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.patching import replace

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


def patch(world: World) -> None:
    """Give each execution whose state machine logs a session that writes.

    Args:
        world: makes the CloudWatch Logs client.
    """
    from moto.stepfunctions.parser.asl.eval.event import logging as engine_logging
    from moto.stepfunctions.parser.backend.execution import Execution

    start = Execution.start

    def start_with_logs(self: Any) -> None:
        asked: Any = {"includeExecutionData": False, **self.state_machine.loggingConfiguration}
        configuration = engine_logging.CloudWatchLoggingConfiguration.from_logging_configuration(
            self.state_machine.arn, asked
        )
        if configuration is not None:
            self._cloud_watch_logging_session = Session(world, self, configuration)
        start(self)

    replace(Execution, start=start_with_logs)


def message(history_log: dict[str, Any]) -> str:
    """One log event as AWS writes it.

    Args:
        history_log: the engine's record of a history event.
    """
    kind = history_log["type"]
    return json.dumps(
        {
            "id": history_log["id"],
            "type": getattr(kind, "value", kind),
            "details": history_log.get("details") or {},
            "previous_event_id": history_log["previous_event_id"],
            "event_timestamp": str(_milliseconds(history_log["event_timestamp"])),
            "execution_arn": history_log["execution_arn"],
        },
        separators=(",", ":"),
        default=str,
    )


def _milliseconds(when: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(when.replace("Z", "+00:00")).timestamp() * 1000)


class Session:
    """Writes one execution's events, in order, from a thread of its own.

    Args:
        world: makes the CloudWatch Logs client.
        execution: the engine's execution.
        configuration: the engine's view of the loggingConfiguration.
    """

    def __init__(self, world: World, execution: Any, configuration: Any) -> None:
        self.execution_arn = execution.exec_arn
        self.configuration = configuration
        self._group = configuration.log_group_name
        day = execution.start_date.strftime("%Y-%m-%d-%H-%M")
        name = execution.state_machine.name
        self._stream = f"states/{name}/{day}/{execution.name[:8]}"
        self._client = world.client("logs", configuration.log_region)
        self._events: Queue[dict[str, Any]] = Queue()
        Thread(target=self._write, daemon=True).start()

    def log_level_filter(self, history_event_type: Any) -> bool:
        """Whether the state machine's level lets an event through."""
        from moto.stepfunctions.parser.asl.eval.event.logging import is_logging_enabled_for

        return bool(is_logging_enabled_for(self.configuration.log_level, history_event_type))

    def publish_history_log(self, history_log: dict[str, Any]) -> None:
        """Queue an event."""
        when = _milliseconds(history_log["event_timestamp"])
        self._events.put({"timestamp": when, "message": message(history_log)})

    def _write(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        names = {"logGroupName": self._group, "logStreamName": self._stream}
        try:
            self._client.create_log_stream(**names)
            while True:
                event = self._events.get()
                self._client.put_log_events(logEvents=[event], **names)
                if json.loads(event["message"])["type"].startswith("Execution") and not event[
                    "message"
                ].startswith('{"id":"1"'):
                    return
        except (BotoCoreError, ClientError):
            return  # as in AWS, an execution does not fail because its log group is gone
