"""The values that go through every route: what loses its type, or its last digits, elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

COLUMN = "cell"


@dataclass(frozen=True)
class Case:
    """A row of the table.

    Attributes:
        name: what it shows.
        frame: what is written: the column ``number``, which counts the rows, then what is shown.
        types: of each column, as ``types=`` takes them; none for a column that has no type.
        back: what must come back, if it is not what was written.
        athena: values of ``cell`` in Athena's SQL, where no table over files can hold them.
    """

    name: str
    frame: pd.DataFrame
    types: dict[str, str]
    back: pd.DataFrame | None = None
    athena: tuple[str, ...] = ()
    expected: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        """Expect what was written, unless it is said."""
        object.__setattr__(self, "expected", self.frame if self.back is None else self.back)


def _one(  # noqa: PLR0913, PLR0917 - each case says what it needs
    name: str,
    kind: str,
    values: list[Any],
    dtype: Any = object,
    back: Any = None,
    athena: tuple[str, ...] = (),
) -> Case:
    """Make a case of one column; its name comes before ``number`` where columns are sorted."""
    series: pd.Series[Any] = pd.Series(values, dtype=dtype)
    types = {"number": "bigint"} | ({COLUMN: kind} if kind else {})
    expected = None if back is None else _numbered({COLUMN: pd.Series(values, dtype=back)})
    return Case(name, _numbered({COLUMN: series}), types, expected, athena)


def _numbered(columns: dict[str, pd.Series[Any]]) -> pd.DataFrame:
    rows = len(next(iter(columns.values())))
    frame: pd.DataFrame = pd.DataFrame({"number": pd.array(range(rows), dtype="Int64")} | columns)
    return frame


def _times(unit: str, *texts: str, zone: str = "") -> pd.Series[Any]:
    """Moments in a unit, from their texts in UTC; NaT is one."""
    found: pd.Series[Any] = pd.Series(np.array(texts, dtype=f"datetime64[{unit}]"))
    return found.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else found


def _moments(name: str, kind: str, series: pd.Series[Any], *literals: str) -> Case:
    types = {"number": "bigint", COLUMN: kind}
    return Case(name, _numbered({COLUMN: series}), types, athena=literals)


_MANY: dict[str, tuple[str, Any]] = {
    "whole": ("bigint", "Int64"),
    "truth": ("boolean", "boolean"),
    "float": ("double", "Float64"),
    "text": ("varchar", "string"),
    "price": ("decimal(38, 10)", object),
    "day": ("date", object),
    "moment": ("timestamp(3)", "datetime64[ms]"),
    "raw": ("varbinary", object),
}


def _every(name: str, values: list[None]) -> Case:
    columns: dict[str, pd.Series[Any]] = {
        one: pd.Series(values, dtype=dtype) for one, (_, dtype) in _MANY.items()
    }
    types = {"number": "bigint"} | {one: kind for one, (kind, _) in _MANY.items()}
    return Case(name, _numbered(columns), types)


_WORDS = ["", None, " ", "NULL", "NA", "nan", "None", "0", "007", "true", "2026-01-01"]
_UNICODE = [
    "电池",
    "e\u0301",
    "\U0001f50b",
    "a\u2028b",
    "İ ß",
    "two\nlines",
    "\r",
    "a\r\nb",
    'say "hi", ok',
    "a\tb",
    "\\",
    "'",
]

CASES = [
    _one("integers, one NULL", "bigint", [1, None, -3], "Int64"),
    _one("2^53+1 and the ends of 64 bits", "bigint", [2**53 + 1, -(2**63), 2**63 - 1], "Int64"),
    _one("2^53+1 beside NULL", "bigint", [2**53 + 1, None, -(2**53) - 1], "Int64"),
    _one("8-bit integers, one NULL", "tinyint", [-128, None, 127], "Int8"),
    _one("decimal(38, 0)", "decimal(38, 0)", [Decimal(10**38 - 1), None, Decimal(-1)]),
    _one(
        "decimal(38, 10)",
        "decimal(38, 10)",
        [Decimal("1.5000000000"), None, Decimal("-9999999999999999999999999999.9999999999")],
    ),
    _one("decimal(5, 2)", "decimal(5, 2)", [Decimal("1.50"), None, Decimal("-999.99")]),
    _one("booleans, one NULL", "boolean", [True, None, False], "boolean"),
    _one("double", "double", [0.1, 1e308, 5e-324, float("inf"), -0.0], "Float64"),
    Case(
        "NaN beside NULL",
        _numbered(
            {
                COLUMN: pd.Series(
                    pd.arrays.FloatingArray(
                        pd.Series([1.5, float("nan"), 0.0]).to_numpy(),
                        pd.Series([False, False, True]).to_numpy(),
                    )
                )
            }
        ),
        {"number": "bigint", COLUMN: "double"},
    ),
    _one("NaN of float64: missing", "double", [1.5, float("nan")], "float64", "Float64"),
    _one("texts: NULL, '', and words for nothing", "varchar", _WORDS, "string"),
    _one("unicode, quotes, line ends", "varchar", _UNICODE, "string"),
    _one(r"the text \N", "varchar", [r"\N", None, ""], "string"),
    _one("the sign NUL", "varchar", ["a\0b"], "string"),
    _one("half a character", "varchar", ["\ud800"]),
    _one(
        "dates from year 1 to 9999",
        "date",
        [dt.date(1, 1, 1), None, dt.date(2024, 2, 29), dt.date(9999, 12, 31)],
    ),
    _one(
        "times of day",
        "time",
        [dt.time(1, 2, 3, 456_789), None, dt.time(0)],
        athena=("time '01:02:03.456789'", "null", "time '00:00:00'"),
    ),
    _moments(
        "timestamps, ms, NaT",
        "timestamp(3)",
        _times("ms", "2026-01-01T12:00:00.123", "NaT", "0001-01-01", "9999-12-31"),
    ),
    _moments(
        "timestamps, µs",
        "timestamp(6)",
        _times("us", "2026-01-01T12:00:00.123456", "NaT"),
        "timestamp '2026-01-01 12:00:00.123456'",
        "null",
    ),
    _moments(
        "timestamps, ns",
        "timestamp(9)",
        _times("ns", "2026-01-01T12:00:00.123456789", "NaT"),
        "timestamp '2026-01-01 12:00:00.123456789'",
        "null",
    ),
    _moments(
        "timestamps, UTC",
        "timestamp(3) with time zone",
        _times("ms", "2026-01-01T12:00:00.123", "NaT", zone="UTC"),
        "timestamp '2026-01-01 12:00:00.123 UTC'",
        "null",
    ),
    _moments(
        "timestamps, Europe/Berlin",
        "timestamp(3) with time zone 'Europe/Berlin'",
        _times("ms", "2026-07-01T12:00:00.123", "NaT", zone="Europe/Berlin"),
        "timestamp '2026-07-01 14:00:00.123 Europe/Berlin'",
        "null",
    ),
    _moments(
        "… in the hour that is there twice",
        "timestamp(3) with time zone 'Europe/Berlin'",
        _times("ms", "2026-10-25T00:30", "2026-10-25T01:30", zone="Europe/Berlin"),
        "timestamp '2026-10-25 00:30:00.000 UTC'",
        "timestamp '2026-10-25 01:30:00.000 UTC'",
    ),
    _one("binary", "varbinary", [b"\x00\xff'", None, b"", "电".encode()]),
    _one("lists", "array(bigint)", [[2**53 + 1, None], None, []]),
    _one("lists with NaN and NULL", "array(double)", [[1.5, float("nan"), None, float("inf")]]),
    _one(
        "maps",
        "map(varchar, decimal(38, 10))",
        [{"a": Decimal("1.5000000000"), "": None}, None, {}],
    ),
    _one(
        "rows",
        'row("a" bigint, "b" varchar, "c" array(date))',
        [
            {"a": 2**53 + 1, "b": "", "c": [dt.date(2026, 1, 1)]},
            None,
            {"a": None, "b": None, "c": None},
        ],
    ),
    _every("no rows", []),
    _every("nothing but NULL", [None, None]),
    _one("nothing but None, of no type", "null", [None, None]),
]
