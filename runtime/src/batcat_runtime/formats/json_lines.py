"""JSON lines to tables and back: one object a line, in UTF-8.

What JSON has no type for is text, as in ``texts``: decimals, dates, times, binary, NaN.
"""

from __future__ import annotations

import io
import json
from contextlib import closing
from decimal import Decimal
from json.encoder import encode_basestring
from typing import IO, TYPE_CHECKING, Any

from batcat_runtime.columns import texts
from batcat_runtime.columns.arrow import without_arrow
from batcat_runtime.errors import DataError, MissingError

from . import csv_rows
from .csv_write import moments, unit_of, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pandas as pd

    from .csv_parse import Reading, Text

_LINES = 20_000  # parsed or written at once
_EXACT_FLOAT = 2**53  # whole numbers up to here are floats, too

Part = tuple[list[dict[str, Any]], "dict[str, pd.Series[Any]]"]
"""Some lines: an object each, and the columns of exact types."""


def parts(text: Text, how: Reading, lines: int = _LINES) -> Iterator[Part]:
    """Parse a text, some lines at a time; at least one part, which may be empty.

    Raises:
        DataError: a line is no JSON object, or a value is not of its type.
    """
    with closing(text.open()) as raw:
        source = enumerate(io.BufferedReader(csv_rows.Joined([], raw), csv_rows.HEAD), 1)
        given = False
        while True:
            some = [line for _, line in zip(range(lines), source, strict=False)]
            if some or not given:
                yield _part(some, text.source, how)
            given = True
            if len(some) < lines:
                return


def _part(lines: Sequence[tuple[int, bytes]], source: str, how: Reading) -> Part:
    numbers: list[int] = []
    rows: list[dict[str, Any]] = []
    skipped: list[int] = []
    exact = any(kind.items or kind.kind == "decimal" for kind in how.types.values())
    options: dict[str, Any] = {"parse_float": Decimal} if exact else {}
    for number, line in lines:
        word = line.strip().removeprefix(b"\xef\xbb\xbf")
        row = _parsed(word, options) if word else None
        if isinstance(row, dict):
            numbers.append(number)
            rows.append(row)
        elif word and not how.skip:
            raise DataError(f"{source}, line {number}: {row}; correct it there")
        elif word:
            skipped.append(number)
    typed, bad = _typed(rows, how)
    if bad and not how.skip:
        place = min(bad)
        name, told = bad[place], str(rows[place].get(bad[place]))[:40]
        raise DataError(
            f"{source}, line {numbers[place]}, column {name!r}: {told!r} is no "
            f"{how.types[name]}; correct it there",
        )
    if bad:
        skipped += [numbers[place] for place in bad]
        rows = [row for place, row in enumerate(rows) if place not in bad]
        typed, _ = _typed(rows, how)
    csv_rows.log_skipped(source, sorted(skipped), "which are no JSON objects of these types")
    if exact:
        rows = [
            {name: value if name in typed else _with_floats(value) for name, value in row.items()}
            for row in rows
        ]
    return rows, typed


