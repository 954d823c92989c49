"""Carry a plan out: create, update or delete a stack's resources, and roll back on failure.

Runs in a thread of its own. One resource at a time, each after what it needs, so that events come
in an order that can be relied on; AWS works on independent resources at the same time.
Sources: "How does CloudFormation work", "DeletionPolicy attribute", "UpdateReplacePolicy
attribute" and "Stack failure options" in the user guide.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import ServiceError

from . import schemas
from .model import Lookup, Model, nothing_known
from .plan import create_only_changes
from .resources import HANDLERS
from .resources.base import Task, is_missing, reason_of
from .state import Resource, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class FailedError(Exception):
    """A resource could not be brought to what it shall be."""

    def __init__(self, logical_id: str) -> None:
        super().__init__(logical_id)
        self.logical_id = logical_id


@dataclass(frozen=True)
class Step:
    """One thing an update did: ``before`` is None for a new resource."""

    before: Resource | None
    after: Resource


class Worker:
    """Does one operation's work on one stack.

    Args:
        stack: changed as the work goes on.
        model: what the stack's resources belong to; for a deletion, the one that stands.
        client: makes a boto3 client of a service.
    """

    def __init__(self, stack: Stack, model: Model, client: Callable[[str], Any]) -> None:
        self._stack = stack
        self._model = model
        self._client = client

    def bring(self, name: str) -> Step | None:
        """Create, update or replace one resource; None when it is right already.

        Raises:
            FailedError: the events say why.
        """
        declared = self._model.resources[name]
        before = self._stack.resources.get(name)
        wanted = Resource(name, declared["Type"], declared, self._model.dependencies[name])
        try:
            wanted = replace(wanted, properties=self._model.properties(name, self.lookup()))
        except ServiceError as error:  # Wrong only with the values that are known now.
            failed = "UPDATE_FAILED" if before else "CREATE_FAILED"
            self._stack.note(before or wanted, failed, error.message)
            raise FailedError(name) from error
        if before is None:
            return Step(None, self._create(wanted, "CREATE"))
        if before.properties == wanted.properties:
            same = replace(before, declared=declared, dependencies=wanted.dependencies)
            self._stack.resources[name] = same
            return None
        region = self._model.place.region
        fixed = create_only_changes(region, wanted.kind, wanted.properties, before.properties)
        return self._replace(before, wanted) if fixed else self._update(before, wanted)

    def restore(self, step: Step) -> None:
        """Undo one step of an update, but leave what is new for the cleanup."""
        before, after = step.before, step.after
        if before is None:
            return
        if before.physical_id == after.physical_id:
            self._update(after, before)
        else:
            self._stack.note(before, "UPDATE_COMPLETE")

    def remove(self, resource: Resource, *, keep: bool, forget: bool = True) -> bool:
        """Delete one resource, or skip it by its policy; returns whether that worked."""
        stack = self._stack
        record = stack.note if forget else stack.log
        if keep or not resource.physical_id:
            if keep:
                record(resource, "DELETE_SKIPPED")
            return True
        record(resource, "DELETE_IN_PROGRESS")
        try:
            task = self._task(resource, lambda _: None)
            HANDLERS[resource.kind].delete(task, resource.physical_id, resource.properties)
        except Exception as error:  # noqa: BLE001 - whatever it is becomes the event's reason
            if not is_missing(error):
                record(resource, "DELETE_FAILED", _reason(error))
                return False
        record(resource, "DELETE_COMPLETE")
        return True

    def lookup(self) -> Lookup:
        """Values of the resources that stand now."""
        nothing = nothing_known(self._model.resources)
        standing = self._stack.resources

        def reference(name: str) -> Any:
            nothing.reference(name)
            return standing[name].physical_id

        def attribute(name: str, key: str) -> Any:
            nothing.attribute(name, key)
            return standing[name].attributes[key]

        return Lookup(reference, attribute)

    def _create(self, wanted: Resource, verb: str) -> Resource:
        current = wanted
        if verb == "CREATE":
            current = self._stack.note(wanted, "CREATE_IN_PROGRESS")

        def began(physical_id: str) -> None:
            nonlocal current
            current = self._stack.note(
                current,
                f"{verb}_IN_PROGRESS",
                "Resource creation Initiated",
                physical_id=physical_id,
            )

        handler = HANDLERS[wanted.kind]
        try:
            task = self._task(wanted, began)
            physical_id = handler.create(task, wanted.properties)
            attributes = handler.read(task, physical_id, wanted.properties)
        except Exception as error:
            self._stack.note(current, f"{verb}_FAILED", _reason(error))
            raise FailedError(wanted.logical_id) from error
        return self._stack.note(
            current, f"{verb}_COMPLETE", physical_id=physical_id, attributes=attributes
        )

    def _replace(self, before: Resource, wanted: Resource) -> Step:
        region, stack = self._model.place.region, self._stack
        stack.note(before, "UPDATE_IN_PROGRESS", REPLACING)
        name = schemas.name_property(region, wanted.kind)
        given = wanted.properties.get(name) if name else None
        if given is not None and given == before.properties.get(name or ""):
            stack.note(before, "UPDATE_FAILED", CUSTOM_NAMED.format(name=given))
            raise FailedError(wanted.logical_id)
        try:
            return Step(before, self._create(wanted, "UPDATE"))
        except FailedError:
            # What stands is still the old one; the half-made new one goes with the cleanup.
            half_made = stack.resources[wanted.logical_id]
            stack.resources[wanted.logical_id] = before
            if half_made.physical_id and half_made.physical_id != before.physical_id:
                self.remove(half_made, keep=False, forget=False)
            raise

    def _update(self, before: Resource, wanted: Resource) -> Step:
        changing = replace(wanted, physical_id=before.physical_id, attributes=before.attributes)
        self._stack.note(changing, "UPDATE_IN_PROGRESS")
        handler = HANDLERS[wanted.kind]
        try:
            task = self._task(wanted, lambda _: None)
            handler.update(task, before.physical_id, wanted.properties, before.properties)
            attributes = handler.read(task, before.physical_id, wanted.properties)
        except Exception as error:
            self._stack.note(changing, "UPDATE_FAILED", _reason(error))
            raise FailedError(wanted.logical_id) from error
        after = self._stack.note(changing, "UPDATE_COMPLETE", attributes=attributes)
        return Step(before, after)

    def _task(self, resource: Resource, began: Callable[[str], None]) -> Task:
        place = self._model.place
        return Task(
            self._client,
            place.region,
            place.account,
            place.partition,
            place.url_suffix,
            self._stack.name,
            resource.logical_id,
            began,
        )


REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."
CUSTOM_NAMED = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
    "Rename {name} and update the stack again."
)


def _reason(error: Exception) -> str:
    if not hasattr(error, "response"):
        traceback.print_exception(error)  # Not an answer of AWS: a mistake of ours shows its place.
    return reason_of(error)


def reverse_order(resources: Iterable[Resource]) -> list[Resource]:
    """Resources so that each comes before what it needs."""
    left = {resource.logical_id: resource for resource in resources}
    result: list[Resource] = []
    while left:
        needed = frozenset().union(*(resource.dependencies for resource in left.values()))
        free = [name for name in left if name not in needed] or list(left)
        result += [left.pop(name) for name in reversed(free)]
    return result
