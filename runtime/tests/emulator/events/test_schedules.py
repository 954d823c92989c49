"""When an expression is due next: the documented forms, time zones, and daylight saving."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcat_runtime.emulator.events.schedules import ScheduleError, next_time


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


NOW = utc("2026-11-21T08:00:00")  # a Saturday


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("rate(1 minute)", "2026-11-21T08:01:00"),
        ("rate(5 minutes)", "2026-11-21T08:05:00"),
        ("rate(2 hours)", "2026-11-21T10:00:00"),
        ("rate(1 day)", "2026-11-22T08:00:00"),
        ("at(2026-11-21T08:00:01)", "2026-11-21T08:00:01"),
        ("cron(0 10 * * ? *)", "2026-11-21T10:00:00"),
        ("cron(15 12 * * ? *)", "2026-11-21T12:15:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-23T18:00:00"),
        ("cron(0 8 1 * ? *)", "2026-12-01T08:00:00"),
        ("cron(0/15 * * * ? *)", "2026-11-21T08:15:00"),
        ("cron(1/10 * * * ? *)", "2026-11-21T08:01:00"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-11-23T00:00:00"),
        ("cron(0 20-2 * * ? *)", "2026-11-21T20:00:00"),
        ("cron(0 0 ? * 1 *)", "2026-11-22T00:00:00"),
        ("cron(0 0 ? * 7 *)", "2026-11-28T00:00:00"),
        ("cron(0 0 L * ? *)", "2026-11-30T00:00:00"),
        ("cron(0 0 L-3 * ? *)", "2026-11-27T00:00:00"),
        ("cron(0 0 LW FEB ? *)", "2027-02-26T00:00:00"),
        ("cron(0 0 3W * ? *)", "2026-12-03T00:00:00"),
        ("cron(0 0 1W AUG ? *)", "2027-08-02T00:00:00"),
        ("cron(0 0 ? * 3#2 *)", "2026-12-08T00:00:00"),
        ("cron(0 0 ? * FRI#1 *)", "2026-12-04T00:00:00"),
        ("cron(0 0 ? * 6L *)", "2026-11-27T00:00:00"),
        ("cron(0 0 ? * L *)", "2026-11-28T00:00:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29T00:00:00"),
        ("cron(0 0 1 JAN,JUL ? 2030)", "2030-01-01T00:00:00"),
    ],
)
def test_an_expression_is_due_when_aws_says(expression: str, due: str) -> None:
    assert next_time(expression, NOW) == utc(due)


@pytest.mark.parametrize(
    "expression", ["at(2026-11-21T08:00:00)", "cron(0 0 1 1 ? 2020)", "cron(0 0 30 2 ? *)"]
)
def test_what_is_over_or_impossible_is_never_due(expression: str) -> None:
    assert next_time(expression, NOW) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "every day",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(5 weeks)",
        "at(2026-11-21)",
        "cron(0 10 * * ?)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 10 32 * ? *)",
        "cron(0 10 * 13 ? *)",
        "cron(0 10 ? * 8 *)",
        "cron(0 10 ? * MON#6 *)",
        "cron(0 10 * * ? 1969)",
        "cron(x 10 * * ? *)",
        "cron(0/0 10 * * ? *)",
    ],
)
def test_what_aws_would_refuse_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        next_time(expression, NOW)


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ScheduleError, match="Europe/Berlin"):
        next_time("cron(0 8 * * ? *)", NOW, "Europe/Nowhere")


def test_cron_and_at_mean_the_zones_wall_clock() -> None:
    assert next_time("cron(0 8 * * ? *)", NOW, "Asia/Shanghai") == utc("2026-11-22T00:00:00")
    at = "at(2026-07-01T12:00:00)"
    assert next_time(at, utc("2026-01-01T00:00:00"), "Europe/Berlin") == utc("2026-07-01T10:00:00")


def test_a_time_that_the_clock_jumps_over_is_skipped() -> None:
    before = utc("2026-03-28T12:00:00")
    due = next_time("cron(30 2 * * ? *)", before, "Europe/Berlin")
    assert due == utc("2026-03-30T00:30:00")
    assert next_time("at(2026-03-29T02:30:00)", before, "Europe/Berlin") is None


def test_a_time_that_comes_twice_is_due_once() -> None:
    first = next_time("cron(30 2 25 10 ? 2026)", utc("2026-10-01T00:00:00"), "Europe/Berlin")
    assert first == utc("2026-10-25T00:30:00")
    assert next_time("cron(30 2 25 10 ? 2026)", first, "Europe/Berlin") is None


def test_a_rate_with_an_anchor_keeps_its_beat() -> None:
    anchor = utc("2026-11-21T08:02:00")
    assert next_time("rate(5 minutes)", NOW, anchor=anchor) == anchor
    late = utc("2026-11-21T08:59:00")
    assert next_time("rate(5 minutes)", late, anchor=anchor) == utc("2026-11-21T09:02:00")


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from(["cron(0/7 3,15 ? * 2-6 *)", "cron(5 * L * ? *)", "rate(7 minutes)"]),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
)
def test_due_times_always_lie_ahead_and_grow(after: datetime, expression: str, zone: str) -> None:
    moment = after.replace(tzinfo=timezone.utc)
    first = next_time(expression, moment, zone)
    assert first is not None
    assert first > moment
    second = next_time(expression, first, zone)
    assert second is not None
    assert second > first
    assert next_time(expression, second - timedelta(microseconds=1), zone) is not None


def test_a_day_that_no_month_has_is_refused_by_name() -> None:
    with pytest.raises(ScheduleError, match="2026-02-31"):
        next_time("at(2026-02-31T06:00:00)", datetime(2026, 1, 1, tzinfo=timezone.utc))
