"""A query's result as a DataFrame: over the wire, or through Parquet in S3 when it is large.

Source of UNLOAD: Amazon Redshift Database Developer Guide, "UNLOAD", "Unloading data to Amazon S3"
and "System information functions".
"""

from __future__ import annotations

import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.series import column, table
from batcat_runtime.errors import ConfigError, DataError
from batcat_runtime.logs import get_logger
from batcat_runtime.s3.transfer import fetch_all, listing
from batcat_runtime.sql.binding import quote_identifier
from batcat_runtime.sql.text import outermost, tokens, trimmed

from . import staging
from .answers import explained
from .session import Session
from .target import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from batcat_runtime.sql.text import Token

    from .login import Login
    from .staging import Staging
    from .wire import Field


def read(  # noqa: PLR0913, PLR0917 - what callers may say
    text: str,
    values: Sequence[Any],
    login: Login,
    timeout: float | None,
    case_sensitive: bool | None,
    place: Staging | None,
) -> pd.DataFrame:
    """Run a query; see ``read_data_from_redshift``.

    Args:
        text: the query, with ``$1``, ``$2``, … for values.
        values: what fills them.
        login: where to connect and as whom.
        timeout: seconds that a statement may take.
        case_sensitive: whether names in double quotes keep capital letters.
        place: where large results may lie in between; None to read over the wire.
    """
    if not text.strip().rstrip(";"):
        raise ConfigError("the query is empty; it begins with select")
    doing = f"read from {login}"
    with explained(doing, timeout):
        if place is None:
            with Session(login, timeout, case_sensitive) as session:
                return session.frame(text, values)
        with staging.folder(place) as own, Session(login, timeout, case_sensitive) as session:
            return _through(session, text, values, own)


def _through(session: Session, text: str, values: Sequence[Any], place: Staging) -> pd.DataFrame:
    parts = trimmed(tokens(text, "redshift"))
    query = "".join(part.text for part in parts)
    reason = _not_unloaded(parts)
    if reason:
        return _over_the_wire(session, query, values, reason)
    found = session.fields(f"select * from (\n{query}\n) as batcat where false", values)  # noqa: S608 - the caller's query
    names = [one.name for one in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice or any(not name or name.startswith("?") for name in names):
        raise DataError(
            f"the query has columns {names}; with staging= each needs a name of its own: give "
            "them with as",
        )
    if any(one.kind.kind in _WITHOUT_PARQUET for one in found):
        return _over_the_wire(session, query, values, "Parquet of Redshift has no time of day")
    if values:
        query = _kept(session, query, values, found)
    written = query.replace("\\", "\\\\").replace("'", "''")  # as "UNLOAD" says
    key = f" kms_key_id '{place.kms_key_id}' encrypted" if place.kms_key_id else ""
    session.run(
        f"unload ('{written}') to '{place.place}' {place.authorization} format as parquet{key}",
    )
    expected = int(session.frame("select pg_last_unload_count() as n")["n"].iloc[0])
    return _fetch(place, found, expected)


_WITHOUT_PARQUET = {"time", "duration"}


def _not_unloaded(parts: Sequence[Token]) -> str:
    """Tell why UNLOAD would not give what the query says; nothing if it would.

    It writes many files in no order, and takes no LIMIT in the outermost SELECT. What stands in
    brackets as a whole is read as if it stood without.
    """
    outer = outermost(parts)
    if outer[:1] == ["("]:
        outer = ["select", *(part.text.lower() for part in parts if part.kind == "word")]
    if outer[:1] not in (["select"], ["with"]):
        return "UNLOAD takes SELECT only"
    if "order" in outer:
        return "UNLOAD keeps no ORDER BY"
    if _CUT & set(outer):
        return "UNLOAD takes no outermost LIMIT"
    return ""


_CUT = {"limit", "top", "offset", "fetch"}


def _over_the_wire(
    session: Session, query: str, values: Sequence[Any], reason: str
) -> pd.DataFrame:
    get_logger("batcat_runtime").info("%s: reading over the wire instead", reason)
    return session.frame(query, values)


def _kept(session: Session, query: str, values: Sequence[Any], found: Sequence[Field]) -> str:
    """Keep a result in a temporary table: UNLOAD's query is text, in which nothing is bound."""
    name = quote_identifier(f"batcat_{uuid.uuid4().hex}", style="redshift")
    columns = ", ".join(
        f"{quote_identifier(one.name, style='redshift')} {_sql(one)}" for one in found
    )
    session.run(f"create temp table {name} ({columns})")
    session.run(f"insert into {name}\n{query}", values)
    return f"select * from {name}"  # noqa: S608 - quoted


def _sql(one: Field) -> str:
    if one.kind.kind == "text":
        return "super" if one.is_super else f"varchar({one.width or LONGEST_TEXT})"
    if one.kind.kind == "binary":
        return f"varbyte({one.width})" if one.width else "varbyte"
    if one.kind.kind == "decimal" and not one.kind.precision:
        return "decimal"
    if one.kind.kind == "timestamp":
        return "timestamptz" if one.kind.zone else "timestamp"
    return str(one.kind).replace("double", "double precision")


def _fetch(place: Staging, found: Sequence[Field], expected: int) -> pd.DataFrame:
    """Read what was unloaded, in the types that the query has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from batcat_runtime.columns.arrow import to_frame
    from batcat_runtime.columns.arrow_types import arrow_type

    sources = [one for one in listing(place.bucket, place.folder) if one.size]
    kinds = [(one.name, arrow_type(one.kind)) for one in found]
    tables = []
    with closing(fetch_all(sources)) as buffers:
        for source, buffer in zip(sources, buffers, strict=True):
            data = pq.read_table(pa.BufferReader(pa.py_buffer(buffer.getbuffer())))
            if data.num_columns != len(kinds):
                raise DataError(f"{source} has columns {data.column_names}; expected {kinds}")
            cast = [
                values.cast(kind) for values, (_, kind) in zip(data.columns, kinds, strict=True)
            ]
            tables.append(pa.table(cast, names=[name for name, _ in kinds]))
    rows = sum(one.num_rows for one in tables)
    if rows != expected:
        raise DataError(
            f"{place.place} holds {rows} rows of {expected} that were unloaded; nothing is "
            "returned. Look whether something else removes objects there",
        )
    if not tables:
        return table([one.name for one in found], [column([], one.kind) for one in found])
    return to_frame(pa.concat_tables(tables), place.place)
