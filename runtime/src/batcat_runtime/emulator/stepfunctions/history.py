"""GetExecutionHistory with paging and order, and a history that ends with the execution's end.

moto returns the whole history whatever is asked, and goes on adding events of threads that
outlive a stopped or timed-out execution.
"""

from __future__ import annotations

import base64
from typing import Any

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

MOST_EVENTS = 1000
DEFAULT_EVENTS = 100
"""Most events in an answer, and how many when not said (API reference GetExecutionHistory)."""

DATA_KEYS = ("input", "output", "inputDetails", "outputDetails", "parameters")


def patch() -> None:
    """Drop events after the execution's end, and a failed evaluation told a second time."""
    from moto.stepfunctions.parser.api import HistoryEventType
    from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager

    add = EventManager.add_event
    ends = (
        HistoryEventType.ExecutionAborted,
        HistoryEventType.ExecutionFailed,
        HistoryEventType.ExecutionSucceeded,
        HistoryEventType.ExecutionTimedOut,
    )

    def add_event(self: Any, context: Any, event_type: Any, *args: Any, **options: Any) -> int:
        history = self._history_event_list
        last: Any = history[-1] if history else {"type": None}
        told_twice = event_type == last["type"] == HistoryEventType.EvaluationFailed
        if last["type"] in ends or told_twice:
            return int(last["id"])
        return int(add(self, context, event_type, *args, **options))

    replace(EventManager, add_event=add_event)


def patch_api(responses: Any) -> None:
    """Replace moto's answer to GetExecutionHistory.

    Args:
        responses: moto's class that answers Step Functions requests.
    """
    replace(responses, get_execution_history=_get_execution_history)


def page(events: list[Any], size: int, token: str | None) -> tuple[list[Any], str | None]:
    """One page of a history.

    Args:
        events: the whole history, in the order asked for.
        size: most events on the page.
        token: what the page before returned, or None for the first page.

    Returns:
        The page and the token of the next one; None when there is none.

    Raises:
        ServiceError: the token is not one of ours.
    """
    try:
        start = int(base64.b64decode(token, validate=True)) if token else 0
    except ValueError:
        raise ServiceError("InvalidToken", f"Invalid Token: '{token}'") from None
    end = start + size
    following = base64.b64encode(str(end).encode()).decode() if end < len(events) else None
    return events[start:end], following


def _get_execution_history(self: Any) -> Any:
    from moto.core.responses import ActionResult

    backend = self.stepfunction_backend
    events = backend.get_execution_history(self._get_param("executionArn"))["events"]
    if self._get_param("reverseOrder"):
        events.reverse()
    size = min(self._get_int_param("maxResults") or DEFAULT_EVENTS, MOST_EVENTS)
    shown, token = page(events, size, self._get_param("nextToken"))
    if self._get_param("includeExecutionData") is False:
        for event in shown:
            _remove_data(event)
    return ActionResult({"events": shown, **({"nextToken": token} if token else {})})


def _remove_data(event: dict[str, Any]) -> None:
    for key, details in event.items():
        if key.endswith("EventDetails"):
            for name in DATA_KEYS:
                details.pop(name, None)
