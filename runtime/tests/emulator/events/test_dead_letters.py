"""What cannot be delivered is tried again, and then put aside with the reason."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator import sending
from batcat_runtime.emulator.events import delivery
from batcat_runtime.emulator.events.clock import clock_of
from batcat_runtime.emulator.sending import Sender, UndeliveredError
from batcat_runtime.emulator.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Target

QUEUE = "arn:aws:sqs:us-east-1:123456789012:dead"
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"


class Post:
    """Takes the place of what sends, and fails so many times."""

    def __init__(self, failures: int, code: str = sending.THROTTLING) -> None:
        self.failures, self.code = failures, code
        self.sent: list[tuple[str, str, dict[str, Any]]] = []

    def send(self, world: Any, arn: str, payload: str, sender: Any, **options: Any) -> None:
        """Fail, or keep what is sent."""
        del world, sender
        if arn != QUEUE and self.failures:
            self.failures -= 1
            raise UndeliveredError(self.code, "not now")
        self.sent.append((arn, payload, options))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world with a clock and nothing else."""
    made = World("http://127.0.0.1:1", "us-east-1", "123456789012", {}, tmp_path)
    yield made
    made.close()


def delivered(
    world: World, monkeypatch: pytest.MonkeyPatch, post: Post, **settings: Any
) -> list[str]:
    """What was reported of a delivery, after a day."""
    monkeypatch.setattr(delivery, "beside", lambda act, *arguments: act(*arguments))
    monkeypatch.setattr(sending, "send", post.send)
    told: list[str] = []
    delivery.Delivery(
        world,
        TOPIC,
        "payload",
        Sender("events.amazonaws.com", "arn:rule"),
        "rule r",
        letter="the event",
        details={"RULE_ARN": "arn:rule", "TARGET_ARN": TOPIC},
        report=told.append,
        **settings,
    ).start()
    clock_of(world).turn(timedelta(days=2))
    return told


def test_it_is_tried_again_until_it_arrives(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post(failures=3)
    told = delivered(world, monkeypatch, post, dead=QUEUE)
    assert told == ["attempt", "failed"] * 3 + ["attempt", "arrived"]
    assert [(arn, text) for arn, text, _ in post.sent] == [(TOPIC, "payload")]


@pytest.mark.parametrize(
    ("settings", "code", "attempts", "exhausted"),
    [
        ({"retries": 2}, sending.THROTTLING, 3, "MaximumRetryAttempts"),
        ({"age": 60}, sending.THROTTLING, 6, "MaximumEventAgeInSeconds"),
        ({}, sending.NO_PERMISSIONS, 1, None),
        ({}, sending.NO_RESOURCE, 1, None),
    ],
    ids=["retries", "age", "permission", "resource"],
)
def test_what_cannot_arrive_is_put_aside(  # noqa: PLR0913 - a case has that many sides
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    *,
    settings: dict[str, int],
    code: str,
    attempts: int,
    exhausted: str | None,
) -> None:
    post = Post(failures=1000, code=code)
    told = delivered(world, monkeypatch, post, dead=QUEUE, **settings)
    assert told.count("attempt") == attempts
    assert told[-2:] == ["dropped", "dead"]
    ((arn, letter, options),) = post.sent
    assert (arn, letter) == (QUEUE, "the event")
    said = {name: each["StringValue"] for name, each in options["MessageAttributes"].items()}
    assert (said["ERROR_CODE"], said["ERROR_MESSAGE"]) == (code, "not now")
    assert said["RETRY_ATTEMPTS"] == str(attempts - 1)
    assert said["RULE_ARN"] == "arn:rule"
    assert said.get("EXHAUSTED_RETRY_CONDITION") == exhausted


def test_without_a_queue_it_is_lost_and_the_log_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = delivered(world, monkeypatch, Post(failures=1000), retries=0)
    assert told == ["attempt", "failed", "dropped"]
    assert "rule r could not reach" in capsys.readouterr().err


@pytest.fixture
def dead(target: Target, new_name: Callable[[], str]) -> tuple[str, str]:
    """URL and ARN of a queue that lets everybody in."""
    name = new_name()
    arn = f"arn:aws:sqs:us-east-1:{target.aws.account}:{name}"
    let = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let]})
    made = target.aws.client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy})
    return str(made["QueueUrl"]), arn


