"""EventBridge Scheduler: schedules and their groups."""

from __future__ import annotations

from typing import Any, ClassVar

from .base import ANY, Handler, Properties, Task, changed_tags, pick

GROUP = "default"


class Schedule(Handler):
    """``AWS::Scheduler::Schedule``."""

    properties: ClassVar[Properties] = {
        "Description": ANY,
        "EndDate": ANY,
        "FlexibleTimeWindow": ANY,
        "GroupName": ANY,
        "Name": ANY,
        "ScheduleExpression": ANY,
        "ScheduleExpressionTimezone": ANY,
        "StartDate": ANY,
        "State": ANY,
        "Target": {
            "Arn": ANY,
            "DeadLetterConfig": ANY,
            "Input": ANY,
            "RetryPolicy": ANY,
            "RoleArn": ANY,
        },
    }
    attributes = frozenset({"Arn"})

    def create(self, task: Task, properties: Properties) -> str:
        """Make the schedule."""
        name = str(properties.get("Name") or task.name(64))
        task.client("scheduler").create_schedule(**{**properties, "Name": name})
        task.began(name)
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:  # noqa: ARG002
        """Replace the whole schedule, as the API does."""
        task.client("scheduler").update_schedule(**{**new, "Name": physical_id})

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:
        """Remove the schedule."""
        task.client("scheduler").delete_schedule(
            Name=physical_id, **pick(properties, ("GroupName",))
        )

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:
        """Its ARN."""
        group = properties.get("GroupName", GROUP)
        return {"Arn": task.arn("scheduler", f"schedule/{group}/{physical_id}")}


class ScheduleGroup(Handler):
    """``AWS::Scheduler::ScheduleGroup``."""

    properties: ClassVar[Properties] = {"Name": ANY, "Tags": ANY}
    attributes = frozenset({"Arn"})

    def create(self, task: Task, properties: Properties) -> str:
        """Make the group."""
        name = str(properties.get("Name") or task.name(64))
        tags = {"Tags": properties["Tags"]} if properties.get("Tags") else {}
        task.client("scheduler").create_schedule_group(Name=name, **tags)
        task.began(name)
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change the tags."""
        scheduler, arn = task.client("scheduler"), self.read(task, physical_id, new)["Arn"]
        add, remove = changed_tags(new, old)
        if add:
            entries = [{"Key": key, "Value": value} for key, value in add.items()]
            scheduler.tag_resource(ResourceArn=arn, Tags=entries)
        if remove:
            scheduler.untag_resource(ResourceArn=arn, TagKeys=remove)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the group with its schedules."""
        task.client("scheduler").delete_schedule_group(Name=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN."""
        return {"Arn": task.arn("scheduler", f"schedule-group/{physical_id}")}
