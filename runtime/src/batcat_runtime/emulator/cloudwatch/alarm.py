"""One alarm: what it shows, and what it says when its state changes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .evaluation import ALARM, OK, UNKNOWN, Condition
from .rules import Rule

if TYPE_CHECKING:
    from datetime import datetime

ACTIONS = {OK: "OKActions", ALARM: "AlarmActions", UNKNOWN: "InsufficientDataActions"}
UNCHECKED = "Unchecked: Initial alarm creation"
NOT_SHOWN = ("Tags",)


@dataclass
class Alarm:
    """A metric alarm, or a composite one.

    Attributes:
        arn: its ARN.
        region: where it is.
        settings: as the request that made it says.
        tags: by key.
        state: OK, ALARM or INSUFFICIENT_DATA.
        reason: why.
        reason_data: the same for programs, as JSON.
        changed: when the state changed last.
        configured: when the alarm was made or changed.
        history: what happened to it, the oldest first.
    """

    arn: str
    region: str
    settings: dict[str, Any]
    changed: datetime
    configured: datetime
    tags: dict[str, str] = field(default_factory=dict)
    state: str = UNKNOWN
    reason: str = UNCHECKED
    reason_data: str = ""
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.settings["AlarmName"])

    @property
    def composite(self) -> bool:
        """Whether it watches other alarms."""
        return "AlarmRule" in self.settings

    @property
    def rule(self) -> Rule:
        """The rule of a composite alarm."""
        return Rule(self.settings["AlarmRule"])

    @property
    def condition(self) -> Condition:
        """What makes a metric alarm."""
        settings = self.settings
        periods = settings["EvaluationPeriods"]
        return Condition(
            settings["ComparisonOperator"],
            settings["Threshold"],
            periods,
            settings.get("DatapointsToAlarm") or periods,
            settings.get("TreatMissingData") or "missing",
        )

    def queries(self) -> list[dict[str, Any]]:
        """What a metric alarm watches, as GetMetricData would ask for it."""
        settings = self.settings
        if settings.get("Metrics"):
            return list(settings["Metrics"])
        metric = {key: settings.get(key) for key in ("Namespace", "MetricName", "Dimensions")}
        stat = {
            "Metric": metric,
            "Period": settings["Period"],
            "Stat": settings.get("Statistic") or settings["ExtendedStatistic"],
            "Unit": settings.get("Unit"),
        }
        return [{"Id": "m", "MetricStat": stat}]

    def shown(self) -> dict[str, Any]:
        """The alarm as DescribeAlarms shows it."""
        lists: dict[str, Any] = {name: [] for name in ACTIONS.values()}
        dimensions: dict[str, Any] = {} if self.composite else {"Dimensions": []}
        return {
            "ActionsEnabled": True,
            **lists,
            **dimensions,
            **{key: value for key, value in self.settings.items() if key not in NOT_SHOWN},
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": self.configured,
            "StateValue": self.state,
            "StateReason": self.reason,
            **({"StateReasonData": self.reason_data} if self.reason_data else {}),
            "StateUpdatedTimestamp": self.changed,
            "StateTransitionedTimestamp": self.changed,
        }

    def record(self, when: datetime, kind: str, summary: str, data: Any = None) -> None:
        """Add to the alarm's history."""
        self.history.append(
            {
                "AlarmName": self.name,
                "AlarmType": "CompositeAlarm" if self.composite else "MetricAlarm",
                "Timestamp": when,
                "HistoryItemType": kind,
                "HistorySummary": summary,
                "HistoryData": json.dumps(data if data is not None else {}),
            }
        )

    def actions(self) -> list[str]:
        """ARNs of the topics that hear of the present state."""
        if self.settings.get("ActionsEnabled") is False:
            return []
        return list(self.settings.get(ACTIONS[self.state]) or [])

    def notice(self, before: str, account: str) -> tuple[str, str]:
        """Subject and text of the message that topics receive.

        Args:
            before: the state before.
            account: whose alarm it is.
        """
        where = region_name(self.region)
        text = {
            "AlarmName": self.name,
            "AlarmDescription": self.settings.get("AlarmDescription"),
            "AWSAccountId": account,
            "AlarmConfigurationUpdatedTimestamp": stamp(self.configured),
            "NewStateValue": self.state,
            "NewStateReason": self.reason,
            "StateChangeTime": stamp(self.changed),
            "Region": where,
            "AlarmArn": self.arn,
            "OldStateValue": before,
            **{name: list(self.settings.get(name) or []) for name in ACTIONS.values()},
        }
        if self.composite:
            text["AlarmRule"] = self.settings["AlarmRule"]
        else:
            text["Trigger"] = self._trigger()
        subject = f'{self.state}: "{self.name}" in {where}'
        return subject[:100], json.dumps(text)

    def _trigger(self) -> dict[str, Any]:
        settings = self.settings
        common = {
            "Period": settings.get("Period") or 60,
            "EvaluationPeriods": settings["EvaluationPeriods"],
            "DatapointsToAlarm": settings.get("DatapointsToAlarm"),
            "ComparisonOperator": settings["ComparisonOperator"],
            "Threshold": settings["Threshold"],
            "TreatMissingData": settings.get("TreatMissingData") or "missing",
            "EvaluateLowSampleCountPercentile": "",
        }
        if settings.get("Metrics"):
            return {**common, "Metrics": settings["Metrics"]}
        extended = settings.get("ExtendedStatistic")
        kind = "ExtendedStatistic" if extended else "Statistic"
        return {
            "MetricName": settings["MetricName"],
            "Namespace": settings["Namespace"],
            "StatisticType": kind,
            kind: extended or STATISTICS[settings["Statistic"]],
            "Unit": settings.get("Unit"),
            "Dimensions": [
                {"value": one["Value"], "name": one["Name"]}
                for one in settings.get("Dimensions") or []
            ],
            **common,
        }


STATISTICS = {
    "SampleCount": "SAMPLE_COUNT",
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
}


def stamp(when: datetime) -> str:
    """A time as notices write it."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}+0000"


@lru_cache(maxsize=64)
def region_name(region: str) -> str:
    """A region's name in words, as botocore's list of partitions has it."""
    from botocore.session import get_session

    for partition in get_session().get_data("partitions")["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region].get("description", region))
    return region
