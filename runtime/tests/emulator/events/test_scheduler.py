"""EventBridge Scheduler keeps schedules and starts their targets on time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Target

OFF = {"Mode": "OFF"}


def schedule(target: Target, name: str, **fields: Any) -> dict[str, Any]:
    """A request for a schedule that starts the target once a day."""
    return {
        "Name": name,
        "ScheduleExpression": "cron(0 8 * * ? *)",
        "FlexibleTimeWindow": OFF,
        "Target": {"Arn": target.machine, "RoleArn": target.role},
        **fields,
    }


def refused(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**request)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_schedule_is_kept_shown_changed_listed_and_deleted(
    target: Target, new_name: Callable[[], str]
) -> None:
    scheduler, name = target.aws.client("scheduler"), new_name()
    arn = scheduler.create_schedule(**schedule(target, name, Description="daily"))["ScheduleArn"]
    assert arn == f"arn:aws:scheduler:us-east-1:{target.aws.account}:schedule/default/{name}"
    shown = scheduler.get_schedule(Name=name)
    assert shown["State"] == "ENABLED"
    assert shown["ScheduleExpressionTimezone"] == "UTC"
    assert shown["Target"]["Arn"] == target.machine
    assert shown["Description"] == "daily"
    assert refused(scheduler.create_schedule, **schedule(target, name))[0] == "ConflictException"
    scheduler.update_schedule(
        **schedule(target, name, State="DISABLED", ScheduleExpressionTimezone="Europe/Berlin")
    )
    shown = scheduler.get_schedule(Name=name)
    assert shown["State"] == "DISABLED"
    assert "Description" not in shown  # an update says everything
    listed = scheduler.list_schedules(NamePrefix=name, State="DISABLED")["Schedules"]
    assert [each["Arn"] for each in listed] == [arn]
    scheduler.delete_schedule(Name=name)
    assert refused(scheduler.get_schedule, Name=name)[0] == "ResourceNotFoundException"


def test_schedules_are_listed_in_pages(target: Target, new_name: Callable[[], str]) -> None:
    scheduler, prefix = target.aws.client("scheduler"), new_name()
    for number in range(3):
        scheduler.create_schedule(**schedule(target, f"{prefix}-{number}", State="DISABLED"))
    pages = scheduler.get_paginator("list_schedules").paginate(
        NamePrefix=prefix, PaginationConfig={"PageSize": 2}
    )
    assert [len(page["Schedules"]) for page in pages] == [2, 1]


def test_a_rate_starts_at_once_and_keeps_its_beat(
    target: Target, new_name: Callable[[], str]
) -> None:
    scheduler, name = target.aws.client("scheduler"), new_name()
    text = '{"at": "<aws.scheduler.scheduled-time>", "arn": "<aws.scheduler.schedule-arn>"}'
    wanted = {"Arn": target.machine, "RoleArn": target.role, "Input": text}
    request = schedule(target, name, ScheduleExpression="rate(10 minutes)", Target=wanted)
    arn = scheduler.create_schedule(**request)["ScheduleArn"]
    created = scheduler.get_schedule(Name=name)["CreationDate"]
    received = target.wait(3)
    scheduler.delete_schedule(Name=name)
    times = sorted(
        datetime.strptime(each["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        for each in received
    )
    assert abs(times[0] - created) <= timedelta(seconds=1)
    assert times[1] - times[0] == times[2] - times[1] == timedelta(minutes=10)
    assert {each["arn"] for each in received} == {arn}


def test_a_one_time_schedule_fires_once_and_deletes_itself(
    target: Target, new_name: Callable[[], str]
) -> None:
    scheduler, name = target.aws.client("scheduler"), new_name()
    function = target.function()
    probe = schedule(target, new_name(), State="DISABLED")
    scheduler.create_schedule(**probe)
    now = scheduler.get_schedule(Name=probe["Name"])["CreationDate"].astimezone(timezone.utc)
    at = (now + timedelta(minutes=30)).strftime("at(%Y-%m-%dT%H:%M:%S)")
    scheduler.create_schedule(
        **schedule(
            target,
            name,
            ScheduleExpression=at,
            ActionAfterCompletion="DELETE",
            Target={"Arn": function, "RoleArn": target.role},
        )
    )
    (event,) = target.wait(1)
    assert event["detail-type"] == "Scheduled Event"
    assert event["source"] == "aws.scheduler"
    assert event["time"] == at[3:-1] + "Z"
    assert refused(scheduler.get_schedule, Name=name)[0] == "ResourceNotFoundException"


def test_nothing_comes_before_the_start_or_after_the_end(
    target: Target, new_name: Callable[[], str]
) -> None:
    scheduler, name = target.aws.client("scheduler"), new_name()
    probe = schedule(target, new_name(), State="DISABLED")
    scheduler.create_schedule(**probe)
    now = scheduler.get_schedule(Name=probe["Name"])["CreationDate"]
    text = '"<aws.scheduler.scheduled-time>"'
    scheduler.create_schedule(
        **schedule(
            target,
            name,
            ScheduleExpression="rate(5 minutes)",
            StartDate=now + timedelta(minutes=30),
            EndDate=now + timedelta(minutes=38),
            FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
            Target={"Arn": target.machine, "RoleArn": target.role, "Input": text},
        )
    )
    target.wait(2)
    first = (now + timedelta(minutes=30)).astimezone(timezone.utc)
    expected = [
        (first + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ") for minutes in (0, 5)
    ]
    assert sorted(target.inputs()) == expected


@pytest.mark.parametrize(
    ("fields", "code", "what"),
    [
        ({"ScheduleExpression": "rate(5 weeks)"}, "ValidationException", "rate(5 weeks)"),
        ({"ScheduleExpressionTimezone": "Mars/Base"}, "ValidationException", "Mars/Base"),
        (
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
            "ValidationException",
            "MaximumWindowInMinutes",
        ),
        ({"GroupName": "mine"}, "ResourceNotFoundException", "mine"),
        ({"KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k"}, "NotEmulated", "KmsKeyArn"),
    ],
)
def test_what_is_not_right_or_not_emulated_is_refused(
    target: Target, fields: dict[str, Any], code: str, what: str
) -> None:
    found, message = refused(
        target.aws.client("scheduler").create_schedule, **schedule(target, "refused", **fields)
    )
    assert found == code
    assert what in message


@pytest.mark.parametrize(
    ("fields", "code", "what"),
    [
        ({"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"}, "NotEmulated", "aws-sdk"),
        ({"RoleArn": "arn:aws:iam::123456789012:role/nobody"}, "ValidationException", "nobody"),
        ({"Input": "no JSON"}, "ValidationException", "JSON"),
        (
            {"EventBridgeParameters": {"DetailType": "d", "Source": "s"}},
            "NotEmulated",
            "EventBridgeParameters",
        ),
    ],
)
def test_targets_that_are_not_right_or_not_emulated_are_refused(
    target: Target, fields: dict[str, Any], code: str, what: str
) -> None:
    wanted = {"Arn": target.machine, "RoleArn": target.role, **fields}
    found, message = refused(
        target.aws.client("scheduler").create_schedule,
        **schedule(target, "refused", Target=wanted),
    )
    assert found == code
    assert what in message
