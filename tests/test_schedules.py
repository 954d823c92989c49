"""A schedule that is taken is one that EventBridge Scheduler knows; any other is refused in words.

The local AWS reads schedules on its own: what the question takes, it must understand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcat_runtime.emulator.events.schedules import MONTHS, WEEKDAYS, ScheduleError, next_time

Ask = Callable[..., Mapping[str, Any]]
NOW = datetime(2026, 11, 21, 8, tzinfo=timezone.utc)
VALID = "Valid: cron(0 6 * * ? *), rate(1 day) or at(2030-01-31T06:00:00)"
NOTHING: st.SearchStrategy[str] = st.nothing()
many = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def refusal(ask: Ask, expression: str) -> str:
    """Why an expression is refused; empty when it is taken."""
    try:
        ask(trigger="schedule", schedule_expression=expression)
    except ValueError as error:
        reason, valid, rest = str(error).partition(VALID)
        return reason if valid and not rest else f"without a valid value: {error}"
    return ""


def understood(expression: str) -> bool:
    """Whether the local AWS can say when it is due."""
    try:
        next_time(expression, NOW)
    except ScheduleError:
        return False
    return True


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "not an expression"),
        ("daily", "not an expression"),
        ("0 6 * * *", "not an expression"),
        ("cron(0 6 * * *)", "cron has six fields"),
        ("cron(0 6 * * ? * *)", "cron has six fields"),
        ('cron(0 6 * * ? *)"', "not an expression"),
        ("cron(0 6 * * ? *)\n", "not an expression"),
        ("cron(0 6 * * * *)", "Exactly one of day of month (third) and day of week (fifth)"),
        ("cron(0 6 ? * ? *)", "Exactly one of day of month (third) and day of week (fifth)"),
        ("cron(60 6 * * ? *)", 'The minute (first) is "60", not within 0 to 59'),
        ("cron(0/60 6 * * ? *)", 'The minute (first) is "0/60"'),
        ("cron(0/0 6 * * ? *)", 'The minute (first) is "0/0"'),
        ("cron(5, 6 * * ? *)", 'The minute (first) is "5,"'),
        ("cron(0 24 * * ? *)", 'The hour (second) is "24", not within 0 to 23'),
        ("cron(0 8- * * ? *)", 'The hour (second) is "8-"'),
        ("cron(0 6 0 * ? *)", 'The day of month (third) is "0", not within 1 to 31'),
        ("cron(0 6 32 * ? *)", 'The day of month (third) is "32"'),
        ("cron(0 6 32W * ? *)", 'The day of month (third) is "32W"'),
        ("cron(0 6 ?,3 * ? *)", 'is "?,3"; a question mark stands alone'),
        ("cron(0 6 * 0 ? *)", 'The month (fourth) is "0", not within 1 to 12 or JAN to DEC'),
        ("cron(0 6 * 13 ? *)", 'The month (fourth) is "13"'),
        ("cron(0 6 * JNA ? *)", 'The month (fourth) is "JNA"'),
        ("cron(0 6 ? * 0 *)", 'The day of week (fifth) is "0", not within 1 to 7'),
        ("cron(0 6 ? * 8 *)", 'The day of week (fifth) is "8"'),
        ("cron(0 6 ? * SO *)", 'The day of week (fifth) is "SO"'),
        ("cron(0 6 ? * 6#6 *)", 'The day of week (fifth) is "6#6"'),
        ("cron(0 6 ? * 3#1,6#3 *)", "only one # fits"),
        ("cron(0 6 ? * 6W *)", 'The day of week (fifth) is "6W"'),
        ("cron(0 6 * * ? 1969)", 'The year (sixth) is "1969", not within 1970 to 2199'),
        ("cron(0 6 * * ? 2200)", 'The year (sixth) is "2200"'),
        ("cron(0 6 * * ? 2030-2026)", "ends before it begins"),
        (f"cron({'0,' * 130}0 6 * * ? *)", "EventBridge Scheduler allows 256"),
        ("rate(0 days)", "not within 1 to 999999"),
        ("rate(1000000000000 days)", "not within 1 to 999999"),
        ("rate(1 days)", "without an s"),
        ("rate(5 minute)", "without an s"),
        ("rate(1 fortnight)", "rate a number and a unit"),
        ("at(2030-01-31)", "at a date and a time"),
        ("at(2030-01-31T24:00:00)", "at a date and a time"),
        ("at(2030-13-01T00:00:00)", "The month is 13"),
        ("at(2026-02-30T00:00:00)", "The day is 30; that month has the days 1 to 28"),
        ("at(2100-02-29T00:00:00)", "The day is 29; that month has the days 1 to 28"),
        ("at(2026-04-31T00:00:00)", "The day is 31; that month has the days 1 to 30"),
        ("at(2026-04-00T00:00:00)", "The day is 0"),
        ("at(0000-01-01T00:00:00)", "not an expression"),
    ],
)
def test_a_wrong_schedule_is_refused_with_its_reason(
    ask: Ask, expression: str, reason: str
) -> None:
    said = refusal(ask, expression)
    assert reason in said
    assert "without a valid value" not in said


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 6 * * ? *)",
        "cron(0/15 8-17 ? * MON-FRI *)",
        "cron(0,30 6 L * ? 2026)",
        "cron(15 10 ? * 6#3 *)",
        "cron(15 10 ? * 6L 2022-2023)",
        "cron(0 18 ? * FRI-MON,WED *)",
        "cron(5/20 0 LW JAN,JUL/2 ? 2026-2030/2)",
        "cron(0 8 L-3,15W,1-5/2 */3 ? *)",
        "rate(1 day)",
        "rate(5 minutes)",
        "rate(12 hours)",
        "at(2030-01-31T06:00:00)",
        "at(2028-02-29T23:59:59)",
        "at(2000-02-29T00:00:00)",
    ],
)
def test_a_right_schedule_is_taken(ask: Ask, expression: str) -> None:
    assert refusal(ask, expression) == ""
    assert understood(expression)


def values(least: int, most: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    """One value of a cron field."""
    numbers = st.integers(least, most).map(str)
    return st.one_of(numbers, st.sampled_from(names)) if names else numbers


def field(
    least: int,
    most: int,
    names: tuple[str, ...] = (),
    special: st.SearchStrategy[str] = NOTHING,
) -> st.SearchStrategy[str]:
    """A cron field: values, ranges and steps in lists, as AWS documents them."""
    value = values(least, most, names)
    span = st.one_of(st.just("*"), value, st.builds("{}-{}".format, value, value))
    term = st.one_of(span, st.builds("{}/{}".format, span, st.integers(1, max(most // 2, 1))))
    terms = st.lists(st.one_of(term, special), min_size=1, max_size=3)
    return terms.map(",".join)


def crons(beyond: int = 0) -> st.SearchStrategy[str]:
    """Cron expressions; ``beyond`` lets numbers leave their range by so much on either side."""
    days = st.one_of(
        st.sampled_from(["L", "LW"]),
        st.integers(1 - beyond, 30 + beyond).map("L-{}".format),
        st.integers(1 - beyond, 31 + beyond).map("{}W".format),
    )
    one_weekday = values(1 - beyond, 7 + beyond, WEEKDAYS)
    weekdays = st.one_of(st.just("L"), one_weekday.map("{}L".format))
    counted = st.builds("{}#{}".format, one_weekday, st.integers(1 - beyond, 5 + beyond))
    week = st.one_of(field(1 - beyond, 7 + beyond, WEEKDAYS, weekdays), counted)
    month = field(1 - beyond, 31 + beyond, special=days)
    either = st.one_of(
        st.tuples(month, st.just("?")),
        st.tuples(st.just("?"), week),
        *([st.tuples(month, week)] if beyond else []),
    )
    years = st.one_of(
        st.just("*"), st.integers(1970 - beyond, 2199 + beyond).map(str), st.just("2026-2030/2")
    )
    return st.builds(
        lambda minute, hour, day, month, year: (
            f"cron({minute} {hour} {day[0]} {month} {day[1]} {year})"
        ),
        field(-beyond, 59 + beyond),
        field(-beyond, 23 + beyond),
        either,
        field(1 - beyond, 12 + beyond, MONTHS),
        years,
    )


@many
@given(crons())
def test_whatever_the_documentation_allows_is_taken_and_understood(
    ask: Ask, expression: str
) -> None:
    assert refusal(ask, expression) == ""
    assert understood(expression)


@many
@given(
    st.one_of(
        crons(beyond=1),
        st.builds(
            "rate({} {}{})".format,
            st.integers(-1, 3),
            st.sampled_from(["minute", "hour", "day", "week"]),
            st.sampled_from(["", "s"]),
        ),
        st.builds(
            "at({:04}-{:02}-{:02}T{:02}:{:02}:00)".format,
            st.sampled_from([0, 2026, 2028, 2100]),
            st.integers(0, 13),
            st.integers(27, 32),
            st.integers(22, 24),
            st.integers(58, 60),
        ),
        st.text(alphabet="crontae()0123456789 *?/,-L#W", max_size=30),
    )
)
def test_nothing_is_taken_that_the_local_aws_does_not_understand(ask: Ask, expression: str) -> None:
    assert refusal(ask, expression) or understood(expression)


@settings(many, max_examples=12)
@given(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31)), st.integers(1, 999_999))  # noqa: DTZ001 - at() has no time zone
def test_every_day_there_is_and_every_rate_is_taken(ask: Ask, day: datetime, count: int) -> None:
    unit = "minute" if count == 1 else "minutes"
    for expression in (f"at({day:%Y-%m-%dT%H:%M:%S})", f"rate({count} {unit})"):
        assert refusal(ask, expression) == ""
        assert understood(expression)
    assert next_time(f"rate({count} {unit})", NOW) == NOW + timedelta(minutes=count)
