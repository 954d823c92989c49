"""EventBridge Scheduler: schedules that start Lambda functions and state machines.

API: botocore's model of ``scheduler``. Behaviour:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/. A flexible time window is kept and shown,
and the schedule is due at the window's start. Only the default group exists.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from . import targets
from .clock import Clock, clock_of
from .schedules import ScheduleError, next_time

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

PRINCIPAL = "scheduler.amazonaws.com"
DEFAULT_GROUP = "default"
KEPT = (
    "Name",
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
    "ScheduleExpressionTimezone": "UTC",
    "State": "ENABLED",
    "ActionAfterCompletion": "NONE",
}
PAGE = 100


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


class Scheduler:
    """The service: schedules kept in memory and fired by the clock.

    Args:
        world: the server the schedules live in.
        clock: tells and waits for the time; None for the server's own.
    """

    def __init__(self, world: World, clock: Clock | None = None) -> None:
        self._world = world
        self._clock = clock or clock_of(world)
        self._schedules: dict[str, Schedule] = {}
        self._lock = threading.RLock()

    def create_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep a schedule and let it run."""
        region = self._region()
        arn = self._arn(request["Name"], region)
        self._check(request)
        with self._lock:
            if arn in self._schedules:
                raise ServiceError(
                    "ConflictException", f"Schedule {request['Name']} already exists.", 409
                )
            now = self._clock.now()
            self._schedules[arn] = Schedule(arn, region, _fields(request), now, now)
            self._set(self._schedules[arn])
        return {"ScheduleArn": arn}

    def update_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace a schedule: what the request does not say goes back to its default."""
        with self._lock:
            schedule = self._find(request)
            self._check(request)
            schedule.fields = _fields(request)
            schedule.modified = self._clock.now()
            self._set(schedule)
        return {"ScheduleArn": schedule.arn}

    def get_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Everything about a schedule."""
        schedule = self._find(request)
        return {
            "Arn": schedule.arn,
            "GroupName": DEFAULT_GROUP,
            "CreationDate": schedule.created,
            "LastModificationDate": schedule.modified,
            **schedule.fields,
        }

    def delete_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a schedule."""
        with self._lock:
            schedule = self._find(request)
            del self._schedules[schedule.arn]
            self._clock.set(schedule.arn, None, lambda _: None)
        return {}

    def list_schedules(self, request: dict[str, Any]) -> dict[str, Any]:
        """Schedules of the request's region, by name."""
        _check_group(request)
        region, prefix = self._region(), request.get("NamePrefix") or ""
        with self._lock:
            found = [
                schedule
                for _, schedule in sorted(self._schedules.items())
                if schedule.region == region
                and schedule.fields["Name"].startswith(prefix)
                and request.get("State") in (None, schedule.fields["State"])
            ]
        start = int(request.get("NextToken") or 0)
        end = start + (request.get("MaxResults") or PAGE)
        answer: dict[str, Any] = {"Schedules": [_summary(each) for each in found[start:end]]}
        if end < len(found):
            answer["NextToken"] = str(end)
        return answer

    def _region(self) -> str:
        return current_request().region

    def _arn(self, name: str, region: str) -> str:
        return self._world.arn("scheduler", f"schedule/{DEFAULT_GROUP}/{name}", region)

    def _find(self, request: dict[str, Any]) -> Schedule:
        _check_group(request)
        schedule = self._schedules.get(self._arn(request["Name"], self._region()))
        if schedule is None:
            raise ServiceError(
                "ResourceNotFoundException", f"Schedule {request['Name']} does not exist.", 404
            )
        return schedule

    def _check(self, request: dict[str, Any]) -> None:
        _check_group(request)
        _check_window(request)
        try:
            next_time(
                request["ScheduleExpression"],
                self._clock.now(),
                request.get("ScheduleExpressionTimezone") or "UTC",
            )
        except ScheduleError as error:
            raise _invalid(f"Invalid Schedule Expression {error}.") from error
        self._check_target(request["Target"])

    def _check_target(self, target: dict[str, Any]) -> None:
        targets.kind_of(target["Arn"])
        if target.get("Input"):
            try:
                json.loads(target["Input"])
            except ValueError:
                raise _invalid("Target Input must be well-formed JSON.") from None
        targets.check_role(
            self._world,
            target["RoleArn"],
            PRINCIPAL,
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the "
            f"role: {target['RoleArn']} must exist and trust {PRINCIPAL}.",
        )

    def _set(self, schedule: Schedule) -> None:
        """Put a schedule on the clock, or take it off."""
        due = None
        if schedule.fields["State"] == "ENABLED":
            due = self._first(schedule)
        self._clock.set(schedule.arn, due, lambda when: self._fire(schedule, when))

    def _first(self, schedule: Schedule) -> datetime | None:
        """The first time: a rate without StartDate is due at once."""
        start = schedule.fields.get("StartDate")
        after = max(self._clock.now(), _aware(start)) if start else schedule.modified
        return self._next(schedule, after - timedelta(microseconds=1))

    def _next(self, schedule: Schedule, after: datetime) -> datetime | None:
        due = next_time(
            schedule.fields["ScheduleExpression"],
            after,
            schedule.fields["ScheduleExpressionTimezone"],
            anchor=_aware(schedule.fields.get("StartDate") or schedule.modified),
        )
        return _before(due, schedule.fields.get("EndDate"))

    def _fire(self, schedule: Schedule, when: datetime) -> datetime | None:
        target = schedule.fields["Target"]
        payload = payload_of(schedule, when, self._world.account)
        name = f"schedule {schedule.fields['Name']}"
        targets.deliver(self._world, target["Arn"], payload, name)
        # A laptop that slept does not make up for what it missed.
        following = self._next(schedule, max(when, self._clock.now()))
        if following is None and schedule.fields["ActionAfterCompletion"] == "DELETE":
            with self._lock:
                self._schedules.pop(schedule.arn, None)
        return following


