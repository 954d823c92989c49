"""What is remembered of stacks, their resources, events and change sets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from threading import Condition
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from .model import Model, Output

STACK_TYPE = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Detail:
    """One reason for a change.

    Attributes:
        attribute: Properties, Tags, Metadata, DeletionPolicy or UpdateReplacePolicy.
        name: property that changes; empty for other attributes.
        recreation: Never, Conditionally or Always.
        evaluation: Static where the new value is known, Dynamic where it is not yet.
        source: DirectModification, ParameterReference, ResourceReference or ResourceAttribute.
        entity: what the new value comes from.
    """

    attribute: str
    name: str
    recreation: str
    evaluation: str
    source: str
    entity: str = ""


@dataclass(frozen=True)
class Change:
    """What happens to one resource."""

    action: str
    logical_id: str
    kind: str
    physical_id: str = ""
    replacement: str = ""
    scope: tuple[str, ...] = ()
    details: tuple[Detail, ...] = field(default=())
    policy: str = ""


@dataclass(frozen=True)
class Resource:
    """One resource as it stands.

    Attributes:
        properties: evaluated properties it was last created or updated with.
        attributes: what ``Fn::GetAtt`` gives.
        declared: its entry in the processed template.
        dependencies: logical ids it needs.
    """

    logical_id: str
    kind: str
    declared: dict[str, Any]
    dependencies: frozenset[str]
    properties: dict[str, Any] = field(default_factory=dict)
    physical_id: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    status: str = ""
    reason: str = ""
    updated: datetime = field(default_factory=lambda: datetime.now(timezone.utc))


@dataclass(frozen=True)
class Event:
    """One line of a stack's history."""

    id: str
    time: datetime
    logical_id: str
    physical_id: str
    kind: str
    status: str
    reason: str
    properties: str
    token: str


@dataclass
class ChangeSet:
    """A planned change of a stack."""

    id: str
    name: str
    kind: str
    created: datetime
    description: str
    status: str
    reason: str
    execution: str
    model: Model
    changes: list[Change]
    capabilities: list[str]
    on_failure: str
    role: str


@dataclass
class Stack:
    """A stack, from its first change set until long after its deletion.

    ``settled`` guards the mutable parts and is notified at every change of status.
    """

    id: str
    name: str
    created: datetime
    status: str = ""
    reason: str = ""
    updated: datetime | None = None
    deleted: datetime | None = None
    model: Model | None = None
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    change_set_id: str = ""
    capabilities: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    role: str = ""
    disable_rollback: bool = False
    retain_except_on_create: bool = False
    protected: bool = False
    token: str = ""
    settled: Condition = field(default_factory=Condition)

    @property
    def busy(self) -> bool:
        """Whether an operation is under way."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    def enter(self, status: str, reason: str = "") -> None:
        """Change the stack's status and say so in its events."""
        with self.settled:
            self.status, self.reason = status, reason
            self._log(self.name, self.id, STACK_TYPE, status, reason, "")
            self.settled.notify_all()

    def note(self, resource: Resource, status: str, reason: str = "", **changes: Any) -> Resource:
        """Record a resource's new status, and keep it as the one that stands."""
        with self.settled:
            changed = replace(resource, status=status, reason=reason, updated=_now(), **changes)
            self.resources[changed.logical_id] = changed
            self.log(changed, status, reason)
            return changed

    def log(self, resource: Resource, status: str, reason: str = "") -> None:
        """Record an event of a resource that is not, or no longer, the one that stands."""
        with self.settled:
            properties = json.dumps(resource.properties, default=str)
            self._log(
                resource.logical_id,
                resource.physical_id,
                resource.kind,
                status,
                reason,
                properties,
            )

    def _log(  # noqa: PLR0913, PLR0917 - the columns of an event
        self, logical: str, physical: str, kind: str, status: str, reason: str, properties: str
    ) -> None:
        time = _now()
        # Followers remember the last event by its time in ms, so no two may share one.
        if self.events and time <= self.events[-1].time:
            time = self.events[-1].time + timedelta(milliseconds=1)
        self.events.append(
            Event(
                str(uuid4()), time, logical, physical, kind, status, reason, properties, self.token
            )
        )


def _now() -> datetime:
    now = datetime.now(timezone.utc)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
