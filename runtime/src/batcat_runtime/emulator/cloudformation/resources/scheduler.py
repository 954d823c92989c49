"""EventBridge Scheduler: schedules."""

from __future__ import annotations

from typing import Any, ClassVar

from .base import ANY, Handler, Properties, Task, pick

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
        "Target": {"Arn": ANY, "Input": ANY, "RetryPolicy": ANY, "RoleArn": ANY},
    }
    attributes = frozenset({"Arn"})

    def refused(self, properties: Properties) -> str | None:
        """There is one group, the default."""
        group = properties.get("GroupName", GROUP)
        return None if group == GROUP else f"GroupName {group}"

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
