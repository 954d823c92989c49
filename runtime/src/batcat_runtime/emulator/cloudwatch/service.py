"""CloudWatch's API. Why it is ours: alarms must evaluate what the services here put."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.events.clock import clock_of
from batcat_runtime.emulator.paging import page
from batcat_runtime.emulator.protocol import ServiceError

from . import checking, queries, statistics
from .alarms import Alarms
from .boards import NO_TOKEN, PAGE, Boards
from .published import sample_queues
from .rules import Rule
from .store import NO_UNIT, Metric, moments, seconds_of, store_of

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

    from .alarm import Alarm

RESERVED = "AWS/"
MOST_VALUES, MOST_DATA = 150, 1000
"""How much a request may put (PutMetricData, API reference)."""

METRICS_PAGE = 500
LATEST, EARLIEST = 2 * 3600, 14 * 86_400
"""How far from now a value may lie, in seconds (PutMetricData, API reference)."""

MOST_POINTS = 1440


class CloudWatch(Boards):
    """Metrics, alarms and dashboards.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._store = store_of(world)
        self._store.samplers.append(sample_queues(world))
        self._alarms = Alarms(world)

    def put_metric_data(self, request: dict[str, Any]) -> None:
        """Put values."""
        if request["Namespace"].startswith(RESERVED):
            raise ServiceError(
                "InvalidParameterValue",
                f"The value {RESERVED} for parameter Namespace is invalid: it is AWS's own.",
            )
        data = request.get("MetricData") or []
        if not data:
            raise checking.missing("MetricData")
        if len(data) > MOST_DATA:
            raise ServiceError(
                "InvalidParameterValue",
                f"The collection MetricData must not have a size greater than {MOST_DATA}.",
            )
        for given in data:
            self._check_datum(given)
        for given in data:
            self._put(given, request["Namespace"])

    def get_metric_data(self, request: dict[str, Any]) -> dict[str, Any]:
        """Data points of metrics and expressions."""
        checking.check_queries(request["MetricDataQueries"])
        _check_times(request)
        return queries.metric_data(self._store, self._region(), request)

    def get_metric_statistics(self, request: dict[str, Any]) -> dict[str, Any]:
        """Data points of one metric."""
        _check_times(request)
        wanted = request.get("Statistics") or [], request.get("ExtendedStatistics") or []
        if bool(wanted[0]) == bool(wanted[1]):
            raise checking.invalid("Exactly one of Statistics and ExtendedStatistics is required.")
        for name in wanted[1]:
            statistics.check(name)
        checking.check_period(request["Period"])
        span = seconds_of(request["EndTime"]) - seconds_of(request["StartTime"])
        if span / request["Period"] > MOST_POINTS:
            raise ServiceError(
                "InvalidParameterCombination",
                f"You have requested up to {span // request['Period']} datapoints, which exceeds "
                f"the limit of {MOST_POINTS}.",
            )
        return queries.metric_statistics(self._store, self._region(), request)

    def list_metrics(self, request: dict[str, Any]) -> dict[str, Any]:
        """The metrics that have values."""
        wanted = {(one["Name"], one.get("Value")) for one in request.get("Dimensions") or []}
        found = [
            metric.shown()
            for metric in self._store.metrics(self._region())
            if request.get("Namespace") in (None, metric.namespace)
            and request.get("MetricName") in (None, metric.name)
            and all(_has(metric, *one) for one in wanted)
        ]
        shown, following = page(found, METRICS_PAGE, request.get("NextToken"), NO_TOKEN)
        return {"Metrics": shown, **({"NextToken": following} if following else {})}

    def put_metric_alarm(self, request: dict[str, Any]) -> None:
        """Make or change a metric alarm."""
        checking.check_alarm(request)
        self._alarms.put(self._region(), request)

    def put_composite_alarm(self, request: dict[str, Any]) -> None:
        """Make or change an alarm of alarms."""
        checking.check_actions(request)
        region = self._region()
        for name in Rule(request["AlarmRule"]).alarms:
            if self._alarms.find(region, name) is None:
                raise checking.invalid(f"AlarmRule names {name}, an alarm that does not exist")
        self._alarms.put(region, request)

    def describe_alarms(self, request: dict[str, Any]) -> dict[str, Any]:
        """Alarms by name, by the beginning of it, by state."""
        kinds = request.get("AlarmTypes") or ["MetricAlarm"]
        names, prefix = request.get("AlarmNames"), request.get("AlarmNamePrefix") or ""
        found = [
            alarm
            for alarm in self._alarms.of(self._region())
            if (not names or alarm.name in names)
            and alarm.name.startswith(prefix)
            and request.get("StateValue") in (None, alarm.state)
            and _kind(alarm) in kinds
        ]
        size = request.get("MaxRecords") or PAGE
        shown, following = page(found, size, request.get("NextToken"), NO_TOKEN)
        return {
            "MetricAlarms": [alarm.shown() for alarm in shown if not alarm.composite],
            "CompositeAlarms": [alarm.shown() for alarm in shown if alarm.composite],
            **({"NextToken": following} if following else {}),
        }

    def describe_alarm_history(self, request: dict[str, Any]) -> dict[str, Any]:
        """What happened to alarms, the newest first."""
        name, kind = request.get("AlarmName"), request.get("HistoryItemType")
        items = [
            item
            for alarm in self._alarms.of(self._region())
            if name in (None, alarm.name)
            for item in alarm.history
            if kind in (None, item["HistoryItemType"])
        ]
        items.sort(key=lambda item: item["Timestamp"], reverse=True)
        size = request.get("MaxRecords") or PAGE
        shown, following = page(items, size, request.get("NextToken"), NO_TOKEN)
        more = {"NextToken": following} if following else {}
        return {"AlarmHistoryItems": shown, **more}

    def delete_alarms(self, request: dict[str, Any]) -> None:
        """Forget alarms; those that are not there are fine, those that others watch are not."""
        region = self._region()
        alarms = [self._alarms.find(region, name) for name in request["AlarmNames"]]
        gone = [alarm for alarm in alarms if alarm is not None]
        names = {alarm.name for alarm in gone}
        for other in self._alarms.of(region):
            if other.composite and other.name not in names:
                watched = names & {name.rpartition(":")[2] for name in other.rule.alarms}
                if watched:
                    raise checking.invalid(
                        f"{', '.join(sorted(watched))} is watched by the alarm {other.name}"
                    )
        for alarm in gone:
            self._alarms.delete(alarm)

    def set_alarm_state(self, request: dict[str, Any]) -> None:
        """Give an alarm a state until it is evaluated again."""
        alarm = self._alarm(request["AlarmName"])
        data = request.get("StateReasonData") or ""
        self._alarms.change(alarm, request["StateValue"], request["StateReason"], data)

    def enable_alarm_actions(self, request: dict[str, Any]) -> None:
        """Let alarms tell of their changes."""
        self._set_actions(request["AlarmNames"], enabled=True)

    def disable_alarm_actions(self, request: dict[str, Any]) -> None:
        """Let alarms change in silence."""
        self._set_actions(request["AlarmNames"], enabled=False)

    def tag_resource(self, request: dict[str, Any]) -> None:
        """Add or replace tags of an alarm or a dashboard."""
        tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        self._tags(request["ResourceARN"]).update(tags)

    def untag_resource(self, request: dict[str, Any]) -> None:
        """Remove tags."""
        tags = self._tags(request["ResourceARN"])
        for key in request["TagKeys"]:
            tags.pop(key, None)

    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Tags of an alarm or a dashboard."""
        tags = self._tags(request["ResourceARN"])
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _alarm(self, name: str) -> Alarm:
        alarm = self._alarms.find(self._region(), name)
        if alarm is None:
            raise ServiceError("ResourceNotFound", f"Unknown alarm {name}", 404)
        return alarm

    def _set_actions(self, names: list[str], *, enabled: bool) -> None:
        for name in names:
            alarm = self._alarms.find(self._region(), name)
            if alarm is not None:
                alarm.settings["ActionsEnabled"] = enabled

    def _tags(self, arn: str) -> dict[str, str]:
        return self.board_tags(arn) if ":dashboard/" in arn else self._alarm(arn).tags

    def _check_datum(self, given: dict[str, Any]) -> None:
        kinds = [
            name for name in ("Value", "Values", "StatisticValues") if given.get(name) is not None
        ]
        if len(kinds) != 1:
            raise ServiceError(
                "InvalidParameterCombination",
                f"{given['MetricName']} must have one of Value, Values and StatisticValues",
            )
        counts = given.get("Counts") or []
        values = given.get("Values") or []
        if len(values) > MOST_VALUES or (counts and len(counts) != len(values)):
            raise checking.invalid("Values and Counts must have the same size, at most 150")
        when, now = given.get("Timestamp"), clock_of(self._world).now()
        if when is not None:
            age = int(now.timestamp()) - seconds_of(when)
            if not -LATEST <= age <= EARLIEST:
                raise ServiceError(
                    "InvalidParameterValue",
                    "Timestamp must lie between two weeks before and two hours after now",
                )

    def _put(self, given: dict[str, Any], namespace: str) -> None:
        metric = Metric.of(self._region(), given, namespace)
        when = given.get("Timestamp") or clock_of(self._world).now()
        when = moments([seconds_of(when)])[0]
        unit = given.get("Unit") or NO_UNIT
        bucket = self._store.bucket(metric, when, unit)
        if given.get("StatisticValues"):
            bucket.add_set(given["StatisticValues"])
            return
        values = given["Values"] if given.get("Values") else [given["Value"]]
        for value, count in zip(values, given.get("Counts") or [1] * len(values), strict=True):
            bucket.add(value, count)


def _check_times(request: dict[str, Any]) -> None:
    if seconds_of(request["StartTime"]) >= seconds_of(request["EndTime"]):
        raise checking.invalid("The parameter EndTime must be greater than StartTime")


def _has(metric: Metric, name: str, value: str | None) -> bool:
    return any(name == own and value in (None, given) for own, given in metric.dimensions)


def _kind(alarm: Alarm) -> str:
    return "CompositeAlarm" if alarm.composite else "MetricAlarm"
