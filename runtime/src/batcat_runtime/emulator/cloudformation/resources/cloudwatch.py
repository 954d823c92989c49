"""CloudWatch alarms and dashboards."""

from __future__ import annotations

from typing import Any, ClassVar

from .base import (
    ANY,
    AlreadyExistsError,
    Handler,
    Properties,
    Task,
    changed_tags,
    document_text,
    unless_missing,
)

_METRIC = {"Dimensions": [{"Name": ANY, "Value": ANY}], "MetricName": ANY, "Namespace": ANY}
_ACTIONS = {
    "ActionsEnabled": ANY,
    "AlarmActions": ANY,
    "AlarmDescription": ANY,
    "AlarmName": ANY,
    "InsufficientDataActions": ANY,
    "OKActions": ANY,
    "Tags": ANY,
}


class Alarm(Handler):
    """``AWS::CloudWatch::Alarm``."""

    properties: ClassVar[Properties] = {
        **_ACTIONS,
        **_METRIC,
        "ComparisonOperator": ANY,
        "DatapointsToAlarm": ANY,
        "EvaluationPeriods": ANY,
        "ExtendedStatistic": ANY,
        "Metrics": [
            {
                "Expression": ANY,
                "Id": ANY,
                "Label": ANY,
                "MetricStat": {"Metric": _METRIC, "Period": ANY, "Stat": ANY, "Unit": ANY},
                "Period": ANY,
                "ReturnData": ANY,
            }
        ],
        "Period": ANY,
        "Statistic": ANY,
        "Threshold": ANY,
        "TreatMissingData": ANY,
        "Unit": ANY,
    }
    attributes = frozenset({"Arn"})
    operation: ClassVar[str] = "put_metric_alarm"

    def create(self, task: Task, properties: Properties) -> str:
        """Make the alarm; PutMetricAlarm would silently change one that exists."""
        cloudwatch = task.client("cloudwatch")
        name = str(properties.get("AlarmName") or task.name(255))
        kinds = ["MetricAlarm", "CompositeAlarm"]
        found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=kinds)
        if found["MetricAlarms"] or found["CompositeAlarms"]:
            raise AlreadyExistsError(name)
        getattr(cloudwatch, self.operation)(**{**properties, "AlarmName": name})
        task.began(name)
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Replace the whole alarm, as the API does; tags are changed apart."""
        cloudwatch = task.client("cloudwatch")
        settings = {key: value for key, value in new.items() if key != "Tags"}
        getattr(cloudwatch, self.operation)(**{**settings, "AlarmName": physical_id})
        _retag(task, self.read(task, physical_id, new)["Arn"], new, old)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the alarm."""
        task.client("cloudwatch").delete_alarms(AlarmNames=[physical_id])

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN."""
        return {"Arn": task.arn("cloudwatch", f"alarm:{physical_id}")}


class CompositeAlarm(Alarm):
    """``AWS::CloudWatch::CompositeAlarm``."""

    properties: ClassVar[Properties] = {**_ACTIONS, "AlarmRule": ANY}
    operation: ClassVar[str] = "put_composite_alarm"


class Dashboard(Handler):
    """``AWS::CloudWatch::Dashboard``."""

    properties: ClassVar[Properties] = {"DashboardBody": ANY, "DashboardName": ANY, "Tags": ANY}

    def create(self, task: Task, properties: Properties) -> str:
        """Make the dashboard; PutDashboard would silently change one that exists."""
        cloudwatch = task.client("cloudwatch")
        name = str(properties.get("DashboardName") or task.name(255))
        if unless_missing(cloudwatch.get_dashboard, DashboardName=name):
            raise AlreadyExistsError(name)
        tags = {"Tags": properties["Tags"]} if properties.get("Tags") else {}
        body = document_text(properties["DashboardBody"])
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body, **tags)
        task.began(name)
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Put the new body."""
        cloudwatch = task.client("cloudwatch")
        body = document_text(new["DashboardBody"])
        cloudwatch.put_dashboard(DashboardName=physical_id, DashboardBody=body)
        found = cloudwatch.get_dashboard(DashboardName=physical_id)
        _retag(task, found["DashboardArn"], new, old)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the dashboard."""
        task.client("cloudwatch").delete_dashboards(DashboardNames=[physical_id])

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """It has no attributes."""
        return {}


def _retag(task: Task, arn: str, new: Properties, old: Properties) -> None:
    cloudwatch = task.client("cloudwatch")
    add, remove = changed_tags(new, old)
    if add:
        entries = [{"Key": key, "Value": value} for key, value in add.items()]
        cloudwatch.tag_resource(ResourceARN=arn, Tags=entries)
    if remove:
        cloudwatch.untag_resource(ResourceARN=arn, TagKeys=remove)
