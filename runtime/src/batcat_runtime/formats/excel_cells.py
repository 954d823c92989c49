"""What the cells of a workbook can hold: texts, truth values, moments, and numbers as floats."""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.arrow import without_arrow
from batcat_runtime.errors import DataError
from batcat_runtime.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

# Source: Microsoft Support, "Excel specifications and limits".
_ROWS, _COLUMNS, _SIGNS = 1_048_576, 16_384, 32_767
_FIRST_YEAR = 1900
# Signs that XML 1.0 has not (its section 2.2), and the one that it turns into another (2.11).
_NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _RefusedError(ValueError):
    """A value is none that a workbook holds; says what it is, and what to do."""


def rows(df: pd.DataFrame, target: str) -> Iterator[list[Any]]:
    """Check a DataFrame, and give the cells of its header and of each row; None for NULL.

    Args:
        df: the DataFrame.
        target: where it goes, for messages.

    Raises:
        DataError: a workbook cannot hold it; the message names column and row.
    """
    whole = f"cannot write {target} as an Excel workbook"
    known = (int, float, dt.date)
    if df.columns.nlevels > 1:
        raise DataError(
            f"{whole}: its columns have {df.columns.nlevels} levels; give each one name, for "
            "example df.columns = ['_'.join(map(str, name)) for name in df.columns]",
        )
    if len(df) >= _ROWS or df.shape[1] > _COLUMNS:
        raise DataError(
            f"{whole}: a sheet holds {_ROWS - 1} rows and {_COLUMNS} columns, and it has "
            f"{len(df)} and {df.shape[1]}; write CSV or Parquet",
        )
    df = without_arrow(df)
    names = [name if isinstance(name, known) else str(name) for name in df.columns.tolist()]
    header = [_checked(name, f"{whole}: the name of column {name!r}") for name in names]
    columns = [_cells(df.iloc[:, place], whole, target) for place in range(df.shape[1])]
    return iter([header, *map(list, zip(*columns, strict=True))])


def _cells(series: pd.Series[Any], whole: str, target: str) -> list[Any]:
    dtype: Any = series.dtype
    is_small = dtype.kind in "iu" and dtype.itemsize < 8  # noqa: PLR2004 - bytes
    if (dtype.kind == "b" or is_small) and not series.isna().any():
        return list(series.tolist())
    absent = series.isna().tolist()
    cells = [
        None if null else _checked(value, f"{whole}: column {series.name!r}, row {row} (from 0)")
        for row, (null, value) in enumerate(zip(absent, series.astype(object), strict=True))
    ]
    if "" in cells and None in cells:
        get_logger("batcat_runtime").warning(
            "%s: column %r holds both '' and NULL, and a workbook cannot tell them apart",
            target,
            series.name,
        )
    return cells


def _checked(value: Any, where: str) -> Any:
    import numpy as np
    import pandas as pd

    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    try:
        return _cell(value.item() if hasattr(value, "item") else value)
    except _RefusedError as error:
        raise DataError(f"{where}: {error}") from error


def _cell(value: Any) -> Any:
    """Give a value as a cell holds it.

    Raises:
        _RefusedError: none does.
    """
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    if isinstance(value, (dt.date, dt.time)):
        return _moment(value)
    raise _RefusedError(
        f"it holds a {type(value).__name__}, for which a workbook has no type; turn it into text, "
        "for example with .astype(str)",
    )


def _text(value: str) -> str:
    odd = _NO_XML.search(value)
    if odd:
        raise _RefusedError(
            f"the text holds {odd[0]!r}, which a workbook cannot; remove it, or write another "
            "format",
        )
    if len(value) > _SIGNS:
        raise _RefusedError(
            f"the text has {len(value)} signs, and a cell holds {_SIGNS}; cut it, or write another "
            "format",
        )
    return value


def _number(value: float | Decimal) -> int | float:
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise _RefusedError(
            f"the number {str(value)[:40]} is none that a workbook holds; replace it, for example "
            "with pd.NA, or turn it into text",
        )
    if isinstance(value, float):
        return value
    if (Decimal(repr(found)) if isinstance(value, Decimal) else int(found)) != value:
        raise _RefusedError(
            f"the number {str(value)[:40]} has more digits than a workbook holds, which are 15; "
            "turn it into text, for example with .astype(str), or write Parquet",
        )
    return found if isinstance(value, Decimal) else value


def _moment(value: Any) -> Any:
    if getattr(value, "tzinfo", None):
        raise _RefusedError(
            "it holds a time with a zone, which a workbook has not; take it away, for example with "
            ".dt.tz_convert('UTC').dt.tz_localize(None)",
        )
    if getattr(value, "microsecond", 0) % 1000 or getattr(value, "nanosecond", 0):
        raise _RefusedError(
            f"{value} is finer than the milliseconds that a workbook holds; round it, for example "
            "with .dt.floor('ms'), or turn it into text",
        )
    if isinstance(value, dt.date) and value.year < _FIRST_YEAR:
        raise _RefusedError(
            f"{value} is before {_FIRST_YEAR}, where a workbook's calendar begins; turn it into "
            "text, for example with .astype(str)",
        )
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
