"""Why an execution did not succeed, in words that help."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import ExecutionError

from .history import Ended, StateEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_OUTCOMES = {
    "FAILED": "failed",
    "TIMED_OUT": "took longer than the state machine allows",
    "ABORTED": "was stopped",
}


_MODULE = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
_DISK_IS_FULL = "No space left on device"


class RunFailedError(ExecutionError):
    """A run did not succeed.

    Attributes:
        run: name of the run.
        status: ``FAILED``, ``ABORTED`` or ``TIMED_OUT``.
        step: name of the state that failed; empty when none did.
        job: name of its Processing job; empty when there was none.
        reason: why, in one sentence.
        exit_message: what the step wrote to ``/opt/ml/output/message``.
        log: the last lines of the step's log.
        advice: what to try next, one line each.
    """

    def __init__(  # noqa: PLR0913 - an error carries all that its reader needs
        self,
        run: str,
        status: str,
        *,
        step: str = "",
        job: str = "",
        reason: str = "",
        exit_message: str = "",
        log: tuple[str, ...] = (),
        advice: tuple[str, ...] = (),
    ) -> None:
        self.run, self.status, self.step, self.job = run, status, step, job
        self.reason, self.exit_message, self.log, self.advice = reason, exit_message, log, advice
        outcome = _OUTCOMES.get(status, status)
        where = f"step {step} of run {run}" if step else f"run {run}"
        said = exit_message.strip()
        if said and said not in reason:
            reason = f"{said} ({reason})" if reason else said
        super().__init__(f"{where} {outcome}: {reason or 'no reason was given'}")


def explain(
    run: str,
    events: Iterable[StateEvent | Ended | None],
    log_of: Callable[[str], list[str]] | None = None,
    command: Callable[[str, str], str] | None = None,
) -> RunFailedError:
    """Make the error for a run that did not succeed.

    Args:
        run: name of the run.
        events: everything that was followed, including its :class:`Ended`.
        log_of: function from a job's name to the last lines of its log; None shows no log.
        command: function from a verb, ``run`` or ``logs``, and a step's name to the command that
            runs it again or shows its log; empty where there is no such command.

    Returns:
        The error, to be raised.
    """
    known = [event for event in events if event is not None]
    ended = next((one for one in reversed(known) if isinstance(one, Ended)), None)
    failed = _last_failure(known)
    status = ended.status if ended else "FAILED"
    if failed is None:
        reason = ": ".join(filter(None, (ended.error, ended.cause))) if ended else ""
        return RunFailedError(run, status, reason=reason, advice=("see all runs: batcat status",))
    described = _described(failed.cause)
    job = described.get("ProcessingJobName") or failed.job
    log = tuple(log_of(job)) if job and log_of else ()
    return RunFailedError(
        run,
        status,
        step=failed.state,
        job=job,
        reason=_reason(failed, described),
        exit_message=described.get("ExitMessage", ""),
        log=log,
        advice=tuple(
            _advice(failed, _step_before(known, failed), described, log, command or _plain_command)
        ),
    )


def _plain_command(verb: str, step: str) -> str:
    return f"batcat run --step {step}" if verb == "run" else ""


def _last_failure(events: list[StateEvent | Ended]) -> StateEvent | None:
    """The failure that was not made good by a later attempt."""
    failure: StateEvent | None = None
    for event in events:
        if isinstance(event, Ended):
            continue
        if event.kind == "failed":
            failure = event
        elif failure and event.kind == "succeeded" and event.state == failure.state:
            failure = None
    return failure


def _step_before(events: list[StateEvent | Ended], failed: StateEvent) -> str:
    """The last step that succeeded before another failed; empty when none did."""
    done = [
        event.state
        for event in events[: events.index(failed)]
        if isinstance(event, StateEvent) and event.type == "Task" and event.kind == "succeeded"
    ]
    return done[-1] if done else ""


def _described(cause: str) -> dict[str, Any]:
    """The job's description, which Step Functions puts into the cause as JSON."""
    try:
        document = json.loads(cause)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _reason(failed: StateEvent, described: dict[str, Any]) -> str:
    if described.get("FailureReason"):
        return str(described["FailureReason"])
    if described.get("ProcessingJobStatus"):
        return f"its Processing job is {described['ProcessingJobStatus']}"
    return ": ".join(filter(None, (failed.error, failed.cause)))


def _advice(
    failed: StateEvent,
    before: str,
    described: dict[str, Any],
    log: tuple[str, ...],
    command: Callable[[str, str], str],
) -> Iterator[str]:
    step = failed.state
    written = "\n".join((*log, described.get("ExitMessage", "")))
    missing = _MODULE.search(written)
    reason = str(described.get("FailureReason", ""))
    if reason.startswith("CapacityError"):
        yield "run again later, or with another instance_type in deploy/config.json"
    elif not described:
        yield "correct what AWS refused, then: batcat deploy and batcat run"
    elif "No S3 objects found" in reason:
        if before:
            yield f"let {before} write a file, for its output folder is empty: bc.write_table(…)"
            yield f"run that alone: python script/{before}.py"
        else:
            yield "give it input: batcat run --input <file or folder>"
    elif "MaxRuntimeInSeconds" in reason or described.get("ProcessingJobStatus") == "Stopped":
        yield "give it more time: max_runtime_seconds in deploy/config.json"
        yield f"run it alone: python script/{step}.py"
    elif _DISK_IS_FULL in written:
        yield "give its machine more disk: volume_size_gb in deploy/config.json"
        yield f"run it alone: python script/{step}.py"
    elif missing:
        yield f"install the package that brings {missing[1]}"
        yield "name it in deploy/docker/requirements.txt, so that the image has it as well"
    else:
        show_log = command("logs", step)
        if not log and show_log:
            yield f"read its log: {show_log}"
        silent = "" if log or show_log else ", for it wrote nothing to its log"
        yield f"run it alone{silent}: python script/{step}.py"
        yield f"then again: {command('run', step)}"