def _with_floats(value: Any) -> Any:
    """Make floats of the decimals that only columns of exact types needed."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [_with_floats(item) for item in value]
    if isinstance(value, dict):
        return {key: _with_floats(item) for key, item in value.items()}
    return value


def _parsed(word: bytes, options: dict[str, Any]) -> Any:
    """The object in a line, or why there is none."""
    try:
        found = json.loads(word, **options)
    except (ValueError, RecursionError) as error:
        return str(error)
    return found if isinstance(found, dict) else "it is no JSON object"


def _typed(
    rows: list[dict[str, Any]], how: Reading
) -> tuple[dict[str, pd.Series[Any]], dict[int, str]]:
    """Build the columns of exact types; and give the rows that do not fit, with the column."""
    typed: dict[str, pd.Series[Any]] = {}
    bad: dict[int, str] = {}
    for name, kind in how.types.items():
        try:
            typed[name] = texts.read_json([row.get(name) for row in rows], kind)
        except texts.UnreadableError as error:  # noqa: PERF203 - one for each column, not row
            bad = dict.fromkeys(error.places, name) | bad
    return typed, bad


def table(found: Iterable[Part], how: Reading, source: str) -> pd.DataFrame:
    """Put parts one below the other.

    Without types, a column's type follows from its values: whole numbers, truth values and texts
    stay what they are, also beside null.

    Raises:
        MissingError: no line has a column that is asked for.
    """
    import pandas as pd

    every = list(found)
    rows = [row for part, _ in every for row in part]
    names = list(dict.fromkeys(name for row in rows for name in row))
    names += [name for name in how.types if name not in names]
    wanted = names if how.columns is None else list(how.columns)
    absent = [name for name in wanted if name not in names]
    if absent:
        raise MissingError(f"{source} has no column {absent[0]!r}; its columns are {names}")
    columns = {
        name: pd.concat([typed[name] for _, typed in every], ignore_index=True)
        if name in how.types
        else _inferred([row.get(name) for row in rows])
        for name in wanted
    }
    frame: pd.DataFrame = pd.DataFrame(columns, index=pd.RangeIndex(len(rows)), columns=wanted)
    return frame


def _inferred(values: list[Any]) -> pd.Series[Any]:
    import pandas as pd

    kinds = {type(value) for value in values}
    some_null = type(None) in kinds
    kinds -= {type(None)}
    whole = [value for value in values if type(value) is int]
    dtype: Any = object
    if kinds == {bool}:
        dtype = "boolean" if some_null else "bool"
    elif kinds == {int} and min(whole) >= -(2**63) and max(whole) < 2**63:
        dtype = "Int64" if some_null else "int64"
    elif kinds == {float} or (kinds == {int, float} and max(map(abs, whole)) <= _EXACT_FLOAT):
        dtype = "float64"
    elif kinds == {str}:
        dtype = None
    column: pd.Series[Any] = pd.Series(values, dtype=dtype)
    return column


def write_json_lines(
    df: pd.DataFrame,
    file: IO[bytes],
    target: str,
    wrote: Callable[[int], None] | None = None,
) -> None:
    """Write a DataFrame as JSON lines, without its index.

    Args:
        df: the DataFrame.
        file: to write into.
        target: where it goes, for messages.
        wrote: is called with the number of rows of each piece.

    Raises:
        DataError: two columns have one name, or a text is none that UTF-8 has.
    """
    df = without_arrow(df)
    names = [str(name) for name in df.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"cannot write {target}: column {twice!r} is there twice; rename one")
    keys = [f"{encode_basestring(name)}: " for name in names]
    for start in range(0, len(df), _LINES):
        piece = df.iloc[start : start + _LINES]
        columns = [_cells(piece.iloc[:, place]) for place in range(len(names))]
        lines = (
            "{" + ", ".join(map(str.__add__, keys, row)) + "}\n"
            for row in (zip(*columns, strict=True) if columns else [()] * len(piece))
        )
        try:
            file.write("".join(lines).encode())
        except UnicodeEncodeError as error:
            raise unwritable(zip(names, columns, strict=True), target, error) from error
        if wrote:
            wrote(len(piece))


def _cells(series: pd.Series[Any]) -> list[str]:
    """Each row's value as JSON."""
    import pandas as pd

    dtype: Any = series.dtype
    if dtype.kind in "iub" and not series.isna().any():
        return [str(value).lower() for value in series.tolist()]
    if dtype.kind == "M":
        series = moments(series, unit_of(series))
    values = series.astype(object)
    if isinstance(dtype, pd.StringDtype):
        return [encode_basestring(word) if isinstance(word, str) else "null" for word in values]
    return [
        "null" if null else json.dumps(texts.to_json(value), ensure_ascii=False)
        for null, value in zip(series.isna(), values, strict=True)
    ]
