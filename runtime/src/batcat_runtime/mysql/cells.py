"""What the wire says of a column and its cells, as a column of exact type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns import texts
from batcat_runtime.columns.series import column
from batcat_runtime.columns.types import Type
from batcat_runtime.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_UNSIGNED, _BINARY = 32, 63  # a flag of columns; the character set of bytes
_INTEGERS = {1: 8, 2: 16, 9: 32, 3: 32, 8: 64, 13: 16}  # FIELD_TYPE to bits; 13 is YEAR
_KINDS = {4: Type("float", 32), 5: Type("float", 64), 0: Type("decimal"), 246: Type("decimal")}
_TIMES, _DURATION, _DATE, _NULL = {7, 12}, 11, {10, 14}, 6
_BYTES = {16, 255}  # BIT, GEOMETRY
_LONGEST_FRACTION = 6
_UNITS = ("s", "ms", "us")
_CLOCK = re.compile(r"(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?", re.ASCII)


def type_of(field: Any) -> Type:  # noqa: PLR0911 - one line for each type
    """Give the type of a column (source: MySQL, field_types.h and mysql_com.h)."""
    code = field.type_code
    if code in _INTEGERS:
        kind = "unsigned" if field.flags & _UNSIGNED and code != 13 else "integer"  # noqa: PLR2004
        return Type(kind, _INTEGERS[code])
    if code in _TIMES:
        fraction = min(field.scale, _LONGEST_FRACTION)
        return Type("timestamp", unit=_UNITS[-(-fraction // 3)])
    if code == _DURATION:
        return Type("duration", unit="us")
    if code in _DATE or code == _NULL:
        return Type("null" if code == _NULL else "date")
    if code in _KINDS:
        return _KINDS[code]
    is_json = code == 245  # noqa: PLR2004 - JSON, whose character set is told as that of bytes
    if code in _BYTES or (field.charsetnr == _BINARY and not is_json):
        return Type("binary")
    return Type("text")


def column_of(field: Any, cells: Sequence[Any]) -> pd.Series[Any]:
    """Make a column of cells as they are on the wire: text, and bytes where it is binary.

    Raises:
        DataError: a cell is not what its type says; the message names column and row.
    """
    kind = type_of(field)
    if kind.kind == "binary":
        return column(cells, kind)
    if kind.kind == "duration":
        return column([None if cell is None else _microseconds(cell) for cell in cells], kind)
    try:
        return texts.read(cells, kind)
    except texts.UnreadableError as error:
        bad = cells[error.places[0]]
        raise DataError(
            f"column {field.name!r}, row {error.places[0]}: {bad!r} is no {kind}; turn it into "
            f"NULL or text in the query, for example NULLIF({field.name}, {bad!r})",
        ) from error


def _microseconds(cell: str) -> int:
    told = _CLOCK.fullmatch(cell)
    if not told:
        raise DataError(f"{cell!r} is no TIME of MySQL; read it as text: CAST(… AS CHAR)")
    sign, hours, minutes, seconds, fraction = told.groups()
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    found = whole * 10**6 + int((fraction or "").ljust(6, "0"))
    return -found if sign else found
