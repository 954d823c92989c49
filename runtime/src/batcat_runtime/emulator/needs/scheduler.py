"""EventBridge Scheduler; it is handed the role that it calls the target with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .asked import Asked, Need

PREFIX = "scheduler"
PRINCIPAL = "scheduler.amazonaws.com"
_SCHEDULE = "schedule/{GroupName|default}/{Name}"
_GROUP = "schedule-group/{Name}"
RESOURCES = {
    "CreateSchedule": _SCHEDULE,
    "UpdateSchedule": _SCHEDULE,
    "GetSchedule": _SCHEDULE,
    "DeleteSchedule": _SCHEDULE,
    "ListSchedules": "*",
    "CreateScheduleGroup": _GROUP,
    "GetScheduleGroup": _GROUP,
    "DeleteScheduleGroup": _GROUP,
    "ListScheduleGroups": "*",
    **dict.fromkeys(("TagResource", "UntagResource", "ListTagsForResource"), "{ResourceArn}"),
}


def _pass_role(asked: Asked) -> list[Need]:
    return asked.pass_role(asked.get("Target", "RoleArn"), PRINCIPAL)


def _tagging(asked: Asked) -> list[Need]:
    return asked.needs("TagResource", _GROUP) if asked.get("Tags") else []


def _deleting(asked: Asked) -> list[Need]:
    """The schedules of a group go with it."""
    return asked.needs("DeleteSchedule", "schedule/{Name}/*")


MORE = {
    "DeleteScheduleGroup": _deleting,
    "CreateSchedule": _pass_role,
    "UpdateSchedule": _pass_role,
    "CreateScheduleGroup": _tagging,
}
