"""What is put can be asked for, in the protocols that clients speak."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Watch

HOUR = timedelta(hours=1)


def window(watch: Watch) -> dict[str, Any]:
    """An hour around the server's time."""
    now = watch.aws.turn_clock(seconds=0)
    return {"StartTime": now - HOUR, "EndTime": now + HOUR}


def statistics(watch: Watch, metric: str, *names: str, **more: Any) -> dict[str, Any]:
    """The one data point of a metric over two hours."""
    found = watch.client.get_metric_statistics(
        Namespace="test",
        MetricName=metric,
        Period=7200,
        Statistics=list(names),
        **window(watch),
        **more,
    )["Datapoints"]
    merged: dict[str, Any] = {}
    for point in found:
        merged.update(point)
    return merged


def test_values_become_statistics(watch: Watch) -> None:
    name = watch.unique("metric")
    watch.put(name, 1, 2, 3, 10, Unit="Seconds")
    found = statistics(watch, name, "SampleCount", "Average", "Sum", "Minimum", "Maximum")
    assert (found["SampleCount"], found["Average"], found["Sum"]) == (4, 4, 16)
    assert (found["Minimum"], found["Maximum"], found["Unit"]) == (1, 10, "Seconds")
    extended = watch.client.get_metric_statistics(
        Namespace="test",
        MetricName=name,
        Period=7200,
        ExtendedStatistics=["p50"],
        **window(watch),
    )
    assert extended["Datapoints"][0]["ExtendedStatistics"] == {"p50": 2.5}


def test_arrays_and_statistic_sets(watch: Watch) -> None:
    name = watch.unique("metric")
    data = [
        {"MetricName": name, "Values": [1, 2], "Counts": [3, 1]},
        {
            "MetricName": name,
            "StatisticValues": {"SampleCount": 2, "Sum": 15, "Minimum": 5, "Maximum": 10},
        },
    ]
    watch.client.put_metric_data(Namespace="test", MetricData=data)
    found = statistics(watch, name, "SampleCount", "Sum", "Maximum")
    assert (found["SampleCount"], found["Sum"], found["Maximum"]) == (6, 20, 10)


def test_dimensions_tell_metrics_apart(watch: Watch) -> None:
    name = watch.unique("metric")
    for value in ("a", "b"):
        watch.put(name, 1, Dimensions=[{"Name": "step", "Value": value}])
    listed = watch.client.list_metrics(
        Namespace="test", MetricName=name, Dimensions=[{"Name": "step", "Value": "a"}]
    )["Metrics"]
    assert [one["Dimensions"] for one in listed] == [[{"Name": "step", "Value": "a"}]]
    assert statistics(watch, name, "Sum") == {}
    assert len(watch.client.list_metrics(MetricName=name)["Metrics"]) == 2


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a / b * 100", [50.0]),
        ("SUM([a, b])", [6.0]),
        ("SUM(METRICS())", [6.0]),
        ("MAX([a, b]) - MIN([a, b])", [2.0]),
        ("IF(a > 1, b, 0)", [4.0]),
        ("(a ^ 2 + 1) * -1", [-5.0]),
        ("a > 5 OR b > 3", [1.0]),
        ("a / (b - 4)", []),
    ],
    ids=["ratio", "sum", "all", "range", "if", "power", "or", "by nothing"],
)
def test_metric_math(watch: Watch, expression: str, expected: list[float]) -> None:
    names = [watch.unique("metric"), watch.unique("metric")]
    watch.put(names[0], 2)
    watch.put(names[1], 4)
    queries: list[dict[str, Any]] = [
        {
            "Id": key,
            "MetricStat": {
                "Metric": {"Namespace": "test", "MetricName": name},
                "Period": 3600,
                "Stat": "Sum",
            },
            "ReturnData": False,
        }
        for key, name in zip("ab", names, strict=True)
    ]
    queries.append({"Id": "d", "Expression": "a + b", "ReturnData": False})
    queries.append({"Id": "e", "Expression": expression, "Label": "the result"})
    found = watch.client.get_metric_data(MetricDataQueries=queries, **window(watch))
    (result,) = found["MetricDataResults"]
    assert result["Label"] == "the result"
    assert [value for value in result["Values"] if value] == expected


