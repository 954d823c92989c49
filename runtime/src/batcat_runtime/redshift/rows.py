"""Rows of the wire protocol to columns of exact types.

The driver's own conversions lose what they cannot hold: microseconds of a time, digits of a
decimal beyond the 28th, timestamps beyond the year 9999, bytes that are no UTF-8. Here columns are
read from the bytes of all rows at once.

Sources: PostgreSQL, "Frontend/Backend Protocol", DataRow; the binary form of numeric is that of
redshift_connector (utils/type_utils.py).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.series import column, table
from batcat_runtime.errors import DataError

from . import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import pandas as pd

_BLOCK = 16 * 1024 * 1024  # bytes of rows that are read at once
_EPOCH = 946_684_800_000_000  # microseconds from 1970 to 2000, where Redshift begins to count
_EPOCH_DAYS = 10_957
_FORMS = {
    16: "u1",
    20: ">i8",
    21: ">i2",
    23: ">i4",
    26: ">u4",
    700: ">f4",
    701: ">f8",
    1082: ">i4",
    1083: ">i8",
    1114: ">i8",
    1184: ">i8",
    1190: ">i8",
    1266: ">i8",
}


def frame(found: Sequence[wire.Field], rows: list[bytes]) -> pd.DataFrame:
    """Turn rows into a DataFrame of exact types.

    Args:
        found: its columns.
        rows: DataRow messages; emptied as they are read.

    Raises:
        DataError: a value has no counterpart in pandas; the message names the column.
    """
    import numpy as np
    import pandas as pd

    parts: list[list[pd.Series[Any]]] = [[] for _ in found]
    for block in _blocks(rows):
        data = b"".join(block)
        sizes = np.fromiter(map(len, block), "int64", len(block))
        place = np.cumsum(sizes) - sizes + 2  # behind the number of fields
        raw = np.frombuffer(data, "u1")
        for one, part in zip(found, parts, strict=True):
            lengths = _numbers(raw, place, ">i4").astype("int64")
            part.append(_read(one, _Cells(data, raw, place + 4, lengths)))
            place = place + 4 + np.maximum(lengths, 0)
    columns = [
        column([], one.kind)
        if not part
        else part[0]
        if len(part) == 1
        else pd.concat(part, ignore_index=True)
        for one, part in zip(found, parts, strict=True)
    ]
    return table([one.name for one in found], columns)


def _blocks(rows: list[bytes]) -> Any:
    """Give rows in blocks, and let go of them."""
    rows.reverse()
    while rows:
        block, size = [], 0
        while rows and size < _BLOCK:
            block.append(rows.pop())
            size += len(block[-1])
        yield block


@dataclass(frozen=True)
class _Cells:
    """The cells of a column: where each begins in the data, and how long it is; -1 is NULL."""

    data: bytes
    raw: np.ndarray[Any, Any]
    starts: np.ndarray[Any, Any]
    lengths: np.ndarray[Any, Any]

    @property
    def absent(self) -> Any:
        return self.lengths < 0

    def numbers(self, form: str, offset: int = 0) -> Any:
        """Read numbers of one form; NULL is 0."""
        import numpy as np

        starts = np.where(self.absent, 0, self.starts + offset)
        found = _numbers(self.raw, starts, form)
        return np.where(self.absent, np.zeros(1, found.dtype), found)

    def bytes(self) -> list[bytes | None]:
        """Read cells as they are."""
        data = self.data
        spans = zip(self.starts.tolist(), (self.starts + self.lengths).tolist(), strict=True)
        return [None if end < start else data[start:end] for start, end in spans]


def _numbers(raw: Any, starts: Any, form: str) -> Any:
    """Read a number of this form at each of these places, in the machine's own order of bytes."""
    import numpy as np

    kind = np.dtype(form)
    if len(raw) < kind.itemsize:
        return np.zeros(len(starts), kind.newbyteorder("="))
    cells = np.lib.stride_tricks.sliding_window_view(raw, kind.itemsize)
    # A NULL at the end has no bytes to look at.
    found = cells[np.minimum(starts, len(cells) - 1)].view(kind)[:, 0]
    return found.astype(kind.newbyteorder("="))


