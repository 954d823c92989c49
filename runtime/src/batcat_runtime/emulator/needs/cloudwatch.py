"""CloudWatch: metrics know no resources; alarms and dashboards do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked, Keys

PREFIX = "cloudwatch"
RESOURCES = {
    **dict.fromkeys(
        ("PutMetricData", "GetMetricData", "GetMetricStatistics", "ListMetrics", "ListDashboards"),
        "*",
    ),
    **dict.fromkeys(("TagResource", "UntagResource", "ListTagsForResource"), "{ResourceARN}"),
}
ON_ALARMS = (
    *("PutMetricAlarm", "PutCompositeAlarm", "DescribeAlarms", "DescribeAlarmHistory"),
    *("DeleteAlarms", "SetAlarmState", "EnableAlarmActions", "DisableAlarmActions"),
)
ON_DASHBOARDS = ("PutDashboard", "GetDashboard", "DeleteDashboards")
KEYS = frozenset({"cloudwatch:namespace"})


def _on_alarms(asked: Asked) -> list[Need]:
    names = asked.get("AlarmNames") or [asked.get("AlarmName", default="*")]
    found = asked.needs(asked.operation, *(f"alarm:{name}" for name in names))
    tagging = asked.get("Tags") and asked.operation.startswith("Put")
    return found + (asked.needs("TagResource", f"alarm:{names[0]}") if tagging else [])


def _on_dashboards(asked: Asked) -> list[Need]:
    """Dashboards belong to no region."""
    names = asked.get("DashboardNames") or [asked.get("DashboardName")]
    parts = asked.arn("").split(":")
    place = ":".join([*parts[:3], "", parts[4]])
    return [Need(f"cloudwatch:{asked.operation}", f"{place}:dashboard/{name}") for name in names]


INSTEAD = {**dict.fromkeys(ON_ALARMS, _on_alarms), **dict.fromkeys(ON_DASHBOARDS, _on_dashboards)}


def keys(asked: Asked) -> Keys:
    """The namespace of metrics that are put."""
    if asked.operation == "PutMetricData":
        return {"cloudwatch:namespace": (str(asked.get("Namespace")),)}
    return {}
