"""An execution's history, read as what a person wants to know.

Pure: it is fed the events that GetExecutionHistory answers and knows no client.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

# Source: AWS Step Functions API Reference, HistoryEvent: the type of an event names the key of
# its details. These are the ways an attempt of a state can fail.
_FAILED = {
    "ActivityFailed",
    "ActivityScheduleFailed",
    "ActivityTimedOut",
    "EvaluationFailed",
    "LambdaFunctionFailed",
    "LambdaFunctionScheduleFailed",
    "LambdaFunctionStartFailed",
    "LambdaFunctionTimedOut",
    "MapRunFailed",
    "TaskFailed",
    "TaskStartFailed",
    "TaskSubmitFailed",
    "TaskTimedOut",
}
_ENDED = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}


@dataclass(frozen=True)
class StateEvent:
    """Something that happened to a state.

    Attributes:
        kind: ``entered``, ``started`` (its Processing job is being made), ``failed``
            (an attempt; it may be tried again), ``succeeded`` or ``aborted``; a state whose
            failure was caught ends without ``succeeded``.
        state: name of the state, which for a step is the step's.
        type: ``Task``, ``Choice``, ``Pass``, ``Fail`` …
        time: when, in UTC.
        job: name of its Processing job, once there is one.
        seconds: since the state was entered.
        error: name of the error, when failed.
        cause: its cause as Step Functions gives it, when failed.
    """

    kind: str
    state: str
    type: str
    time: datetime
    job: str = ""
    seconds: float = 0.0
    error: str = ""
    cause: str = ""


@dataclass(frozen=True)
class Ended:
    """The end of an execution.

    Attributes:
        status: ``SUCCEEDED``, ``FAILED``, ``ABORTED`` or ``TIMED_OUT``.
        time: when, in UTC.
        seconds: since the execution began.
        error: name of the error, if any.
        cause: its cause, if any.
    """

    status: str
    time: datetime
    seconds: float
    error: str = ""
    cause: str = ""


@dataclass
class _Visit:
    """One stay in a state."""

    name: str
    type: str
    since: datetime
    job: str = ""
    failed: bool = False


class History:
    """Reads events in the order they happened, a few at a time."""

    def __init__(self) -> None:
        self._began: datetime | None = None
        self._visits: dict[int, _Visit] = {}  # by event id; branches run side by side

    def read(self, events: list[dict[str, Any]]) -> list[StateEvent | Ended]:
        """Read the next events.

        Args:
            events: as GetExecutionHistory answers, oldest first, none twice.

        Returns:
            What they mean; many events mean nothing to a person.
        """
        return [found for event in events if (found := self._read(event)) is not None]

    def _read(self, event: dict[str, Any]) -> StateEvent | Ended | None:
        kind, time = event["type"], event["timestamp"]
        self._began = self._began or time
        details = _details(event)
        if kind in _ENDED:
            seconds = (time - self._began).total_seconds()
            told = (details.get("error") or "", details.get("cause") or "")
            return Ended(_ENDED[kind], time, seconds, *told)
        if kind.endswith("StateEntered"):
            visit = _Visit(details["name"], kind.removesuffix("StateEntered"), time)
            self._visits[event["id"]] = visit
            return self._about(visit, "entered", time)
        known = self._visits.get(event.get("previousEventId", 0))
        if known is None:
            return None
        self._visits[event["id"]] = known
        return self._within(known, kind, time, details)

    def _within(
        self, visit: _Visit, kind: str, time: datetime, details: dict[str, Any]
    ) -> StateEvent | None:
        if kind == "TaskScheduled":
            visit.failed = False  # a first attempt, or another one
            visit.job = _job_name(details)
            return self._about(visit, "started", time) if visit.job else None
        if kind in _FAILED:
            visit.failed = True
            told = (details.get("error") or "", details.get("cause") or "")
            return self._about(visit, "failed", time, *told)
        if kind.endswith("StateExited") and not visit.failed:
            return self._about(visit, "succeeded", time)
        if kind.endswith("StateAborted"):
            return self._about(visit, "aborted", time)
        return None

    @staticmethod
    def _about(
        visit: _Visit, kind: str, time: datetime, error: str = "", cause: str = ""
    ) -> StateEvent:
        seconds = (time - visit.since).total_seconds()
        return StateEvent(kind, visit.name, visit.type, time, visit.job, seconds, error, cause)


def _details(event: dict[str, Any]) -> dict[str, Any]:
    """An event's details, whose key follows from its type."""
    return next(
        (value for key, value in event.items() if key.endswith("EventDetails") and value),
        {},
    )


def _job_name(details: dict[str, Any]) -> str:
    """Name of the Processing job that a task makes; empty where it makes none, or looks at one."""
    if not str(details.get("resource", "")).startswith("createProcessingJob"):
        return ""
    try:
        parameters = json.loads(details.get("parameters") or "{}")
    except ValueError:
        return ""
    return str(parameters.get("ProcessingJobName", "")) if isinstance(parameters, dict) else ""