def _read(field: wire.Field, cells: _Cells) -> pd.Series[Any]:
    try:
        read = _READERS.get(field.kind.kind)
        return read(field, cells) if read else column(_texts(cells), field.kind)
    except (ValueError, OverflowError) as error:
        raise DataError(
            f"column {field.name!r} holds a {field.kind} that pandas cannot hold: {error}; "
            "cast it in the query, for example to varchar",
        ) from error


def _texts(cells: _Cells) -> list[str | None]:
    return [None if cell is None else cell.decode() for cell in cells.bytes()]


def _plain(field: wire.Field, cells: _Cells) -> pd.Series[Any]:
    import pandas as pd

    numbers, kind = cells.numbers(_FORMS[field.number]), field.kind
    array: Any
    if kind.kind == "boolean":
        array = pd.arrays.BooleanArray(numbers.astype(bool), cells.absent)
    elif kind.kind == "float":
        array = pd.arrays.FloatingArray(numbers, cells.absent)
    else:
        array = pd.arrays.IntegerArray(numbers.astype(f"int{kind.bits}"), cells.absent)
    series: pd.Series[Any] = pd.Series(array, dtype=array.dtype)
    return series


def _timestamps(field: wire.Field, cells: _Cells) -> pd.Series[Any]:
    import numpy as np
    import pandas as pd

    ticks = cells.numbers(">i8")
    since = 0 if field.kind.kind == "duration" else _EPOCH
    if len(ticks) and (ticks.max() > 2**63 - 1 - since or ticks.min() == -(2**63)):
        raise ValueError("infinity")
    ticks = np.where(cells.absent, np.iinfo("int64").min, ticks + since)
    base = "timedelta64" if field.kind.kind == "duration" else "datetime64"
    series: pd.Series[Any] = pd.Series(ticks.view(f"{base}[us]"))
    return series.dt.tz_localize("UTC") if field.kind.zone else series


def _dates(field: wire.Field, cells: _Cells) -> pd.Series[Any]:
    days = (cells.numbers(">i4").astype("int64") + _EPOCH_DAYS).astype("datetime64[D]")
    found = days.astype(object)
    if any(isinstance(day, int) for day in found):
        raise ValueError("a year before 1 or after 9999")
    found[cells.absent] = None
    return column(found.tolist(), field.kind)


def _times(field: wire.Field, cells: _Cells) -> pd.Series[Any]:
    ticks = cells.numbers(">i8").tolist()
    zones: list[dt.timezone | None] = [None] * len(ticks)
    if field.number == wire.TIMETZ:  # behind it, seconds west of UTC
        west = cells.numbers(">i4", 8).tolist()
        known = {one: dt.timezone(dt.timedelta(seconds=-one)) for one in set(west)}
        zones = [known[one] for one in west]
    absent = cells.absent.tolist()
    return column(
        [
            None if missing else _time(tick, zone)
            for tick, zone, missing in zip(ticks, zones, absent, strict=True)
        ],
        field.kind,
    )


def _time(ticks: int, zone: dt.timezone | None) -> dt.time:
    seconds, micros = divmod(ticks, 1_000_000)
    return dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60, micros, tzinfo=zone)


def _decimals(field: wire.Field, cells: _Cells) -> pd.Series[Any]:
    if not field.packed:
        return column(
            [None if text is None else Decimal(text) for text in _texts(cells)], field.kind
        )
    exact = Context(prec=80)  # the default rounds to 28 digits
    scale = -field.kind.scale
    return column(
        [
            None
            if cell is None
            else exact.scaleb(Decimal(int.from_bytes(cell, "big", signed=True)), scale)
            for cell in cells.bytes()
        ],
        field.kind,
    )


def _binaries(field: wire.Field, cells: _Cells) -> pd.Series[Any]:
    return column(
        [
            None if text is None else bytes.fromhex(text.removeprefix("\\x"))
            for text in _texts(cells)
        ],
        field.kind,
    )


_READERS: dict[str, Callable[[wire.Field, _Cells], pd.Series[Any]]] = {
    "integer": _plain,
    "float": _plain,
    "boolean": _plain,
    "timestamp": _timestamps,
    "duration": _timestamps,
    "date": _dates,
    "time": _times,
    "decimal": _decimals,
    "binary": _binaries,
}
