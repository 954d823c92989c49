"""When a schedule expression is due next: ``rate()``, ``at()`` and ``cron()``.

Syntax: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html. Six cron
fields: minutes, hours, day of month, month, day of week (1-7 or SUN-SAT), year (1970-2199), with
``, - * /`` everywhere, ``? L W`` for the day of month, ``? L #`` for the day of week. Daylight
saving, from the same page: a time that does not exist is skipped, a time that exists twice is
used once.

Written here because the small libraries have neither a year nor AWS's numbering of weekdays.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UTC = timezone.utc
FIRST_YEAR, LAST_YEAR = 1970, 2199
SATURDAY, SUNDAY = 5, 6
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
UNITS = {"minute": "minutes", "hour": "hours", "day": "days"}

_RATE = re.compile(r"^rate\((\d+) (minute|hour|day)(s?)\)$")
_AT = re.compile(r"^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$")
_CRON = re.compile(r"^cron\((.+)\)$")


class ScheduleError(ValueError):
    """An expression or time zone is not right; the text says why."""


def next_time(
    expression: str,
    after: datetime,
    zone: str = "UTC",
    anchor: datetime | None = None,
) -> datetime | None:
    """The first time after a moment at which an expression is due.

    Args:
        expression: ``rate(5 minutes)``, ``at(2026-11-21T08:00:00)`` or ``cron(0 8 * * ? *)``.
        after: the moment, aware.
        zone: IANA name of the time zone that ``at`` and ``cron`` mean.
        anchor: when a rate begins; it is due then and after each interval. None means that it
            begins at ``after``, so that it is due one interval later.

    Returns:
        A time in UTC; None when the expression is never due again.

    Raises:
        ScheduleError: the expression or the zone is not right.
    """
    where = zone_of(zone)
    if match := _RATE.match(expression):
        return _next_of_rate(_interval(match), after, anchor)
    if match := _AT.match(expression):
        try:
            local = datetime.fromisoformat(match[1])
        except ValueError as error:
            raise ScheduleError(f"{expression} names no day and time: {error}") from error
        due = _moment(local, where)
        return due if due is not None and due > after else None
    if match := _CRON.match(expression):
        return parse_cron(match[1]).next_time(after, where)
    raise ScheduleError(
        f"{expression} is not a schedule; write rate(5 minutes), at(2026-11-21T08:00:00) or "
        "cron(0 8 * * ? *)"
    )


def zone_of(name: str) -> tzinfo:
    """The time zone of an IANA name.

    Raises:
        ScheduleError: there is no such zone.
    """
    if name == "UTC":
        return UTC  # needs no time zone database
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleError(f"{name} is not a time zone; write for example Europe/Berlin") from None


def _interval(match: re.Match[str]) -> timedelta:
    value, unit, plural = int(match[1]), match[2], match[3]
    if value < 1 or (value == 1) == bool(plural):
        raise ScheduleError(
            f"rate({match[1]} {unit}{plural}): write rate(1 {unit}) or rate(2 {unit}s)"
        )
    return timedelta(**{UNITS[unit]: value})


def _next_of_rate(interval: timedelta, after: datetime, anchor: datetime | None) -> datetime:
    if anchor is None:
        return (after + interval).astimezone(UTC)
    if after < anchor:
        return anchor.astimezone(UTC)
    passed = (after - anchor) // interval
    return (anchor + (passed + 1) * interval).astimezone(UTC)


def _moment(local: datetime, zone: tzinfo) -> datetime | None:
    """A wall-clock time as a moment; None where clocks jumped over it."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == local else None