def payload_of(schedule: Schedule, when: datetime, account: str) -> str:
    """What a schedule's target receives.

    Args:
        schedule: the schedule.
        when: the time it was due.
        account: whose it is.

    Returns:
        The Input with its context attributes filled in, or the default notification
        (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html).
    """
    moment = when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    attributes = {
        "aws.scheduler.schedule-arn": schedule.arn,
        "aws.scheduler.scheduled-time": moment,
        "aws.scheduler.execution-id": str(uuid4()),
        "aws.scheduler.attempt-number": "1",
    }
    text = schedule.fields["Target"].get("Input")
    if not text:
        return json.dumps(
            {
                "version": "0",
                "id": str(uuid4()),
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": account,
                "time": moment,
                "region": schedule.region,
                "resources": [schedule.arn],
                "detail": "{}",
            }
        )
    for name, value in attributes.items():
        text = text.replace(f"<{name}>", value)
    return str(text)


def _fields(request: dict[str, Any]) -> dict[str, Any]:
    given = {name: request[name] for name in KEPT if request.get(name) is not None}
    return {**DEFAULTS, **given}


def _summary(schedule: Schedule) -> dict[str, Any]:
    return {
        "Arn": schedule.arn,
        "Name": schedule.fields["Name"],
        "GroupName": DEFAULT_GROUP,
        "State": schedule.fields["State"],
        "CreationDate": schedule.created,
        "LastModificationDate": schedule.modified,
        "Target": {"Arn": schedule.fields["Target"]["Arn"]},
    }


def _check_group(request: dict[str, Any]) -> None:
    if request.get("GroupName") not in (None, DEFAULT_GROUP):
        raise NotEmulated(
            f"scheduler schedule group {request['GroupName']}", "Use the default group."
        )


def _check_window(request: dict[str, Any]) -> None:
    window = request["FlexibleTimeWindow"]
    flexible = window["Mode"] == "FLEXIBLE"
    if flexible != (window.get("MaximumWindowInMinutes") is not None):
        raise _invalid(
            "FlexibleTimeWindow needs MaximumWindowInMinutes with Mode FLEXIBLE, and only then."
        )


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def _aware(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


def _before(due: datetime | None, end: datetime | None) -> datetime | None:
    """A time, unless it lies after the schedule's end."""
    return None if due is None or (end is not None and due > _aware(end)) else due
