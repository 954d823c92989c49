"""What is there: the stack, and the last executions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from batcat_runtime import aws
from batcat_runtime.errors import MissingError

from .stack import Stack, find_stack

if TYPE_CHECKING:
    from .project import Project

SHOWN = 10
"""How many executions are shown."""


@dataclass(frozen=True)
class Past:
    """An execution that has begun.

    Attributes:
        run: its name.
        arn: its ARN.
        status: ``RUNNING``, ``SUCCEEDED``, ``FAILED``, ``ABORTED`` or ``TIMED_OUT``.
        begun: when, in UTC.
        seconds: how long it took, or has been taking.
    """

    run: str
    arn: str
    status: str
    begun: datetime
    seconds: float


@dataclass(frozen=True)
class Status:
    """A project in one environment.

    Attributes:
        stack: its stack, or None when nothing is deployed.
        runs: its last executions, newest first.
    """

    stack: Stack | None
    runs: tuple[Past, ...]


def read_status(project: Project, limit: int = SHOWN) -> Status:
    """Read what is there.

    Args:
        project: the project.
        limit: most executions to read.

    Returns:
        The status.

    Raises:
        AccessError: it may not be read, or AWS cannot be reached.
    """
    stack = find_stack(project.stack, project.region)
    machine = stack.outputs.get("StateMachineArn") if stack else None
    return Status(stack, past_runs(machine, project.region, limit) if machine else ())


def past_runs(
    state_machine: str, region: str, limit: int = SHOWN, status: str | None = None
) -> tuple[Past, ...]:
    """Read the last executions of a state machine, newest first.

    Args:
        state_machine: its ARN.
        region: AWS region.
        limit: most executions to read.
        status: read only those of this status.
    """
    now = datetime.now(timezone.utc)
    only = {"statusFilter": status} if status else {}
    client = aws.client("stepfunctions", region)
    with aws.explained(f"list the executions of {state_machine}", "deploy first"):
        found = client.list_executions(stateMachineArn=state_machine, maxResults=limit, **only)
    return tuple(
        Past(
            run=one["name"],
            arn=one["executionArn"],
            status=one["status"],
            begun=one["startDate"],
            seconds=((one.get("stopDate") or now) - one["startDate"]).total_seconds(),
        )
        for one in found["executions"][:limit]
    )


def last_run(project: Project) -> str:
    """Name the newest run.

    Raises:
        MissingError: nothing is deployed, or nothing has run.
    """
    runs = read_status(project, limit=1).runs
    if not runs:
        raise MissingError(
            f"nothing has run in environment {project.environment} yet; run: "
            f"batcat run{project.option}",
        )
    return runs[0].run
