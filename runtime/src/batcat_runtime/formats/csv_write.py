"""Tables to CSV, so that what is written can be read again."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from batcat_runtime.columns import texts
from batcat_runtime.columns.arrow import without_arrow
from batcat_runtime.columns.types import UNITS
from batcat_runtime.columns.values import half_character
from batcat_runtime.errors import DataError
from batcat_runtime.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    import pandas as pd

_CELLS = 100_000  # cells turned into text at once
_ROWS = 10_000  # at most, because a cell may be long
_ENCODED = (bytes, bytearray, memoryview, list, tuple, dict)


@dataclass(frozen=True)
class CsvForm:
    """How a CSV is written.

    Attributes:
        null: what stands for NULL.
        sep: the character between two values.
        decimal: the character before the decimals of a number.
    """

    null: str = ""
    sep: str = ","
    decimal: str = "."


def write_csv(
    df: pd.DataFrame,
    file: IO[bytes],
    target: str,
    form: CsvForm | None = None,
    wrote: Callable[[int], None] | None = None,
) -> None:
    """Write a DataFrame as CSV in UTF-8, without its index, piece by piece.

    Args:
        df: the DataFrame.
        file: to write into.
        target: where it goes, for messages.
        form: how to write it.
        wrote: is called with the number of rows of each piece.

    Raises:
        DataError: a column holds a text that would be read as NULL, or cut off, or that UTF-8 does
            not have.
    """
    form = form or CsvForm()
    df = without_arrow(df)
    out = codecs.getwriter("utf-8")(file)
    width = df.shape[1]
    columns = [_Column(df.iloc[:, place], form, target) for place in range(width)]
    rows = min(_ROWS, max(1, _CELLS // max(1, width)))
    for start in range(0, max(len(df), 1), rows):
        _write_piece(df, slice(start, start + rows), columns, out, target, form)
        if wrote:
            wrote(min(rows, len(df) - start))
    both = [column.name for column in columns if column.holds_empty and column.holds_null]
    if both and not form.null:
        get_logger("batcat_runtime").warning(
            "%s: column %s holds both '' and NULL, and a CSV cannot tell them apart; give "
            "null='\\\\N' when writing and when reading, or write Parquet",
            target,
            ", ".join(map(repr, both)),
        )


def _write_piece(  # noqa: PLR0913, PLR0917 - the state of one loop
    df: pd.DataFrame,
    place: slice,
    columns: list[_Column],
    out: codecs.StreamWriter,
    target: str,
    form: CsvForm,
) -> None:
    import pandas as pd

    found = {number: column.cells(place) for number, column in enumerate(columns)}
    piece = pd.DataFrame(found, index=df.index[place])
    piece.columns = df.columns
    # Readers skip a line that is blank, and csv quotes no carriage return.
    blank = len(columns) == 1 and columns[0].holds_blank
    careful = blank or any(column.holds_return for column in columns)
    how: Any = {"sep": form.sep, "decimal": form.decimal, "na_rep": form.null}
    how |= {"quoting": csv.QUOTE_NONNUMERIC} if careful else {}
    try:
        piece.to_csv(out, index=False, header=not place.start, lineterminator="\n", **how)
    except UnicodeEncodeError as error:
        cells = (piece.iloc[:, place] for place in range(len(columns)))
        raise unwritable(zip(df.columns, cells, strict=True), target, error) from error


def unwritable(
    columns: Iterable[tuple[Any, Iterable[Any]]], target: str, error: UnicodeEncodeError
) -> DataError:
    """Find the column with a text that UTF-8 does not have.

    Args:
        columns: names, and values as they are written.
        target: where it goes.
        error: what went wrong when all of them were.
    """
    for name, cells in columns:
        words = [str(name), *(cell for cell in cells if isinstance(cell, str))]
        if any("\ud800" <= sign <= "\udfff" for word in words for sign in word):
            return half_character(f"cannot write {target}: column {name!r}", error)
    return half_character(f"cannot write {target}: it", error)


class _Column:
    """One column, and what its texts are like so far."""

    def __init__(self, series: pd.Series[Any], form: CsvForm, target: str) -> None:
        self.name = series.name
        self.holds_empty = self.holds_null = self.holds_blank = False
        self.holds_return = "\r" in str(series.name)
        self._null, self._decimal, self._target = form.null, form.decimal, target
        self._series = series
        self._unit = unit_of(series) if series.dtype.kind == "M" else ""

    def cells(self, place: slice) -> pd.Series[Any]:
        """Some rows, with what pandas would write otherwise turned into text."""
        import pandas as pd

        series = self._series.iloc[place]
        dtype: Any = series.dtype
        if dtype.kind == "M" and self._unit:
            return moments(series, self._unit)
        if self._decimal != "." and dtype.kind in "fO" and not isinstance(dtype, pd.StringDtype):
            series = self._with_decimal(series)
            dtype = series.dtype
        if isinstance(dtype, pd.StringDtype):
            self._look_at(series)
        elif isinstance(dtype, pd.CategoricalDtype) or dtype.kind == "O":
            plain = series.astype(object)
            if dtype.kind == "O":
                plain = pd.Series(
                    [texts.write(cell) if _is_encoded(cell) else cell for cell in plain],
                    index=series.index,
                    dtype=object,
                )
            self._look_at(plain)
            return plain
        return series

    def _with_decimal(self, series: pd.Series[Any]) -> pd.Series[Any]:
        """Write the numbers for which pandas keeps the point: all but those of numpy's types."""
        import numpy as np
        import pandas as pd

        numbers = (float, np.floating, Decimal)
        if not pd.api.types.is_extension_array_dtype(series.dtype) and series.dtype.kind == "f":
            return series
        words = [
            str(cell).replace(".", self._decimal) if isinstance(cell, numbers) else cell
            for cell in series.astype(object)
        ]
        every: pd.Series[Any] = pd.Series(words, index=series.index, dtype=object)
        every[series.isna()] = None
        return every

    def _look_at(self, series: pd.Series[Any]) -> None:
        words = [cell for cell in series if isinstance(cell, str)]
        self.holds_empty |= "" in words
        self.holds_null |= len(words) < len(series) and bool(words) and bool(series.isna().any())
        self.holds_blank |= any(not word.strip() for word in words)
        self.holds_return |= any("\r" in word for word in words)
        if any("\0" in word for word in words):
            raise DataError(
                f"cannot write {self._target}: column {self.name!r} holds a text with the sign "
                "NUL, at which readers of CSV (pandas 2 among them) cut it off; remove the sign, "
                "or write Parquet or JSON lines",
            )
        if self._null and self._null in words:
            raise DataError(
                f"cannot write {self._target}: column {self.name!r} holds the text "
                f"{self._null!r}, which null= says stands for NULL; choose another null=",
            )


