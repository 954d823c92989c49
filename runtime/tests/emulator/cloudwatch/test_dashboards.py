"""A dashboard is kept if its body is right, and refused with the place that is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Watch

METRIC = {
    "type": "metric",
    "x": 0,
    "y": 0,
    "width": 12,
    "height": 6,
    "properties": {
        "region": "us-east-1",
        "title": "Executions",
        "view": "timeSeries",
        "stacked": False,
        "period": 300,
        "stat": "Sum",
        "metrics": [
            ["AWS/States", "ExecutionsFailed", "StateMachineArn", "arn", {"color": "#d62728"}],
            [".", "ExecutionsSucceeded", ".", "."],
            ["...", "other"],
            [{"expression": "SUM(METRICS())", "label": "all", "id": "e1"}],
        ],
        "yAxis": {"left": {"min": 0}},
    },
}
TEXT = {
    "type": "text",
    "x": 12,
    "y": 0,
    "width": 12,
    "height": 6,
    "properties": {"markdown": "# x"},
}
LOG = {
    "type": "log",
    "properties": {"query": "SOURCE 'g' | fields @message", "region": "us-east-1"},
}
ALARMS = {
    "type": "alarm",
    "properties": {"title": "a", "alarms": ["arn:aws:cloudwatch:x:1:alarm:a"]},
}


def changed(widget: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A widget with other properties."""
    return {**widget, "properties": {**widget["properties"], **properties}}


def test_a_dashboard_is_kept_listed_and_removed(watch: Watch) -> None:
    name = watch.unique("dashboard")
    body = json.dumps({"start": "-P7D", "widgets": [METRIC, TEXT, LOG, ALARMS]})
    watch.client.put_dashboard(DashboardName=name, DashboardBody=body)
    found = watch.client.get_dashboard(DashboardName=name)
    assert json.loads(found["DashboardBody"])["widgets"][1] == TEXT
    assert found["DashboardArn"] == f"arn:aws:cloudwatch::{watch.aws.account}:dashboard/{name}"
    listed = watch.client.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    assert [entry["Size"] for entry in listed] == [len(body)]
    elsewhere = watch.aws.client("cloudwatch", region_name="eu-central-1")
    shown = elsewhere.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    assert [entry["DashboardArn"] for entry in shown] == [found["DashboardArn"]]
    elsewhere.close()
    watch.client.delete_dashboards(DashboardNames=[name])
    with pytest.raises(ClientError, match="does not exist"):
        watch.client.get_dashboard(DashboardName=name)


@pytest.mark.parametrize(
    ("widget", "place"),
    [
        ({**METRIC, "x": 24}, "/widgets/0/x"),
        ({**METRIC, "x": 18}, "/widgets/0/width"),
        ({**METRIC, "width": 25}, "/widgets/0/width"),
        ({**METRIC, "height": 0}, "/widgets/0/height"),
        ({**METRIC, "type": "pie"}, "/widgets/0/type"),
        ({**METRIC, "colour": 1}, "/widgets/0/colour"),
        (changed(METRIC, metrics=[["AWS/States"]]), "/widgets/0/properties/metrics/0"),
        (changed(METRIC, metrics=[["N", "m", "d"]]), "/widgets/0/properties/metrics/0"),
        (changed(METRIC, metrics=[[".", "m"]]), "/widgets/0/properties/metrics/0"),
        (changed(METRIC, metrics=[["N", "m", {"colour": 1}]]), "/properties/metrics/0/2/colour"),
        (changed(METRIC, metrics=[]), "/widgets/0/properties/metrics"),
        (changed(METRIC, region=None), "/widgets/0/properties/region"),
        (changed(METRIC, period=45), "/widgets/0/properties/period"),
        (changed(METRIC, view="graph"), "/widgets/0/properties/view"),
        (changed(METRIC, titel="x"), "/widgets/0/properties/titel"),
        ({"type": "text", "properties": {}}, "/widgets/0/properties/markdown"),
        ({"type": "log", "properties": {"query": "q"}}, "/widgets/0/properties/region"),
        ({"type": "alarm", "properties": {"alarms": ["name"]}}, "/widgets/0/properties/alarms"),
        ("text", "/widgets/0"),
    ],
    ids=[
        *("x", "beyond", "width", "height", "type", "unknown", "namespace", "pairs", "repeat"),
        *(
            "rendering",
            "none",
            "region",
            "period",
            "view",
            "typo",
            "text",
            "log",
            "alarm",
            "object",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(watch: Watch, widget: Any, place: str) -> None:
    with pytest.raises(ClientError) as raised:
        watch.client.put_dashboard(
            DashboardName="wrong", DashboardBody=json.dumps({"widgets": [widget]})
        )
    assert raised.value.response["Error"]["Code"] == "InvalidParameterInput"
    assert place in raised.value.response["Error"]["Message"]


FULL = json.dumps({"widgets": [changed(METRIC, metrics=[["N", "m"]] * 500)] * 6})


@pytest.mark.parametrize(
    "body",
    ["no json", "[]", '{"widget": []}', FULL],
    ids=["text", "list", "key", "more than 2500 metrics"],
)
def test_a_body_that_is_none(watch: Watch, body: str) -> None:
    with pytest.raises(ClientError, match="dashboard body is invalid"):
        watch.client.put_dashboard(DashboardName="wrong", DashboardBody=body)
