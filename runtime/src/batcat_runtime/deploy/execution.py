"""Start an execution, follow it, stop it."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from threading import Lock
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import AccessError, ExecutionError, MissingError, ServiceError

from . import names
from .history import Ended, History, StateEvent
from .polling import pauses
from .stack import find_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .project import Project

STOP_SECONDS = 150.0
"""How long a job may take to stop: SageMaker waits 120 s between SIGTERM and SIGKILL."""
# Source: Amazon SageMaker API Reference, StopProcessingJob.


@dataclass(frozen=True)
class Execution:
    """One run of a state machine.

    Attributes:
        arn: its ARN.
        run: its name, which is the front of its jobs' names.
        region: AWS region.
    """

    arn: str
    run: str
    region: str


class _Clock:
    """Tells the second, and never the same one twice: a run's name is only as fine as that."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=timezone.utc)
        self._lock = Lock()

    def next_second(self) -> datetime:
        with self._lock:
            now = datetime.now(timezone.utc).replace(microsecond=0)
            self._last = max(now, self._last + timedelta(seconds=1))
            return self._last


_CLOCK = _Clock()


def new_run(project: Project) -> str:
    """Name a run that begins now; each call of one process gives another name."""
    run = names.run(project.project, project.purpose, _CLOCK.next_second())
    for step in project.steps:
        names.job(run, step)  # a name that AWS would refuse is found before anything is uploaded
    return run


def claim(project: Project, run: str) -> bool:
    """Take a run's name before anything is stored under it.

    Args:
        project: the project.
        run: name from :func:`new_run`.

    Returns:
        Whether nobody else had it: S3 writes an object that must not exist for one writer only.

    Raises:
        MissingError: the result bucket does not exist.
    """
    bucket, key = _claim(project, run)
    s3 = aws.client("s3", project.region)
    try:
        with aws.explained(f"begin run {run} in s3://{bucket}/{key}", "deploy first"):
            s3.put_object(Bucket=bucket, Key=key, IfNoneMatch="*")
    except ServiceError as error:
        # Source: Amazon S3 User Guide, "How to prevent object overwrites with conditional writes".
        if error.code in {"PreconditionFailed", "ConditionalRequestConflict"}:
            return False
        raise
    return True


def release(project: Project, run: str) -> None:
    """Remove the mark of :func:`claim`, once nobody else can come by the same name any more."""
    from botocore.exceptions import BotoCoreError, ClientError

    over = names.moment(run) + timedelta(seconds=1) - datetime.now(timezone.utc)
    time.sleep(max(0.0, over.total_seconds()))
    bucket, key = _claim(project, run)
    # An empty object that stays is no reason to call the run a failure.
    with suppress(BotoCoreError, ClientError):
        aws.client("s3", project.region).delete_object(Bucket=bucket, Key=key)


def _claim(project: Project, run: str) -> tuple[str, str]:
    return project.result_s3_bucket, f"{project.purpose}/run-claim/{run}"


def start(
    project: Project, state_machine: str, run: str, input_path: str | None = None
) -> Execution:
    """Start an execution.

    Args:
        project: the project.
        state_machine: ARN of the state machine.
        run: name from :func:`new_run`.
        input_path: ``s3://`` prefix of the input; None takes the state machine's own default.

    Returns:
        The execution, which has begun.

    Raises:
        ExecutionError: a run of this name exists.
        AccessError: the credentials do not allow it.
    """
    given = {"ProcessingJobName": run, "ResultPath": project.result_path}
    if input_path:
        given["InputPath"] = input_path
    client = aws.client("stepfunctions", project.region)
    try:
        with aws.explained(f"start run {run}", "deploy first"):
            answer = client.start_execution(
                stateMachineArn=state_machine, name=run, input=json.dumps(given)
            )
    except ServiceError as error:
        if error.code != "ExecutionAlreadyExists":
            raise
        raise ExecutionError(
            f"a run named {run} exists: another one began in the same second; run again",
        ) from error
    return Execution(answer["executionArn"], run, project.region)


def follow(execution: Execution) -> Iterator[StateEvent | Ended | None]:
    """Follow an execution to its end.

    Yields:
        Each event as it happens, the last one an :class:`Ended`; None after each look at the
        history, so that a display can move on.
    """
    history, last = History(), 0
    for _ in pauses():
        events = _events_after(execution, last)
        last = events[-1]["id"] if events else last
        for event in history.read(events):
            yield event
            if isinstance(event, Ended):
                return
        yield None


def read(execution: Execution) -> list[StateEvent | Ended]:
    """Read all that has happened until now."""
    return History().read(_events_after(execution, 0))


def jobs(execution: Execution) -> dict[str, list[str]]:
    """Name the Processing jobs that each step has made until now, oldest first.

    There are several where no machine was free at first, and of a step that is a Map.
    """
    found: dict[str, list[str]] = {}
    for event in read(execution):
        if isinstance(event, StateEvent) and event.kind == "started":
            known = found.setdefault(event.state, [])
            if event.job not in known:
                known.append(event.job)
    return found


def jobs_of(project: Project, run: str, step: str) -> list[str]:
    """Name the Processing jobs of a step, oldest first.

    Where the run's history is not known (any more), or names none, it is the first job's name.
    """
    found: dict[str, list[str]] = {}
    stack = find_stack(project.stack, project.region)  # in whatever state
    machine = stack.outputs.get("StateMachineArn", "") if stack else ""
    with suppress(AccessError, MissingError, ServiceError):
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{run}"
        found = jobs(Execution(arn, run, project.region))
    return found.get(step) or [names.job(run, step)]


def _events_after(execution: Execution, last: int) -> list[dict[str, Any]]:
    """Events with an id above ``last``, oldest first; read backwards to fetch only the new ones."""
    client = aws.client("stepfunctions", execution.region)
    new: list[dict[str, Any]] = []
    with aws.explained(f"follow run {execution.run}", "see batcat status"):
        pages = client.get_paginator("get_execution_history").paginate(
            executionArn=execution.arn, reverseOrder=True, PaginationConfig={"PageSize": 100}
        )
        for page in pages:
            new += [event for event in page["events"] if event["id"] > last]
            if not page["events"] or page["events"][-1]["id"] <= last:
                break
    return new[::-1]


def stop(execution: Execution) -> None:
    """Stop an execution and its Processing jobs, and wait until they have really stopped.

    Raises:
        ExecutionError: a job was still running after :data:`STOP_SECONDS`.
    """
    client = aws.client("stepfunctions", execution.region)
    with aws.explained(f"stop run {execution.run}", "it may have ended already"):
        client.stop_execution(
            executionArn=execution.arn, error="Stopped", cause="stopped by the user"
        )
    left = {job for made in jobs(execution).values() for job in made}
    for passed in pauses(STOP_SECONDS):
        left = {job for job in left if _still_running(job, execution.region, insist=passed > 1)}
        if not left:
            return
    raise ExecutionError(
        f"run {execution.run} is stopped, but its Processing job {', '.join(sorted(left))} still "
        "runs; see it with: aws sagemaker describe-processing-job",
    )


def _still_running(job: str, region: str, *, insist: bool) -> bool:
    """Whether a job runs; stops it when Step Functions has not done so by itself."""
    from botocore.exceptions import ClientError

    sagemaker = aws.client("sagemaker", region)
    try:
        status = sagemaker.describe_processing_job(ProcessingJobName=job)["ProcessingJobStatus"]
        if status == "InProgress" and insist:
            sagemaker.stop_processing_job(ProcessingJobName=job)
    except ClientError:
        return False  # it was never made, or has just ended
    return status in {"InProgress", "Stopping"}
