"""CloudWatch: metrics, metric alarms and composite alarms, dashboards."""

from __future__ import annotations

_METRIC = "Namespace MetricName Dimensions.Name Dimensions.Value"


def _queries(name: str) -> str:
    stat = f"{name}.MetricStat"
    return (
        f"{name}.Id {name}.Expression {name}.Label {name}.ReturnData {name}.Period "
        f"{stat}.Metric.Namespace {stat}.Metric.MetricName {stat}.Metric.Dimensions.Name "
        f"{stat}.Metric.Dimensions.Value {stat}.Period {stat}.Stat {stat}.Unit"
    )


_ACTIONS = (
    "AlarmName AlarmDescription ActionsEnabled OKActions AlarmActions InsufficientDataActions "
    "Tags.Key Tags.Value"
)
_DATA = "MetricData"

EFFECTIVE = {
    "PutMetricData": f"""Namespace {_DATA}.MetricName {_DATA}.Dimensions.Name
        {_DATA}.Dimensions.Value {_DATA}.Timestamp {_DATA}.Value {_DATA}.Values {_DATA}.Counts
        {_DATA}.StatisticValues.SampleCount {_DATA}.StatisticValues.Sum
        {_DATA}.StatisticValues.Minimum {_DATA}.StatisticValues.Maximum {_DATA}.Unit""",
    "GetMetricData": f"{_queries('MetricDataQueries')} StartTime EndTime ScanBy",
    "GetMetricStatistics": f"""{_METRIC} StartTime EndTime Period Statistics ExtendedStatistics
        Unit""",
    "ListMetrics": f"{_METRIC} NextToken",
    "PutMetricAlarm": f"""{_ACTIONS} {_METRIC} Statistic ExtendedStatistic Period Unit
        EvaluationPeriods DatapointsToAlarm Threshold ComparisonOperator TreatMissingData
        {_queries("Metrics")}""",
    "PutCompositeAlarm": f"{_ACTIONS} AlarmRule",
    "DescribeAlarms": """AlarmNames AlarmNamePrefix AlarmTypes=MetricAlarm|CompositeAlarm StateValue
        MaxRecords NextToken""",
    "DescribeAlarmHistory": """AlarmName HistoryItemType MaxRecords NextToken
        ScanBy=TimestampDescending""",
    "DeleteAlarms": "AlarmNames",
    "SetAlarmState": "AlarmName StateValue StateReason StateReasonData",
    "EnableAlarmActions": "AlarmNames",
    "DisableAlarmActions": "AlarmNames",
    "PutDashboard": "DashboardName DashboardBody Tags.Key Tags.Value",
    "GetDashboard": "DashboardName",
    "ListDashboards": "DashboardNamePrefix NextToken",
    "DeleteDashboards": "DashboardNames",
    "TagResource": "ResourceARN Tags.Key Tags.Value",
    "UntagResource": "ResourceARN TagKeys",
    "ListTagsForResource": "ResourceARN",
}

HELD = {
    "PutMetricData": {
        f"{_DATA}.StorageResolution": "every value is kept to the second, whatever it asks for",
    },
    "GetMetricData": {
        "MaxDatapoints": "a local AWS has fewer than the 100,800 that an answer may have",
    },
}