def letter(target: Target, url: str) -> tuple[Any, dict[str, str]]:
    """Body and attributes of the next dead letter."""
    found = target.aws.client("sqs").receive_message(
        QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"]
    )["Messages"][0]
    attributes = found["MessageAttributes"]
    said = {name: each["StringValue"] for name, each in attributes.items()}
    return json.loads(found["Body"]), said


def test_an_event_whose_target_is_gone(
    target: Target, dead: tuple[str, str], new_name: Callable[[], str]
) -> None:
    events, name = target.aws.client("events"), new_name()
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    gone = target.machine + "x"
    wanted = {
        "Id": "t",
        "Arn": gone,
        "RoleArn": target.role,
        "InputPath": "$.detail",
        "DeadLetterConfig": {"Arn": dead[1]},
        "RetryPolicy": {"MaximumRetryAttempts": 4, "MaximumEventAgeInSeconds": 60},
    }
    events.put_targets(Rule=name, Targets=[wanted])
    assert events.list_targets_by_rule(Rule=name)["Targets"] == [wanted]
    events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": '{"n": 1}'}])
    body, said = letter(target, dead[0])
    assert (body["source"], body["detail"]) == (name, {"n": 1})
    assert (said["ERROR_CODE"], said["TARGET_ARN"]) == ("NO_RESOURCE", gone)
    assert said["RULE_ARN"].endswith(f"rule/{name}")


def test_a_function_that_does_not_let_the_rule_in(
    target: Target, dead: tuple[str, str], new_name: Callable[[], str]
) -> None:
    events, name = target.aws.client("events"), new_name()
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    wanted = {"Id": "t", "Arn": target.function(), "DeadLetterConfig": {"Arn": dead[1]}}
    events.put_targets(Rule=name, Targets=[wanted])
    events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": "{}"}])
    assert letter(target, dead[0])[1]["ERROR_CODE"] == "NO_PERMISSIONS"


def test_a_schedule_whose_target_is_gone(
    target: Target, dead: tuple[str, str], new_name: Callable[[], str]
) -> None:
    scheduler, name = target.aws.client("scheduler"), new_name()
    gone = target.machine + "x"
    wanted = {
        "Arn": gone,
        "RoleArn": target.role,
        "Input": '{"n": 1}',
        "DeadLetterConfig": {"Arn": dead[1]},
        "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
    }
    scheduler.create_schedule(
        Name=name,
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=wanted,
    )
    assert scheduler.get_schedule(Name=name)["Target"] == wanted
    body, said = letter(target, dead[0])
    assert body == {"n": 1}
    assert said["ERROR_CODE"] == "StateMachineDoesNotExist"
    assert said["SCHEDULE_ARN"].endswith(f"schedule/default/{name}")
    assert said["SCHEDULED_TIME"].endswith("Z")
    scheduler.delete_schedule(Name=name)


def test_queues_and_topics_are_targets(
    target: Target, dead: tuple[str, str], new_name: Callable[[], str]
) -> None:
    events, name = target.aws.client("events"), new_name()
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": dead[1], "InputPath": "$.detail"}])
    events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": '{"n": 1}'}])
    found = target.aws.client("sqs").receive_message(QueueUrl=dead[0], WaitTimeSeconds=20)
    assert json.loads(found["Messages"][0]["Body"]) == {"n": 1}


def test_groups_hold_schedules_and_tags(target: Target, new_name: Callable[[], str]) -> None:
    scheduler, name = target.aws.client("scheduler"), new_name()
    tags = [{"Key": "owner", "Value": "me"}]
    arn = scheduler.create_schedule_group(Name=name, Tags=tags)["ScheduleGroupArn"]
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
    made = scheduler.create_schedule(
        Name="daily",
        GroupName=name,
        ScheduleExpression="at(2199-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        Target={"Arn": target.machine, "RoleArn": target.role},
    )
    assert made["ScheduleArn"].endswith(f"schedule/{name}/daily")
    listed = scheduler.list_schedules(GroupName=name)["Schedules"]
    assert [(each["Name"], each["GroupName"]) for each in listed] == [("daily", name)]
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="daily")
    with pytest.raises(scheduler.exceptions.ConflictException):
        scheduler.create_schedule_group(Name=name)
    groups = scheduler.list_schedule_groups(NamePrefix=name)["ScheduleGroups"]
    assert [group["State"] for group in groups] == ["ACTIVE"]
    scheduler.delete_schedule_group(Name=name)
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="daily", GroupName=name)
