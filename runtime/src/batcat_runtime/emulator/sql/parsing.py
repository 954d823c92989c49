"""``date_parse``: text as a moment, in the form that a format says.

Source: Trino documentation, "MySQL date functions": the letters; they stand for Joda-Time's
fields, of which a number takes up to its digits, a year of two digits lies in 1970 to 2069, and
what the format does not say is the first of January 1970, midnight.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

REFUSED = frozenset("aWvx")
"""Letters of which Joda-Time makes other days than a calendar does; they are not emulated."""
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_DIGITS = {
    "c": ("month", 2), "d": ("day", 2), "e": ("day", 2), "f": ("fraction", 9), "H": ("hour", 2),
    "h": ("half", 2), "I": ("half", 2), "i": ("minute", 2), "j": ("yearday", 3), "k": ("hour", 2),
    "l": ("half", 2), "m": ("month", 2), "S": ("second", 2), "s": ("second", 2),
    "Y": ("year", 4),
}  # fmt: skip
_WHOLE = {"r": "%h:%i:%S %p", "T": "%H:%i:%S"}
_PIVOT = 70


@lru_cache(256)
def _pattern(format_: str) -> tuple[re.Pattern[str], list[str]]:
    for letter, meaning in _WHOLE.items():
        format_ = re.sub(rf"(?<!%)((?:%%)*)%{letter}", rf"\g<1>{meaning}", format_)
    made, names, signs = [], [], iter(format_)
    for sign in signs:
        letter = next(signs, "") if sign == "%" else ""
        if letter in _DIGITS:
            name, most = _DIGITS[letter]
            made.append(rf"([0-9]{{1,{most}}})")
        elif letter == "y":
            name = "short"
            made.append("([0-9]{2})")
        elif letter in ("b", "M"):
            name = "name"
            short = [month[:3] for month in _MONTHS]
            made.append(f"({'|'.join(short if letter == 'b' else _MONTHS)})")
        elif letter == "p":
            name = "noon"
            made.append("(am|pm)")
        else:
            made.append(re.escape(letter or sign))
            continue
        names.append(name)
    return re.compile("".join(made), re.IGNORECASE), names


def date_parse(text: str, format_: str) -> dt.datetime:
    """The moment that a text says.

    Raises:
        ValueError: the text does not have that form, or there is no such moment.
    """
    pattern, names = _pattern(format_)
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(f'INVALID_FUNCTION_ARGUMENT: Invalid format: "{text}"')
    given = dict(zip(names, found.groups(), strict=True))
    try:
        return _moment(given)
    except ValueError as error:
        raise ValueError(f'INVALID_FUNCTION_ARGUMENT: Cannot parse "{text}": {error}') from None


def _moment(given: dict[str, str]) -> dt.datetime:
    number = {name: int(value) for name, value in given.items() if value.isdigit()}
    year = number.get("year", 1970)
    if "short" in number:
        year = number["short"] + (1900 if number["short"] >= _PIVOT else 2000)
    month = number.get("month", 1)
    if "name" in given:
        short = given["name"][:3].lower()
        month = next(place for place, one in enumerate(_MONTHS, 1) if one.startswith(short))
    hour = number.get("hour", 0)
    if "half" in number:
        if not 1 <= number["half"] <= 12:  # noqa: PLR2004 - hours on a clock
            raise ValueError("the hour must be in 1..12")
        hour = number["half"] % 12 + (12 if given.get("noon", "").lower() == "pm" else 0)
    micros = int(given.get("fraction", "0")[:3].ljust(3, "0")) * 1000
    minute, second = number.get("minute", 0), number.get("second", 0)
    if "yearday" in number:
        day = dt.datetime(year, 1, 1) + dt.timedelta(days=number["yearday"] - 1)  # noqa: DTZ001
        if number["yearday"] < 1 or day.year != year:
            raise ValueError("there is no such day of the year")
        return day.replace(hour=hour, minute=minute, second=second, microsecond=micros)
    day_of_month = number.get("day", 1)
    return dt.datetime(year, month, day_of_month, hour, minute, second, micros)  # noqa: DTZ001
