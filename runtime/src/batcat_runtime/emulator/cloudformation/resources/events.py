"""EventBridge rules and buses."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from .base import (
    ANY,
    AlreadyExistsError,
    Handler,
    Properties,
    Task,
    changed_members,
    changed_tags,
    is_missing,
    pick,
)


class Rule(Handler):
    """``AWS::Events::Rule``."""

    properties: ClassVar[Properties] = {
        "Description": ANY,
        "EventBusName": ANY,
        "EventPattern": ANY,
        "Name": ANY,
        "ScheduleExpression": ANY,
        "State": ANY,
        "Tags": ANY,
        "Targets": [
            {
                "Arn": ANY,
                "DeadLetterConfig": ANY,
                "Id": ANY,
                "Input": ANY,
                "InputPath": ANY,
                "InputTransformer": ANY,
                "RetryPolicy": ANY,
                "RoleArn": ANY,
            }
        ],
    }
    attributes = frozenset({"Arn", "RuleName"})

    def create(self, task: Task, properties: Properties) -> str:
        """Make the rule and its targets; PutRule would silently change one that exists."""
        name = str(properties.get("Name") or task.name(64))
        bus = properties.get("EventBusName", "default")
        events = task.client("events")
        try:
            events.describe_rule(Name=name, EventBusName=bus)
        except events.exceptions.ClientError as error:
            if not is_missing(error):
                raise
        else:
            raise AlreadyExistsError(name)
        physical_id = name if bus == "default" else f"{bus}|{name}"
        self._put(task, name, properties, tags=True)
        task.began(physical_id)
        self._target(task, name, properties, {})
        return physical_id

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change the rule, its targets and its tags."""
        events, name = task.client("events"), _name(physical_id)
        self._put(task, name, new)
        self._target(task, name, new, old)
        add, remove = changed_tags(new, old)
        arn = self.read(task, physical_id, new)["Arn"]
        if add:
            entries = [{"Key": key, "Value": value} for key, value in add.items()]
            events.tag_resource(ResourceARN=arn, Tags=entries)
        if remove:
            events.untag_resource(ResourceARN=arn, TagKeys=remove)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:
        """Remove the targets, then the rule."""
        name = _name(physical_id)
        self._target(task, name, {**properties, "Targets": []}, properties)
        task.client("events").delete_rule(Name=name, EventBusName=_bus(properties))

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:
        """Its ARN and name."""
        name = _name(physical_id)
        rule = task.client("events").describe_rule(Name=name, EventBusName=_bus(properties))
        return {"Arn": rule["Arn"], "RuleName": name}

    def _put(self, task: Task, name: str, properties: Properties, *, tags: bool = False) -> None:
        given = pick(properties, ("Description", "EventBusName", "ScheduleExpression", "State"))
        if "EventPattern" in properties:
            pattern = properties["EventPattern"]
            given["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
        if tags and properties.get("Tags"):
            given["Tags"] = properties["Tags"]
        task.client("events").put_rule(Name=name, **given)

    def _target(self, task: Task, name: str, new: Properties, old: Properties) -> None:
        events = task.client("events")
        wanted = new.get("Targets") or []
        ids = ([t["Id"] for t in wanted], [t["Id"] for t in old.get("Targets") or []])
        gone = changed_members(*ids)[1]
        if gone:
            events.remove_targets(Rule=name, EventBusName=_bus(old), Ids=gone)
        if wanted and wanted != old.get("Targets"):
            answer = events.put_targets(Rule=name, EventBusName=_bus(new), Targets=wanted)
            for entry in answer["FailedEntries"]:
                raise RuntimeError(f"target {entry['TargetId']}: {entry['ErrorMessage']}")


class EventBus(Handler):
    """``AWS::Events::EventBus``."""

    properties: ClassVar[Properties] = {"Description": ANY, "Name": ANY, "Tags": ANY}
    attributes = frozenset({"Arn", "Name"})

    def create(self, task: Task, properties: Properties) -> str:
        """Make the bus."""
        given = pick(properties, ("Description", "Tags"))
        task.client("events").create_event_bus(Name=properties["Name"], **given)
        task.began(str(properties["Name"]))
        return str(properties["Name"])

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change the tags; nothing else changes in place here."""
        if new.get("Description") != old.get("Description"):
            raise RuntimeError("batcat local does not change the Description of an event bus")
        events, arn = task.client("events"), self.read(task, physical_id, new)["Arn"]
        add, remove = changed_tags(new, old)
        if add:
            entries = [{"Key": key, "Value": value} for key, value in add.items()]
            events.tag_resource(ResourceARN=arn, Tags=entries)
        if remove:
            events.untag_resource(ResourceARN=arn, TagKeys=remove)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the bus."""
        task.client("events").delete_event_bus(Name=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN and name."""
        return {"Arn": task.arn("events", f"event-bus/{physical_id}"), "Name": physical_id}


def _bus(properties: Properties) -> str:
    return str(properties.get("EventBusName", "default"))


def _name(physical_id: str) -> str:
    return physical_id.rsplit("|", 1)[-1]
