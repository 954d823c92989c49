"""EventBridge Scheduler: schedules that start functions and state machines, or send messages.

API: botocore's model of ``scheduler``. Behaviour:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/. A flexible time window is kept and shown,
and the schedule is due at the window's start.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator.cloudwatch.published import publish
from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.sending import Sender, kind_of

from . import targets
from .clock import Clock, clock_of
from .delivery import LONGEST_AGE, MOST_ATTEMPTS, Delivery, check_dead_letters
from .groups import Groups
from .scheduled import DEFAULT_GROUP, Schedule
from .schedules import ScheduleError, next_time

if TYPE_CHECKING:
    from datetime import datetime

    from batcat_runtime.emulator.world import World

PRINCIPAL = "scheduler.amazonaws.com"
PAGE = 100
TAKE_JSON = ("lambda", "states")
"""Targets whose Input must be JSON; queues and topics take any text (Target, API reference)."""

REPORTED = {
    "attempt": "InvocationAttemptCount",
    "failed": "TargetErrorCount",
    "dropped": "InvocationDroppedCount",
    "dead": "InvocationsSentToDeadLetterCount",
    "stuck": "InvocationsFailedToBeSentToDeadLetterCount",
}
"""Outcome of a delivery to its metric ("Monitoring Scheduler with CloudWatch", user guide)."""


class Scheduler:
    """The service: schedules kept in memory and fired by the clock.

    Args:
        world: the server the schedules live in.
        clock: tells and waits for the time; None for the server's own.
    """

    def __init__(self, world: World, clock: Clock | None = None) -> None:
        self._world = world
        self._clock = clock or clock_of(world)
        self._groups = Groups(world, self._clock)
        self._schedules: dict[str, Schedule] = {}
        self._lock = threading.RLock()

    def create_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep a schedule and let it run."""
        region = self._region()
        arn = self._arn(request)
        self._check(request)
        with self._lock:
            if arn in self._schedules:
                raise ServiceError(
                    "ConflictException", f"Schedule {request['Name']} already exists.", 409
                )
            now = self._clock.now()
            self._schedules[arn] = Schedule.of(request, arn, region, now)
            self._set(self._schedules[arn])
        return {"ScheduleArn": arn}

    def update_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace a schedule: what the request does not say goes back to its default."""
        with self._lock:
            schedule = self._find(request)
            self._check(request)
            schedule.replace(request, self._clock.now())
            self._set(schedule)
        return {"ScheduleArn": schedule.arn}

    def get_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Everything about a schedule."""
        schedule = self._find(request)
        return {
            "Arn": schedule.arn,
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
        group = request.get("GroupName")
        if group:
            self._groups.find(group)
        region, prefix = self._region(), request.get("NamePrefix") or ""
        with self._lock:
            found = [
                schedule
                for _, schedule in sorted(self._schedules.items())
                if schedule.region == region
                and group in (None, schedule.fields["GroupName"])
                and schedule.fields["Name"].startswith(prefix)
                and request.get("State") in (None, schedule.fields["State"])
            ]
        start = int(request.get("NextToken") or 0)
        end = start + (request.get("MaxResults") or PAGE)
        answer: dict[str, Any] = {"Schedules": [each.summary() for each in found[start:end]]}
        if end < len(found):
            answer["NextToken"] = str(end)
        return answer

    def create_schedule_group(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a group."""
        return {"ScheduleGroupArn": self._groups.add(request).arn}

    def get_schedule_group(self, request: dict[str, Any]) -> dict[str, Any]:
        """A group."""
        return self._groups.find(request["Name"]).shown()

    def list_schedule_groups(self, request: dict[str, Any]) -> dict[str, Any]:
        """Groups of the request's region, by name."""
        found = self._groups.of(request.get("NamePrefix") or "")
        return {"ScheduleGroups": [group.shown() for group in found]}

    def delete_schedule_group(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a group with all its schedules."""
        name, region = request["Name"], self._region()
        self._groups.remove(name)
        with self._lock:
            for arn, schedule in list(self._schedules.items()):
                if schedule.region == region and schedule.fields["GroupName"] == name:
                    del self._schedules[arn]
                    self._clock.set(arn, None, lambda _: None)
        return {}

    def tag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add or replace tags of a group."""
        tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        self._groups.tagged(request["ResourceArn"]).tags.update(tags)
        return {}

    def untag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove tags of a group."""
        for key in request["TagKeys"]:
            self._groups.tagged(request["ResourceArn"]).tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Tags of a group."""
        tags = self._groups.tagged(request["ResourceArn"]).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _region(self) -> str:
        return current_request().region

    def _arn(self, request: dict[str, Any]) -> str:
        group = self._groups.find(request.get("GroupName") or DEFAULT_GROUP)
        return self._world.arn(
            "scheduler", f"schedule/{group.name}/{request['Name']}", self._region()
        )

    def _find(self, request: dict[str, Any]) -> Schedule:
        schedule = self._schedules.get(self._arn(request))
        if schedule is None:
            raise ServiceError(
                "ResourceNotFoundException", f"Schedule {request['Name']} does not exist.", 404
            )
        return schedule

    def _check(self, request: dict[str, Any]) -> None:
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
        kind = kind_of(target["Arn"])
        check_dead_letters(target.get("DeadLetterConfig"), f"target {target['Arn']}")
        if target.get("Input") and kind in TAKE_JSON:
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
            due = schedule.first(self._clock.now())
        self._clock.set(schedule.arn, due, lambda when: self._fire(schedule, when))

    def _fire(self, schedule: Schedule, when: datetime) -> datetime | None:
        target = schedule.fields["Target"]
        execution = uuid4().hex[:16]
        payload = schedule.payload(when, self._world.account, execution)
        policy = target.get("RetryPolicy") or {}
        Delivery(
            self._world,
            target["Arn"],
            payload,
            Sender(PRINCIPAL, schedule.arn, target["RoleArn"]),
            f"schedule {schedule.fields['Name']}",
            dead=(target.get("DeadLetterConfig") or {}).get("Arn"),
            letter=payload,
            details={
                "SCHEDULE_ARN": schedule.arn,
                "TARGET_ARN": target["Arn"],
                "EXECUTION_ID": execution,
                "SCHEDULED_TIME": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "IS_PAYLOAD_TRUNCATED": "false",
            },
            retries=policy.get("MaximumRetryAttempts", MOST_ATTEMPTS),
            age=policy.get("MaximumEventAgeInSeconds", LONGEST_AGE),
            report=lambda what: self._report(schedule, what),
        ).start()
        # A laptop that slept does not make up for what it missed.
        following = schedule.next(max(when, self._clock.now()))
        if following is None and schedule.fields["ActionAfterCompletion"] == "DELETE":
            with self._lock:
                self._schedules.pop(schedule.arn, None)
        return following

    def _report(self, schedule: Schedule, what: str) -> None:
        dimensions = {"ScheduleGroup": schedule.fields["GroupName"]}
        values = {REPORTED[what]: 1} if what in REPORTED else {}
        publish(self._world, schedule.region, "AWS/Scheduler", dimensions, **values)


def _check_window(request: dict[str, Any]) -> None:
    window = request["FlexibleTimeWindow"]
    flexible = window["Mode"] == "FLEXIBLE"
    if flexible != (window.get("MaximumWindowInMinutes") is not None):
        raise _invalid(
            "FlexibleTimeWindow needs MaximumWindowInMinutes with Mode FLEXIBLE, and only then."
        )


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
