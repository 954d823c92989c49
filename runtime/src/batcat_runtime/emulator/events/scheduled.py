"""One schedule of EventBridge Scheduler: what it shows, when it is due, what it sends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from .schedules import next_time

DEFAULT_GROUP = "default"
KEPT = (
    "Name",
    "GroupName",
    "ScheduleExpression",
    "StartDate",
    "EndDate",
    "Description",
    "ScheduleExpressionTimezone",
    "State",
    "Target",
    "FlexibleTimeWindow",
    "ActionAfterCompletion",
)
DEFAULTS = {
    "GroupName": DEFAULT_GROUP,
    "ScheduleExpressionTimezone": "UTC",
    "State": "ENABLED",
    "ActionAfterCompletion": "NONE",
}


@dataclass
class Schedule:
    """One schedule.

    Attributes:
        arn: its ARN.
        region: where it lives.
        fields: what GetSchedule shows, dates apart.
        created: when it was made.
        modified: when it was last changed.
    """

    arn: str
    region: str
    fields: dict[str, Any]
    created: datetime
    modified: datetime

    @classmethod
    def of(cls, request: dict[str, Any], arn: str, region: str, now: datetime) -> Schedule:
        """A schedule as CreateSchedule describes it."""
        return cls(arn, region, _fields(request), now, now)

    def replace(self, request: dict[str, Any], now: datetime) -> None:
        """Be as UpdateSchedule describes it: what it does not say goes back to its default."""
        self.fields, self.modified = _fields(request), now

    def summary(self) -> dict[str, Any]:
        """The schedule's entry in ListSchedules."""
        return {
            "Arn": self.arn,
            "Name": self.fields["Name"],
            "GroupName": self.fields["GroupName"],
            "State": self.fields["State"],
            "CreationDate": self.created,
            "LastModificationDate": self.modified,
            "Target": {"Arn": self.fields["Target"]["Arn"]},
        }

    def first(self, now: datetime) -> datetime | None:
        """The first time: a rate without StartDate is due at once."""
        start = self._span[0]
        after = max(now, _aware(start)) if start else self.modified
        return self.next(after - timedelta(microseconds=1))

    def next(self, after: datetime) -> datetime | None:
        """The first time after another, unless it lies after the schedule's end."""
        due = next_time(
            self.fields["ScheduleExpression"],
            after,
            self.fields["ScheduleExpressionTimezone"],
            anchor=_aware(self.fields.get("StartDate") or self.modified),
        )
        return _before(due, self._span[1])

    @property
    def _span(self) -> tuple[datetime | None, datetime | None]:
        """When it begins and ends; a one-time schedule ignores both (API reference)."""
        if self.fields["ScheduleExpression"].startswith("at("):
            return None, None
        return self.fields.get("StartDate"), self.fields.get("EndDate")

    def payload(self, when: datetime, account: str, execution: str) -> str:
        """What the target receives.

        Args:
            when: the time it was due.
            account: whose it is.
            execution: id of this firing.

        Returns:
            The Input with its context attributes filled in, or the default notification
            (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html).
        """
        moment = when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        attributes = {
            "aws.scheduler.schedule-arn": self.arn,
            "aws.scheduler.scheduled-time": moment,
            "aws.scheduler.execution-id": execution,
            "aws.scheduler.attempt-number": "1",
        }
        text = self.fields["Target"].get("Input")
        if not text:
            return json.dumps(
                {
                    "version": "0",
                    "id": str(uuid4()),
                    "detail-type": "Scheduled Event",
                    "source": "aws.scheduler",
                    "account": account,
                    "time": moment,
                    "region": self.region,
                    "resources": [self.arn],
                    "detail": "{}",
                }
            )
        for name, value in attributes.items():
            text = text.replace(f"<{name}>", value)
        return str(text)


def _fields(request: dict[str, Any]) -> dict[str, Any]:
    given = {name: request[name] for name in KEPT if request.get(name) is not None}
    return {**DEFAULTS, **given}


def _aware(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


def _before(due: datetime | None, end: datetime | None) -> datetime | None:
    """A time, unless it lies after the schedule's end."""
    return None if due is None or (end is not None and due > _aware(end)) else due
