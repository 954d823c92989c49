"""What AWS promises of events, and what a pipeline has to live with."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator import gateway, sending
from batcat_runtime.emulator.events import delivery, targets
from batcat_runtime.emulator.events.clock import Clock
from batcat_runtime.emulator.events.scheduler import Scheduler
from batcat_runtime.emulator.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Target

ONCE = """
import json, os
import boto3

def handler(event, context):
    client = boto3.client("stepfunctions")
    try:
        client.start_execution(
            stateMachineArn=os.environ["MACHINE"], name=event["id"], input=json.dumps(event)
        )
    except client.exceptions.ExecutionAlreadyExists:
        pass
"""
ODD = "in/größe 日本 a+b (1)&100%25.csv"
ENCODED = "in/gr%C3%B6%C3%9Fe+%E6%97%A5%E6%9C%AC+a%2Bb+%281%29%26100%2525.csv"


def test_an_event_that_is_delivered_twice_starts_one_run(
    target: Target, new_name: Callable[[], str], until: Callable[[Callable[[], Any], str], Any]
) -> None:
    """Its id names the run: Step Functions starts a name once.

    The second is refused, or gets the same answer where the run has not ended yet
    (StartExecution in the Step Functions API Reference).
    """
    events, name, function = target.aws.client("events"), new_name(), target.function(ONCE)
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    target.allow(function, "events", rule)
    events.put_targets(Rule=name, Targets=[{"Id": each, "Arn": function} for each in "ab"])
    events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": "{}"}])
    until(lambda: target.lines(function, "REPORT") == 2, "both deliveries")
    (event,) = target.inputs()
    assert event["source"] == name


def test_a_key_reaches_a_function_as_it_is_and_encoded(
    target: Target, new_name: Callable[[], str]
) -> None:
    """EventBridge tells the key as it is, a notification tells it as in the address of a form."""
    s3, events, name = target.aws.client("s3"), target.aws.client("events"), new_name()
    function = target.function()
    s3.create_bucket(Bucket=name)
    rule = events.put_rule(
        Name=name, EventPattern=json.dumps({"detail": {"bucket": {"name": [name]}}})
    )["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "f", "Arn": function}])
    target.allow(function, "events", rule)
    target.allow(function, "s3", f"arn:aws:s3:::{name}")
    notified = {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:Put"]}
    s3.put_bucket_notification_configuration(
        Bucket=name,
        NotificationConfiguration={
            "EventBridgeConfiguration": {},
            "LambdaFunctionConfigurations": [notified],
        },
    )
    s3.put_object(Bucket=name, Key=ODD, Body=b"x")
    told = sorted(target.wait(2), key=lambda event: "Records" in event)
    assert told[0]["detail"]["object"]["key"] == ODD
    assert told[1]["Records"][0]["s3"]["object"]["key"] == ENCODED


class Fired:
    """A scheduler with a clock of its own, whose target keeps the times it is called at."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.world = World("http://127.0.0.1:1", "us-east-1", "123456789012", {}, folder)
        self.clock = Clock(lambda: now)
        self.scheduler = Scheduler(self.world, self.clock)
        self.times: list[str] = []

    def send(self, world: Any, arn: str, payload: str, sender: Any) -> None:
        """Take the place of what sends."""
        del world, arn, sender
        self.times.append(payload)

    def after(self, days: int, expression: str, **fields: Any) -> list[str]:
        """When a schedule in Berlin was due within so many days, in UTC."""
        self.scheduler.create_schedule(
            {
                "Name": expression,
                "ScheduleExpression": expression,
                "ScheduleExpressionTimezone": "Europe/Berlin",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": "arn:aws:sqs:us-east-1:123456789012:q",
                    "RoleArn": "arn:aws:iam::123456789012:role/r",
                    "Input": "<aws.scheduler.scheduled-time>",
                },
                **fields,
            }
        )
        self.clock.turn(timedelta(days=days))
        return [time.removesuffix(":00Z") for time in self.times]


@pytest.fixture
def fired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Fired]]:
    """Makes a scheduler that is asked at a time."""
    all_made: list[Fired] = []
    request: Any = gateway.CurrentRequest("us-east-1", http=None)  # type: ignore[arg-type]

    def make(now: str) -> Fired:
        made = Fired(tmp_path, datetime.fromisoformat(now).replace(tzinfo=timezone.utc))
        monkeypatch.setattr(sending, "send", made.send)
        all_made.append(made)
        return made

    monkeypatch.setattr(targets, "check_role", lambda *_: None)
    monkeypatch.setattr(delivery, "beside", lambda act, *arguments: act(*arguments))
    monkeypatch.setattr("batcat_runtime.emulator.events.scheduler.current_request", lambda: request)
    monkeypatch.setattr("batcat_runtime.emulator.events.groups.current_request", lambda: request)
    yield make
    for made in all_made:
        made.world.close()


@pytest.mark.parametrize(
    ("now", "expression", "times"),
    [
        ("2026-03-28", "cron(0 8 * * ? *)", ["2026-03-28T07:00", "2026-03-29T06:00"]),
        ("2026-03-28", "cron(30 2 * * ? *)", ["2026-03-28T01:30"]),
        ("2026-10-24", "cron(0 8 * * ? *)", ["2026-10-24T06:00", "2026-10-25T07:00"]),
        ("2026-10-24", "cron(30 2 * * ? *)", ["2026-10-24T00:30", "2026-10-25T00:30"]),
        (
            "2026-10-24T12:00",
            "rate(1 day)",
            ["2026-10-24T12:00", "2026-10-25T12:00", "2026-10-26T12:00"],
        ),
        ("2026-10-24", "at(2026-10-25T08:00:00)", ["2026-10-25T07:00"]),
    ],
    ids=["spring", "hour that is not", "autumn", "hour that comes twice", "rate", "once"],
)
def test_a_schedule_in_a_time_zone_lives_through_a_change_of_clocks(
    fired: Callable[[str], Fired], now: str, expression: str, times: list[str]
) -> None:
    """The wall clock counts; an hour that is not is left out, one that comes twice counts once.

    "Schedule types on EventBridge Scheduler", Daylight savings time; a day of a rate has 24 hours.
    """
    assert fired(now).after(2, expression) == times


def test_a_one_time_schedule_has_neither_start_nor_end(fired: Callable[[str], Fired]) -> None:
    """CreateSchedule, API reference: both are ignored."""
    early, late = (datetime(2026, 1, day, tzinfo=timezone.utc) for day in (1, 31))
    found = fired("2026-01-02").after(9, "at(2026-01-10T12:00:00)", StartDate=late, EndDate=early)
    assert found == ["2026-01-10T11:00"]
