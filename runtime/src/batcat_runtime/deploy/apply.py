"""Act: execute a plan and tell what happens as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.errors import DeployError

from . import change_sets
from .polling import pauses
from .stack import StackEvent, events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .plan import Plan

_ADVICE = (
    ("assume the provided role", "let the role exist, and trust the service that is to assume it"),
    ("cannot be assumed", "let the role exist, and trust the service that is to assume it"),
    ("already exists", "another stack or person made it; rename it, or delete the other one"),
    ("not authorized", "the credentials lack this right; ask for it, or use another profile"),
    ("AccessDenied", "the credentials lack this right; ask for it, or use another profile"),
    ("LimitExceeded", "a quota of the account is reached; ask AWS to raise it"),
)
_DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}
STACK_TYPE = "AWS::CloudFormation::Stack"
_FILES = {"AWS::StepFunctions::StateMachine": "deploy/workflow.asl.json"}
"""Where the mistake of a resource can be besides the template."""


def apply(plan: Plan) -> Iterator[StackEvent]:
    """Execute a plan.

    Args:
        plan: what :func:`batcat_runtime.deploy.plan.make_plan` returned.

    Yields:
        Each event of the stack as it happens.

    Raises:
        DeployError: it failed; the message names the first resource that failed, the reason, and
            what to try.
    """
    if plan.is_empty:
        return
    region = plan.account.region
    seen = {event.id for event in events(plan.stack, region)}
    change_sets.execute(plan.change_set, plan.stack, region)
    yield from follow(plan.stack, region, seen)


def follow(stack: str, region: str, seen: set[str]) -> Iterator[StackEvent]:
    """Follow a stack's operation to its end.

    Args:
        stack: name or ARN of the stack; only the ARN can be followed through its deletion.
        region: AWS region.
        seen: ids of the events that were there before the operation began.

    Yields:
        Each new event that changes a resource's status, oldest first.

    Raises:
        DeployError: the operation failed.
    """
    name = stack.split("/")[1] if stack.startswith("arn:") else stack
    failures: list[StackEvent] = []
    standing: dict[str, str] = {}
    for _ in pauses():
        for event in _new_events(stack, region, seen):
            # CloudFormation says CREATE_IN_PROGRESS again once it knows the physical id.
            if standing.get(event.logical) == event.status:
                continue
            standing[event.logical] = event.status
            yield event
            if event.type != STACK_TYPE:
                failures += [event] if event.is_failure else []
                continue
            # The end is read from the events and not from the stack's status, which may still
            # be the one before the operation. Nested stacks have other names.
            if event.logical != name:
                continue
            if event.status in _DONE:
                return
            if not event.status.endswith("_IN_PROGRESS"):
                raise DeployError(_explain(event, failures))


def _new_events(stack: str, region: str, seen: set[str]) -> list[StackEvent]:
    new: list[StackEvent] = []
    for event in events(stack, region):  # newest first
        if event.id in seen:
            break
        seen.add(event.id)
        new.append(event)
    return new[::-1]


def _explain(end: StackEvent, failures: list[StackEvent]) -> str:
    ended = f"stack {end.logical} ended as {end.status}"
    if not failures:
        return f"{ended}: {end.reason or 'CloudFormation gives no reason'}"
    first = failures[0]
    files = " or ".join(filter(None, (_FILES.get(first.type), "deploy/template.yaml")))
    otherwise = f"correct {files} and run batcat deploy again"
    advice = next((text for sign, text in _ADVICE if sign in first.reason), otherwise)
    after = "; everything is as it was before" if "ROLLBACK_COMPLETE" in end.status else ""
    return (
        f"{ended}: {first.logical} ({first.type}) is {first.status}: "
        f"{first.reason or 'no reason given'}{after}. What to try: {advice}"
    )
