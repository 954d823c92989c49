"""All alarms: evaluated by the clock, a minute or a short period after another.

An alarm looks at whole stretches of time only, so it changes at the end of the minute in which
something happened; a test turns the clock. What a change means goes to SNS topics whose policy
lets CloudWatch in, and to EventBridge.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from threading import RLock
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.events.clock import clock_of
from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.sending import Sender, UndeliveredError, send

from .alarm import Alarm, stamp
from .checking import period_of
from .evaluation import ALARM, MORE_PERIODS, OK, UNKNOWN, reason, state
from .queries import series_of
from .store import store_of

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

PRINCIPAL = "cloudwatch.amazonaws.com"
MINUTE = 60


class Alarms:
    """The alarms of all regions.

    Args:
        world: whose alarms they are.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._clock = clock_of(world)
        self._alarms: dict[str, Alarm] = {}
        self._lock = RLock()

    def put(self, region: str, settings: dict[str, Any]) -> Alarm:
        """Make an alarm, or change one; its state stays until it is evaluated."""
        arn = self._world.arn("cloudwatch", f"alarm:{settings['AlarmName']}", region)
        now = self._clock.now()
        with self._lock:
            alarm = self._alarms.get(arn)
            if alarm is None:
                alarm = Alarm(arn, region, settings, now, now)
                alarm.tags = {tag["Key"]: tag["Value"] for tag in settings.get("Tags") or []}
                self._alarms[arn] = alarm
                summary = f'Alarm "{alarm.name}" created'
            else:
                if alarm.composite != ("AlarmRule" in settings):
                    raise ServiceError(
                        "ValidationError", f"{alarm.name} is an alarm of another type"
                    )
                alarm.settings, alarm.configured = settings, now
                summary = f'Alarm "{alarm.name}" updated'
            alarm.record(now, "ConfigurationUpdate", summary)
        self._plan(alarm)
        return alarm

    def of(self, region: str) -> list[Alarm]:
        """Alarms of a region by name."""
        with self._lock:
            found = [alarm for alarm in self._alarms.values() if alarm.region == region]
        return sorted(found, key=lambda alarm: alarm.name)

    def find(self, region: str, name: str) -> Alarm | None:
        """An alarm by name or ARN."""
        with self._lock:
            arn = name if name.startswith("arn:") else None
            return self._alarms.get(arn or self._world.arn("cloudwatch", f"alarm:{name}", region))

    def delete(self, alarm: Alarm) -> None:
        """Forget an alarm."""
        with self._lock:
            self._alarms.pop(alarm.arn, None)
        self._clock.set(alarm.arn, None, lambda _: None)

    def change(self, alarm: Alarm, found: str, why: str, data: str = "") -> None:
        """Give an alarm a state; whoever waits for it hears of a change."""
        with self._lock:
            before, now = alarm.state, self._clock.now()
            alarm.reason, alarm.reason_data = why, data
            if found == before:
                return
            alarm.state, alarm.changed = found, now
            summary = f"Alarm updated from {before} to {found}"
            alarm.record(now, "StateUpdate", summary, {"newState": {"stateValue": found}})
        self._tell(alarm, before)
        self._announce(alarm, before)
        for parent in self.of(alarm.region):
            if parent.composite and alarm.name in _names(parent):
                self.evaluate(parent)

    def evaluate(self, alarm: Alarm) -> None:
        """Look at what an alarm watches, and change its state if need be."""
        if alarm.composite:
            self._evaluate_rule(alarm)
            return
        condition, queries = alarm.condition, alarm.queries()
        period = period_of(queries)
        step = min(period, MINUTE)
        end = int(self._clock.now().timestamp()) // step * step
        start = end - period * (condition.periods + MORE_PERIODS)
        found = series_of(store_of(self._world), alarm.region, queries, start, end)
        shown = next(query["Id"] for query in queries if query.get("ReturnData", True))
        points = [found[shown].get(when) for when in range(start, end, period)]
        state_found = state(condition, points, alarm.state)
        if state_found == alarm.state and alarm.reason_data:
            return
        data = {
            "version": "1.0",
            "queryDate": stamp(self._clock.now()),
            "startDate": stamp(datetime.fromtimestamp(start, timezone.utc)),
            "period": period,
            "recentDatapoints": [value for value in points if value is not None],
            "threshold": condition.threshold,
        }
        self.change(alarm, state_found, reason(condition, points, state_found), json.dumps(data))

    def _evaluate_rule(self, alarm: Alarm) -> None:
        def state_of(name: str) -> str:
            found = self.find(alarm.region, name)
            return found.state if found else UNKNOWN

        holds = alarm.rule.holds(state_of)
        states = ", ".join(f"{name} is {state_of(name)}" for name in alarm.rule.alarms)
        self.change(alarm, ALARM if holds else OK, f"{alarm.settings['AlarmRule']}: {states}")

    def _plan(self, alarm: Alarm) -> None:
        """Let the clock evaluate an alarm, first at the next full minute."""
        step = MINUTE if alarm.composite else min(period_of(alarm.queries()), MINUTE)

        def following(after: datetime) -> datetime:
            seconds = int(after.timestamp()) // step * step + step
            return datetime.fromtimestamp(seconds, timezone.utc)

        def act(when: datetime) -> datetime:
            self.evaluate(alarm)
            return following(max(when, self._clock.now() - timedelta(seconds=step)))

        if alarm.composite:
            self._clock.set(alarm.arn, self._clock.now(), act)
        else:
            self._clock.set(alarm.arn, following(self._clock.now()), act)

    def _tell(self, alarm: Alarm, before: str) -> None:
        subject, text = alarm.notice(before, self._world.account)
        for topic in alarm.actions():
            said = f"Successfully executed action {topic}"
            try:
                send(self._world, topic, text, Sender(PRINCIPAL, alarm.arn), Subject=subject)
            except UndeliveredError as error:
                said = f"Failed to execute action {topic}. Received error: {error}"
                sys.stderr.write(f"batcat local: alarm {alarm.name}: {said}\n")
            alarm.record(self._clock.now(), "Action", said)

    def _announce(self, alarm: Alarm, before: str) -> None:
        from batcat_runtime.emulator.events.rules import announce

        announce(
            self._world,
            alarm.region,
            source="aws.cloudwatch",
            detail_type="CloudWatch Alarm State Change",
            resources=[alarm.arn],
            detail={
                "alarmName": alarm.name,
                "state": {
                    "value": alarm.state,
                    "reason": alarm.reason,
                    "timestamp": stamp(alarm.changed),
                },
                "previousState": {"value": before},
            },
            time=alarm.changed,
        )


def _names(alarm: Alarm) -> set[str]:
    return {name.rpartition(":alarm:")[2] for name in alarm.rule.alarms}