@dataclass(frozen=True)
class Cron:
    """A cron expression, understood.

    Attributes:
        minutes: 0-59, sorted.
        hours: 0-23, sorted.
        months: 1-12.
        years: 1970-2199.
        days: terms of the day of month, or None for ``?``.
        weekdays: terms of the day of week, or None for ``?``.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    days: tuple[str, ...] | None
    weekdays: tuple[str, ...] | None

    def next_time(self, after: datetime, zone: tzinfo) -> datetime | None:
        """The first moment after another at which this is due, in UTC; None if never."""
        start = after.astimezone(zone).date()
        for year in range(max(start.year, FIRST_YEAR), LAST_YEAR + 1):
            if year not in self.years:
                continue
            for month in range(1, 13):
                if month not in self.months or (year, month) < (start.year, start.month):
                    continue
                for day in self._days_of(year, month):
                    if date(year, month, day) < start:
                        continue
                    for hour in self.hours:
                        for minute in self.minutes:
                            local = datetime.combine(date(year, month, day), time(hour, minute))
                            due = _moment(local, zone)
                            if due is not None and due > after:
                                return due
        return None

    def _days_of(self, year: int, month: int) -> list[int]:
        last = calendar.monthrange(year, month)[1]
        if self.days is not None:
            found = {day for term in self.days for day in _days(term, year, month)}
        else:
            found = {day for term in self.weekdays or () for day in _weekdays(term, year, month)}
        return sorted(day for day in found if 1 <= day <= last)


@lru_cache(maxsize=256)
def parse_cron(text: str) -> Cron:
    """Understand the six fields of a cron expression.

    Raises:
        ScheduleError: with the field that is wrong.
    """
    parts = text.upper().split()
    if len(parts) != 6:  # noqa: PLR2004 - the six fields
        raise ScheduleError(
            f"cron({text}) must have six fields: minutes hours day month weekday year"
        )
    minute, hour, day, month, weekday, year = parts
    if (day == "?") == (weekday == "?"):
        raise ScheduleError(f"cron({text}): exactly one of day of month and day of week must be ?")
    return Cron(
        minutes=tuple(sorted(_values(minute, 0, 59, "minutes"))),
        hours=tuple(sorted(_values(hour, 0, 23, "hours"))),
        months=frozenset(_values(month, 1, 12, "month", MONTHS)),
        years=frozenset(_values(year, FIRST_YEAR, LAST_YEAR, "year")),
        days=None if day == "?" else _terms(day, "day of month"),
        weekdays=None if weekday == "?" else _terms(weekday, "day of week"),
    )


def _values(text: str, least: int, most: int, field: str, names: tuple[str, ...] = ()) -> set[int]:
    """Values of a field: numbers or names, lists, ranges, steps."""
    found: set[int] = set()
    for term in text.split(","):
        span, slash, step = term.partition("/")
        first, dash, last = span.partition("-")
        try:
            if span == "*":
                start, stop = least, most
            else:
                start = _number(first, names)
                stop = _number(last, names) if dash else (most if slash else start)
            width = int(step) if slash else 1
        except ValueError:
            raise ScheduleError(f"{text} is not right for the cron field {field}") from None
        if not least <= start <= most or not least <= stop <= most or width < 1:
            raise ScheduleError(
                f"{text} is out of {least}-{most}, the range of the cron field {field}"
            )
        if start > stop:  # FRI-MON goes around
            found.update(range(start, most + 1, width))
            start = least
        found.update(range(start, stop + 1, width))
    return found


def _number(text: str, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + 1
    return int(text)


_DAY_TERM = re.compile(r"^(L|LW|L-\d{1,2}|\d{1,2}W)$")
_WEEKDAY_TERM = re.compile(r"^(L|([1-7]|[A-Z]{3})(L|#[1-5]))$")


def _terms(text: str, field: str) -> tuple[str, ...]:
    """Check the terms of a day field that is not ``?``."""
    terms = tuple(text.split(","))
    for term in terms:
        if field == "day of month":
            if not _DAY_TERM.match(term):
                _values(term, 1, 31, field)
        elif not _WEEKDAY_TERM.match(term):
            _values(term, 1, 7, field, WEEKDAYS)
        elif term != "L":
            _values(term[:-1] if term.endswith("L") else term.split("#")[0], 1, 7, field, WEEKDAYS)
    return terms


def _days(term: str, year: int, month: int) -> set[int]:
    """Days of a month that a day-of-month term means."""
    last = calendar.monthrange(year, month)[1]
    if term == "LW":
        return {_nearest_weekday(year, month, last)}
    if term.startswith("L"):
        return {last - int(term[2:] or 0)}
    if term.endswith("W"):
        day = int(term[:-1])
        return {_nearest_weekday(year, month, day)} if 1 <= day <= last else set()
    return _values(term, 1, 31, "day of month")


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The Monday to Friday nearest to a day, within its month."""
    last = calendar.monthrange(year, month)[1]
    weekday = calendar.weekday(year, month, day)
    if weekday == SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == SUNDAY:
        return day + 1 if day < last else day - 2
    return day


def _weekdays(term: str, year: int, month: int) -> set[int]:
    """Days of a month that a day-of-week term means; AWS counts from Sunday = 1."""
    last = calendar.monthrange(year, month)[1]
    if term == "L":
        term = "SAT"  # L alone is the last day of the week
    elif term.endswith("L"):
        return {max(_days_on(term[:-1], year, month, last))}
    elif "#" in term:
        name, _, count = term.partition("#")
        days = sorted(_days_on(name, year, month, last))
        return set(days[int(count) - 1 : int(count)])
    return _days_on(term, year, month, last)


def _days_on(term: str, year: int, month: int, last: int) -> set[int]:
    wanted = _values(term, 1, 7, "day of week", WEEKDAYS)
    return {
        day
        for day in range(1, last + 1)
        if (calendar.weekday(year, month, day) + 1) % 7 + 1 in wanted
    }