def _is_encoded(cell: Any) -> bool:
    return isinstance(cell, _ENCODED) or bool(getattr(cell, "ndim", 0))


def unit_of(series: pd.Series[Any]) -> str:
    """The coarsest unit that holds all moments of a column: D for days, without a zone."""
    ticks, unit = _ticks(series)
    present = ticks[series.notna().to_numpy()]
    per_second = 1000 ** UNITS.index(unit)
    if not getattr(series.dtype, "tz", None) and not (present % (86_400 * per_second)).any():
        return "D"
    for power, coarser in enumerate(UNITS):
        if not (present % max(per_second // 1000**power, 1)).any():
            return coarser
    return unit


def _ticks(series: pd.Series[Any]) -> tuple[np.ndarray[Any, Any], str]:
    plain = series.dt.tz_localize(None) if getattr(series.dtype, "tz", None) else series
    array = plain.to_numpy()
    import numpy as np

    return array.view("int64"), str(np.datetime_data(array.dtype)[0])


def moments(series: pd.Series[Any], unit: str) -> pd.Series[Any]:
    """Moments in ISO 8601, all of one form, with the zone's offset where they have one."""
    import numpy as np
    import pandas as pd

    zoned = getattr(series.dtype, "tz", None) is not None
    local = series.dt.tz_localize(None) if zoned else series
    moments: Any = local.to_numpy()
    words = np.datetime_as_string(moments, unit=unit).astype(object)  # type: ignore[call-overload]
    found = pd.Series(words, index=series.index, dtype=object).str.replace("T", " ", regex=False)
    if zoned:
        ahead = local - series.dt.tz_convert("UTC").dt.tz_localize(None)
        found = found + ahead.map(_offset, na_action="ignore").astype(object)
    written: pd.Series[Any] = found.where(series.notna(), None)
    return written


def _offset(ahead: pd.Timedelta) -> str:
    seconds = int(ahead.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    tail = f":{rest:02}" if rest else ""
    return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}{tail}"
