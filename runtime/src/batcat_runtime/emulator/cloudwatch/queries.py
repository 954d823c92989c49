"""GetMetricData and GetMetricStatistics: data points of metrics and expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import expression
from .store import Metric, moments, seconds_of

if TYPE_CHECKING:
    from .store import Store


def series_of(
    store: Store, region: str, queries: list[dict[str, Any]], start: int, end: int
) -> dict[str, dict[int, float]]:
    """Data points of each query.

    Args:
        store: where the metrics are.
        region: whose metrics.
        queries: of GetMetricData or of an alarm, checked.
        start: first second.
        end: the second after the last.

    Returns:
        Id to beginning of each period to the value.
    """
    found: dict[str, dict[int, float]] = {}
    periods = {60}
    for query in queries:
        wanted = query.get("MetricStat")
        if wanted:
            metric = Metric.of(region, wanted["Metric"])
            period, statistic = wanted["Period"], wanted["Stat"]
            periods.add(period)
            points = store.points(metric, start, end, period, wanted.get("Unit"))
            values = {when: bucket.value(statistic) for when, (bucket, _) in points.items()}
            found[query["Id"]] = {when: v for when, v in values.items() if v is not None}
    metrics = list(found.values())
    longest = max(periods - {60} or periods)
    every = list(range(start, end, longest))
    left = [query for query in queries if query.get("Expression")]
    while left:
        ready = [q for q in left if expression.names_in(q["Expression"]) <= set(found)] or left
        for query in ready:
            found[query["Id"]] = expression.evaluate(query["Expression"], found, every, metrics)
        left = [query for query in left if query not in ready]
    return found


def metric_data(store: Store, region: str, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of GetMetricData."""
    start, end = seconds_of(request["StartTime"]), seconds_of(request["EndTime"])
    queries = request["MetricDataQueries"]
    periods = [query["MetricStat"]["Period"] for query in queries if query.get("MetricStat")]
    start -= start % max(periods or [60])
    found = series_of(store, region, queries, start, end)
    newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results = []
    for query in queries:
        if not query.get("ReturnData", True):
            continue
        when = sorted(found[query["Id"]], reverse=newest_first)
        results.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or _label(query),
                "Timestamps": moments(when),
                "Values": [found[query["Id"]][one] for one in when],
                "StatusCode": "Complete",
            }
        )
    return {"MetricDataResults": results, "Messages": []}


def metric_statistics(store: Store, region: str, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of GetMetricStatistics."""
    period = request["Period"]
    start, end = seconds_of(request["StartTime"]), seconds_of(request["EndTime"])
    start -= start % period
    metric = Metric.of(region, request)
    points = store.points(metric, start, end, period, request.get("Unit"))
    shown = []
    for when, (bucket, unit) in sorted(points.items()):
        point: dict[str, Any] = {"Timestamp": moments([when])[0], "Unit": unit}
        for name in request.get("Statistics") or []:
            point[name] = bucket.value(name)
        extended = {name: bucket.value(name) for name in request.get("ExtendedStatistics") or []}
        if extended:
            point["ExtendedStatistics"] = {k: v for k, v in extended.items() if v is not None}
        shown.append(point)
    return {"Label": request["MetricName"], "Datapoints": shown}


def _label(query: dict[str, Any]) -> str:
    stat = query.get("MetricStat")
    return str(stat["Metric"]["MetricName"]) if stat else str(query["Id"])
