"""Many rows into a table: Parquet in S3, and COPY.

Sources: Amazon Redshift Database Developer Guide, "COPY from columnar data formats", and
"SYS_LOAD_ERROR_DETAIL"; "System information functions" for the counts.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns import texts
from batcat_runtime.columns.series import type_of
from batcat_runtime.columns.types import Type
from batcat_runtime.errors import BatCatError
from batcat_runtime.s3.upload import Upload
from batcat_runtime.sql.binding import quote_identifier

from .answers import LostError, ServerError
from .cells import cells
from .target import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import pyarrow as pa

    from .session import Session
    from .staging import Staging
    from .target import Column

_ROWS = 250_000  # of one object, unless chunksize says otherwise
_AT_ONCE = 4  # objects
_SHOWN = 3  # rejected rows that a message names
_LOOK = 30  # seconds to look them up
_KIND = "application/vnd.apache.parquet"


def upload(
    frame: pd.DataFrame, columns: Sequence[Column], place: Staging, chunksize: int | None
) -> None:
    """Write a DataFrame as Parquet objects, whose columns are those of the table in their order.

    Raises:
        DataError: a value is not of its column's type; the message names both.
        MissingError, AccessError: as ``upload.Upload``.
    """
    import pyarrow.parquet as pq

    rows = chunksize or _ROWS

    def write(number: int) -> None:
        data = _table(frame.iloc[number * rows : (number + 1) * rows], columns)
        key = f"{place.folder}{number:05}.parquet"
        with Upload(place.bucket, key, _KIND, place.kms_key_id) as file:
            pq.write_table(data, file)

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="batcat-redshift") as pool:
        for _ in pool.map(write, range(-(-len(frame) // rows))):
            pass


def _table(frame: pd.DataFrame, columns: Sequence[Column]) -> pa.Table:
    import pyarrow as pa

    found = [_array(frame.iloc[:, column.source], column) for column in columns]
    return pa.table(found, names=[column.name for column in columns])


_AS_IT_IS = {"integer", "float", "boolean", "text", "decimal", "date", "timestamp", "binary"}


def _array(series: pd.Series[Any], column: Column) -> pa.ChunkedArray:
    """Give the values of a column in the type that carries them."""
    import pyarrow as pa

    from batcat_runtime.columns.arrow import from_frame
    from batcat_runtime.columns.arrow_types import arrow_type

    name, kind = column.name, _carried(column)[0]
    own = type_of(series, name)
    same = own.kind == column.kind.kind and own.zone == column.kind.zone
    if same and own.kind in _AS_IT_IS and not (own.kind == "float" and own.bits > kind.bits):
        plain = series.dt.tz_localize(None) if own.zone and series.dtype != object else series
        if own.zone == kind.zone or plain is not series:
            found = from_frame(plain.to_frame(name), {name: kind}).column(0)
            if _fits(found, column):
                return found
    written = cells(series, column)
    if kind.kind == "binary":
        values = [None if one is None else bytes.fromhex(one) for one in written]
        return pa.chunked_array([pa.array(values, arrow_type(kind))])
    if column.kind.zone:
        read = texts.read(written, column.kind).dt.tz_localize(None)
    else:
        read = texts.read(written, kind)
    return from_frame(read.to_frame(name), {name: kind}).column(0)


def _fits(values: pa.ChunkedArray, column: Column) -> bool:
    """Whether the column can hold all these texts or binaries; ``cells`` names what it cannot."""
    import pyarrow.compute as pc

    if column.kind.kind not in {"text", "binary"}:
        return True
    if column.width and (pc.max(pc.binary_length(values)).as_py() or 0) > column.width:
        return False
    return column.kind.kind != "text" or not pc.any(pc.match_substring(values, "\0")).as_py()


def _carried(column: Column) -> tuple[Type, str, str]:
    """How a column travels: its type in Parquet and in SQL, and how that becomes its own.

    Parquet read by Redshift has no time of day and no time zone, and JSON is text.
    """
    if column.kind.items or column.kind.kind == "struct":
        return Type("text"), f"varchar({LONGEST_TEXT})", "json_parse({})"
    if column.kind.kind == "time":
        return Type("text"), "varchar(64)", column.casted
    if column.kind.zone:
        return Type("timestamp", unit="us"), "timestamp", "{} at time zone 'UTC'"
    return column.kind, "", "{}"


def load(session: Session, table: str, columns: Sequence[Column], place: Staging) -> int:
    """Load what lies in S3 into a table.

    Args:
        session: in whose transaction.
        table: the table, quoted.
        columns: those to load.
        place: where the objects lie.

    Returns:
        Rows that were loaded.

    Raises:
        ServerError, LostError: as ``Session.run``.
    """
    names = ", ".join(column.quoted for column in columns)
    if all(_carried(column)[2] == "{}" for column in columns):
        return _copy(session, table, names, place)
    # Some columns have to be converted on the way, in a table that ends with the connection.
    between = quote_identifier(f"batcat_{uuid.uuid4().hex}", style="redshift")
    made = ", ".join(f"{one.quoted} {_carried(one)[1] or one.sql}" for one in columns)
    session.run(f"create temp table {between} ({made})")
    count = _copy(session, between, names, place)
    converted = ", ".join(_carried(one)[2].format(one.quoted) for one in columns)
    session.run(f"insert into {table} ({names}) select {converted} from {between}")  # noqa: S608 - names are quoted
    return count


def _copy(session: Session, table: str, names: str, place: Staging) -> int:
    session.run(
        f"copy {table} ({names}) from '{place.place}' {place.authorization} format as parquet",
    )
    return int(session.frame("select pg_last_copy_count() as loaded")["loaded"].iloc[0])


def rejected(session: Session, error: ServerError) -> str:
    """Say which rows a COPY rejected, as far as the server tells it.

    Args:
        session: the one that ran it.
        error: what the server answered.
    """
    told: list[str] = []
    # On another connection: after a failure the driver may give two statements the same name.
    with suppress(BatCatError, ServerError, LostError), session.beside(_LOOK) as other:
        found = other.frame(_ERRORS, [session.pid])
        told = [
            f"{str(row.file).strip()}, line {row.line}, column {str(row.col).strip()!r}: "
            f"{str(row.why).strip()}"
            for row in found.itertuples()
        ]
    return "; ".join(told[:_SHOWN]) or str(error)


_ERRORS = """
select file_name as file, line_number as line, column_name as col, error_message as why
from sys_load_error_detail where session_id = ? order by start_time desc limit 10
"""