def test_fill_gives_what_is_missing(watch: Watch) -> None:
    name = watch.unique("metric")
    watch.put(name, 7)
    stat = {
        "Metric": {"Namespace": "test", "MetricName": name},
        "Period": 60,
        "Stat": "Sum",
    }
    queries = [
        {"Id": "m", "MetricStat": stat, "ReturnData": False},
        {"Id": "e", "Expression": "FILL(m, 0)"},
    ]
    found = watch.client.get_metric_data(MetricDataQueries=queries, **window(watch))
    values = found["MetricDataResults"][0]["Values"]
    assert len(values) >= 120
    assert sorted(values)[-2:] == [0, 7]


def test_lines_in_the_embedded_format_become_metrics(watch: Watch) -> None:
    name = watch.unique("metric")
    now = watch.aws.turn_clock(seconds=0)
    stamp = int(now.timestamp() * 1000)
    directive = {
        "Namespace": "test",
        "Dimensions": [["step"], []],
        "Metrics": [{"Name": name, "Unit": "Count"}, {"Name": "absent"}],
    }
    line = {
        "_aws": {"Timestamp": stamp, "CloudWatchMetrics": [directive]},
        "step": "a",
        name: [2, 3],
    }
    logs, group = watch.aws.client("logs"), watch.unique("/emf")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    wrong = [
        '{"_aws": broken',
        '{"_aws": {"CloudWatchMetrics": 1}}',
        *(json.dumps({**line, **bad}) for bad in ({"step": 1}, {name: "2"}, {name: [1] * 101})),
    ]
    events = [
        {"timestamp": int(datetime.now(timezone.utc).timestamp() * 1000), "message": text}
        for text in (json.dumps(line), *wrong)
    ]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    step = [{"Name": "step", "Value": "a"}]
    assert statistics(watch, name, "Sum", Dimensions=step)["Sum"] == 5
    assert statistics(watch, name, "SampleCount")["SampleCount"] == 2


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"Namespace": "AWS/Lambda", "MetricData": [{"MetricName": "m", "Value": 1}]}, "AWS/"),
        ({"Namespace": "n", "MetricData": [{"MetricName": "m"}]}, "one of Value"),
        ({"Namespace": "n", "MetricData": []}, "MetricData is required"),
        ({"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}] * 1001}, "1000"),
        (
            {
                "Namespace": "n",
                "MetricData": [{"MetricName": "m", "Values": [1], "Counts": [1, 2]}],
            },
            "same size",
        ),
        (
            {
                "Namespace": "n",
                "MetricData": [
                    {"MetricName": "m", "Value": 1, "Timestamp": datetime(2020, 1, 1)}  # noqa: DTZ001
                ],
            },
            "two weeks",
        ),
        (
            {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1, "Unit": "Apples"}]},
            "Apples",
        ),
    ],
    ids=["namespace", "value", "nothing", "too much", "counts", "time", "unit"],
)
def test_wrong_values_are_refused(watch: Watch, request_: dict[str, Any], said: str) -> None:
    client = watch.aws.client("cloudwatch", config=Config(parameter_validation=False))
    with pytest.raises(ClientError, match=said):
        client.put_metric_data(**request_)


@pytest.mark.parametrize(
    ("stat", "said"),
    [("tm90", "NotEmulated.*tm90"), ("Median", "Median"), ("p101", "p101")],
    ids=["trimmed", "unknown", "percentile"],
)
def test_statistics_that_are_not_there(watch: Watch, stat: str, said: str) -> None:
    with pytest.raises(ClientError, match=said):
        watch.client.get_metric_statistics(
            Namespace="test",
            MetricName="m",
            Period=60,
            ExtendedStatistics=[stat],
            **window(watch),
        )


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("ANOMALY_DETECTION_BAND(m)", "NotEmulated.*ANOMALY_DETECTION_BAND"),
        ('SUM(METRICS("m"))', "NotEmulated.*METRICS of some ids"),
        ("m +", "cannot be read"),
        ("m + other", "unknown ids: other"),
    ],
    ids=["function", "some", "syntax", "id"],
)
def test_expressions_that_are_not_right(watch: Watch, expression: str, said: str) -> None:
    stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": "m", "MetricStat": stat}, {"Id": "e", "Expression": expression}]
    with pytest.raises(ClientError, match=said):
        watch.client.get_metric_data(MetricDataQueries=queries, **window(watch))
