"""The three operations on a stack: create, update and delete, with their ways back.

Each ends in a status that CloudFormation's waiters know.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .apply import FailedError, Step, Worker, reverse_order
from .plan import RETAINING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .model import Model
    from .state import Resource, Stack

ROLLBACK, DO_NOTHING, DELETE = "ROLLBACK", "DO_NOTHING", "DELETE"


def create(stack: Stack, model: Model, client: Callable[[str], Any], on_failure: str) -> None:
    """Make every resource of a new stack."""
    worker = Worker(stack, model, client)
    try:
        for name in model.order:
            worker.bring(name)
    except FailedError as failure:
        reason = f"The following resource(s) failed to create: [{failure.logical_id}]. "
        _undo_creation(stack, worker, reason, on_failure)
        return
    _adopt(stack, model, worker)
    stack.enter("CREATE_COMPLETE")


def _undo_creation(stack: Stack, worker: Worker, reason: str, on_failure: str) -> None:
    if on_failure == DO_NOTHING:
        stack.enter("CREATE_FAILED", reason.strip())
        return
    if on_failure == DELETE:
        stack.enter("DELETE_IN_PROGRESS", f"{reason}Delete requested by user.")
    else:
        stack.enter("ROLLBACK_IN_PROGRESS", f"{reason}Rollback requested by user.")

    def keep(resource: Resource) -> bool:
        return _policy(resource) == "Retain" and not stack.retain_except_on_create

    failed = _remove_all(stack, worker, stack.resources.values(), keep)
    end = "DELETE" if on_failure == DELETE else "ROLLBACK"
    if failed:
        stack.enter(f"{end}_FAILED", _failed_to_delete(failed))
    elif on_failure == DELETE:
        _bury(stack)
    else:
        stack.enter("ROLLBACK_COMPLETE")


def update(stack: Stack, model: Model, client: Callable[[str], Any], *, rollback: bool) -> None:
    """Turn the stack into the new model, then remove what is no longer part of it."""
    before = dict(stack.resources)
    worker = Worker(stack, model, client)
    steps: list[Step] = []
    try:
        for name in model.order:
            step = worker.bring(name)
            steps += [step] if step else []
    except FailedError as failure:
        steps += _half_done(stack, before, failure.logical_id)
        verb = "update" if failure.logical_id in before else "create"
        reason = f"The following resource(s) failed to {verb}: [{failure.logical_id}]. "
        if rollback:
            _undo_update(stack, worker, steps, before, reason)
        else:
            stack.enter("UPDATE_FAILED", reason.strip())
        return
    stack.enter("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    replaced = {
        step.before.logical_id: step.before
        for step in steps
        if step.before and step.before.physical_id != step.after.physical_id
    }
    removed = {n: r for n, r in before.items() if n not in model.resources}
    for resource in reverse_order([*replaced.values(), *removed.values()]):
        name = resource.logical_id
        if name in removed:
            worker.remove(resource, keep=_policy(resource) in RETAINING)
            stack.resources.pop(name, None)
        else:
            kept = resource.declared.get("UpdateReplacePolicy") in RETAINING
            worker.remove(resource, keep=kept, forget=False)
    _adopt(stack, model, worker)
    stack.enter("UPDATE_COMPLETE")


def _half_done(stack: Stack, before: dict[str, Resource], name: str) -> list[Step]:
    """The step that failed, as far as it must be undone."""
    now = stack.resources.get(name)
    old = before.get(name)
    if now is None or (old is not None and now.properties == old.properties):
        return []
    return [Step(old, now)]


def _undo_update(
    stack: Stack,
    worker: Worker,
    steps: list[Step],
    before: dict[str, Resource],
    reason: str,
) -> None:
    stack.enter("UPDATE_ROLLBACK_IN_PROGRESS", reason.strip())
    try:
        for step in reversed(steps):
            worker.restore(step)
    except FailedError as failure:
        stack.enter(
            "UPDATE_ROLLBACK_FAILED",
            f"The following resource(s) failed to update: [{failure.logical_id}].",
        )
        return
    stack.enter("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    physical = {old.physical_id for old in before.values()}
    surplus = [s.after for s in steps if s.after.physical_id not in physical]
    for resource in reverse_order(surplus):
        worker.remove(resource, keep=False, forget=False)
    with stack.settled:
        stack.resources = {name: _restored(stack.resources[name]) for name in before}
    stack.enter("UPDATE_ROLLBACK_COMPLETE")


def _restored(resource: Resource) -> Resource:
    failed = resource.status.endswith("_FAILED")
    return replace(resource, status="UPDATE_COMPLETE", reason="") if failed else resource


def delete(
    stack: Stack, model: Model, client: Callable[[str], Any], retained: frozenset[str]
) -> None:
    """Remove every resource but those whose policy, or the request, keeps them."""
    worker = Worker(stack, model, client)

    def keep(resource: Resource) -> bool:
        return resource.logical_id in retained or _policy(resource) in RETAINING

    failed = _remove_all(stack, worker, stack.resources.values(), keep)
    if failed:
        stack.enter("DELETE_FAILED", _failed_to_delete(failed))
    else:
        _bury(stack)


def _remove_all(
    stack: Stack,
    worker: Worker,
    resources: Iterable[Resource],
    keep: Callable[[Resource], bool],
) -> list[str]:
    """Delete in reverse order, sparing what a failed one needs; returns those that failed."""
    failed: list[str] = []
    blocked: set[str] = set()
    present = [r for r in resources if r.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED")]
    for resource in reverse_order(present):
        if resource.logical_id in blocked:
            blocked |= resource.dependencies
        elif not worker.remove(resource, keep=keep(resource)):
            failed.append(resource.logical_id)
            blocked |= resource.dependencies
    stack.outputs = [] if not failed else stack.outputs
    return failed


def _failed_to_delete(names: list[str]) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(names)}]. "


def _policy(resource: Resource) -> str:
    return str(resource.declared.get("DeletionPolicy", "Delete"))


def _adopt(stack: Stack, model: Model, worker: Worker) -> None:
    with stack.settled:
        stack.model, stack.tags, stack.values = model, model.tags, model.values
        stack.outputs = model.outputs(worker.lookup())


def _bury(stack: Stack) -> None:
    stack.enter("DELETE_COMPLETE")
    stack.deleted = stack.events[-1].time
