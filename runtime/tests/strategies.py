"""Values of every type for property tests."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
from hypothesis import strategies as st

from batcat_runtime.columns.series import column
from batcat_runtime.columns.types import parse

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
) | st.sampled_from(
    [
        "",
        " ",
        "NULL",
        "NA",
        "nan",
        "\\N",
        "a,b",
        'say "hi"',
        "two\nlines",
        "a\rb",
        "电池",
        "1",
        " x ",
    ]
)
_TICKS = st.integers(-(2**62), 2**62)
_YEARS = st.integers(-62_135_596_800, 253_402_300_799)  # seconds from year 1 to 9999

SCALARS: dict[str, st.SearchStrategy[Any]] = {
    **{
        name: st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        for name, bits in (("tinyint", 8), ("smallint", 16), ("integer", 32), ("bigint", 64))
    },
    "unsigned bigint": st.integers(0, 2**64 - 1),
    "real": st.floats(width=32),
    "double": st.floats(),
    "boolean": st.booleans(),
    "varchar": TEXT,
    "decimal(38, 10)": st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: Decimal(f"{n}E-10")),
    "decimal(5, 0)": st.integers(-99_999, 99_999).map(Decimal),
    "date": st.dates(),
    "time": st.times().map(lambda time: time.replace(fold=0)),
    "timestamp(0)": _YEARS,
    "timestamp(3)": _YEARS.map(lambda n: n * 1000 + 7),
    "timestamp(6)": _YEARS.map(lambda n: n * 10**6 + 123_456),
    "timestamp(9)": _TICKS,
    "timestamp(6) with time zone": _YEARS.map(lambda n: n * 10**6 + 1),
    "timestamp(9) with time zone": _TICKS,
    "duration(9)": _TICKS,
    "varbinary": st.binary(max_size=20),
}
_INSIDE = st.none() | st.datetimes().map(lambda moment: moment.replace(fold=0))
NESTED: dict[str, st.SearchStrategy[Any]] = {
    "array(bigint)": st.lists(st.none() | SCALARS["bigint"], max_size=3),
    "array(double)": st.lists(st.none() | st.floats(allow_nan=False), max_size=3),
    "map(varchar, decimal(38, 10))": st.dictionaries(TEXT, SCALARS["decimal(38, 10)"], max_size=3),
    "map(integer, varchar)": st.dictionaries(SCALARS["integer"], TEXT, max_size=3),
    'row("a" varbinary, "b c" timestamp(6), "d" array(date))': st.fixed_dictionaries(
        {"a": SCALARS["varbinary"], "b c": _INSIDE, "d": st.lists(st.dates(), max_size=2)}
    ),
}


def columns_of(
    name: str, values: st.SearchStrategy[Any], min_size: int = 0
) -> st.SearchStrategy[pd.Series[Any]]:
    """Columns of one type, with NULL here and there, or nowhere, or everywhere, or no rows."""
    make: Callable[[list[Any]], pd.Series[Any]] = lambda rows: column(rows, parse(name))  # noqa: E731
    return st.lists(st.none() | values, min_size=min_size, max_size=6).map(make)


def same(one: pd.Series[Any], other: pd.Series[Any]) -> bool:
    """Tell whether two columns are the same: dtype, NULL, NaN, and every value with its type."""
    return one.dtype == other.dtype and list(map(_identity, one)) == list(map(_identity, other))


def _identity(value: Any) -> Any:
    """Something that equals only its like: NaN is itself, 1 is not 1.0 or True."""
    if isinstance(value, (list, tuple)):
        return [_identity(item) for item in value]
    if isinstance(value, dict):
        return {key: _identity(item) for key, item in value.items()}
    if value is None or value is pd.NA or value is pd.NaT:
        return (None, "NULL")
    if isinstance(value, pd.Timestamp):
        return (
            "time",
            value.unit,
            str(value.tz),
            value.as_unit("ns", round_ok=False) if 1700 < value.year < 2200 else value,
        )
    return (type(value).__name__, repr(value))


ALL: dict[str, st.SearchStrategy[Any]] = SCALARS | NESTED
