"""Some rows into a table: INSERT, many rows with each statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.errors import DataError

from .cells import cells, rows_of
from .target import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from .session import Session
    from .target import Column

_MOST_VALUES = 32_767  # of a statement; source: redshift_connector, Connection.execute
_AT_ONCE = 5_000  # values of a statement; benchmarks/redshift.py: more are no faster
_MOST_BYTES = 4 * 1024 * 1024  # of a statement's values; the statement itself may have 16 MB
_LONGEST_BYTES = LONGEST_TEXT // 2  # of a binary, which travels as a text of two digits a byte


def insert(
    session: Session,
    frame: pd.DataFrame,
    table: str,
    columns: Sequence[Column],
    chunksize: int | None,
) -> None:
    """Insert all rows of a DataFrame.

    Args:
        session: in whose transaction.
        frame: the rows.
        table: the table, quoted.
        columns: those to write.
        chunksize: rows of a statement at most; None for what suits.

    Raises:
        DataError: a value does not fit its column, or the server inserted other numbers of rows.
        ServerError, LostError: as ``Session.run``.
    """
    if not len(frame):
        return
    written = [cells(frame.iloc[:, one.source], one) for one in columns]
    for one, texts in zip(columns, written, strict=True):
        if one.kind.kind == "binary" and max(len(text or "") for text in texts) > LONGEST_TEXT:
            raise DataError(
                f"column {one.name!r} holds a value of more than {_LONGEST_BYTES} bytes, which "
                "INSERT cannot carry; give staging=, or keep it in S3 and its key in the table",
            )
    rows = rows_per_statement(written, chunksize)
    names = ", ".join(one.quoted for one in columns)
    head = f"insert into {table} ({names}) values "  # noqa: S608 - quoted
    for start in range(0, len(frame), rows):
        part = [one[start : start + rows] for one in written]
        count = len(part[0])
        inserted = session.run_often(head + _places(columns, count), rows_of(part))
        if inserted != count:
            raise DataError(
                f"the server inserted {inserted} of {count} rows of a statement; nothing was "
                "written. Look for rules and triggers of the table",
            )


def has_long_bytes(frame: pd.DataFrame) -> bool:
    """Whether a value is longer than what INSERT can carry, which writes two digits for a byte."""
    objects = [frame.iloc[:, n] for n, kind in enumerate(frame.dtypes) if kind == "object"]
    return any(
        isinstance(value, (bytes, bytearray, memoryview)) and len(value) > _LONGEST_BYTES
        for series in objects
        for value in series
    )


def rows_per_statement(columns: Sequence[Sequence[str | None]], chunksize: int | None) -> int:
    """Decide how many rows to insert with one statement.

    Args:
        columns: the texts to be bound.
        chunksize: rows that the caller allows at most.
    """
    rows, width = len(columns[0]), len(columns)
    most = _AT_ONCE if chunksize is None else _MOST_VALUES
    size = sum(len(text) for column in columns for text in column if text)
    by_size = _MOST_BYTES * rows // size if size else rows
    return max(min(max(most // width, 1), _MOST_VALUES // width, by_size, chunksize or rows), 1)


def _places(columns: Sequence[Column], count: int) -> str:
    width = len(columns)
    row = "(" + ", ".join(one.casted.replace("{}", "${}") for one in columns) + ")"
    return ", ".join(
        row.format(*range(start, start + width)) for start in range(1, count * width + 1, width)
    )
