"""A DataFrame into a table, in one transaction: all rows or none, also when a table is replaced."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import AccessError, BatCatError, ConfigError, DataError
from batcat_runtime.logs import get_logger
from batcat_runtime.sql.binding import quote_identifier

from . import copy, insert, naming, staging, target
from .answers import LostError, ServerError, explained
from .session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from .login import Login
    from .staging import Staging
    from .target import Column

COPY_FROM = 10_000  # rows from which COPY is worth its detour
_MODES = ("fail", "replace", "append", "delete_rows")
_TRIES = 3
_LOOK = 60  # seconds to find out what became of a commit
# Two writers met: one made what the other was about to make, or their order mattered.
# Source: PostgreSQL, "Error Codes"; Redshift Database Developer Guide, "Serializable isolation".
_MET = ("42P07", "42710", "40001", "40P01")
_MET_TEXTS = ("pg_type_typname", "pg_class_relname", "concurrently", "Serializable isolation")


@dataclass(frozen=True)
class Job:
    """What is to be written, and how.

    Attributes:
        frame: the DataFrame, with its index as columns.
        schema: name of the schema.
        table: name of the table.
        if_exists: fail, replace, append or delete_rows.
        types: types of columns, as the caller wrote them.
        chunksize: rows of a statement or object at most; None for what suits.
        staging: where rows may lie in between; None to insert them.
    """

    frame: pd.DataFrame
    schema: str
    table: str
    if_exists: str
    types: dict[str, str]
    chunksize: int | None
    staging: Staging | None

    @property
    def quoted(self) -> str:
        """The table's name as SQL reads it."""
        return quote_identifier(self.schema, self.table, style="redshift")

    @property
    def case_sensitive(self) -> bool | None:
        """Whether capital letters of names have to be kept; None if there are none."""
        names = [self.schema, self.table, *self.frame.columns]
        return True if any(name != name.lower() for name in names) else None


def plan(  # noqa: PLR0913, PLR0917 - what callers may say
    df: pd.DataFrame,
    schema: str,
    table: str,
    if_exists: str,
    index: bool,
    index_label: str | Sequence[str] | None,
    chunksize: int | None,
    dtype: Any,
    method: Any,
    place: Staging | None,
) -> Job:
    """Decide what to write; nothing is connected yet.

    Raises:
        ConfigError: an argument is none of those there are.
        DataError: the DataFrame cannot be a table; the message names the column.
    """
    if if_exists not in _MODES:
        raise ConfigError(f"if_exists is {if_exists!r}; it must be one of {', '.join(_MODES)}")
    if chunksize is not None and (type(chunksize) is not int or chunksize < 1):
        raise ConfigError(f"chunksize is {chunksize!r}; give a number of rows, or None")
    if method not in {None, "multi"}:
        raise ConfigError(
            f"method is {method!r}; give None (COPY or INSERT, whichever suits) or 'multi' "
            "(INSERT); a callable would need SQLAlchemy's connection, which there is none of",
        )
    frame = naming.with_index(df, index, index_label)
    for name, what in ((schema, "schema"), (table, "table")):
        naming.check_name(name, what)
    types = naming.said(dtype, list(frame.columns))
    copied = method is None and (
        len(frame) >= COPY_FROM or (place and insert.has_long_bytes(frame))
    )
    through = place if copied else None
    return Job(frame, schema, table, if_exists, types, chunksize, through)


def write(job: Job, login: Login, timeout: float | None) -> int:
    """Write; see ``save_df_to_redshift``.

    Returns:
        Rows written.
    """
    doing = f"write {len(job.frame)} rows to {job.schema}.{job.table} at {login}"
    if job.staging is None:
        return _with_retries(job, login, timeout, doing, None)
    with staging.folder(job.staging) as place:
        return _with_retries(job, login, timeout, doing, place)


def _with_retries(
    job: Job, login: Login, timeout: float | None, doing: str, place: Staging | None
) -> int:
    """Begin anew when another writer came first: then nothing of ours was done."""
    tries = 1
    with explained(doing, timeout):
        while True:
            try:
                return _once(job, login, timeout, doing, place)
            except LostError as error:
                raise LostError(f"{error}; nothing was written") from error
            except ServerError as error:
                if tries == _TRIES or not _met(error):
                    raise
                get_logger("batcat_runtime").info("%s: %s; beginning anew", doing, error)
            tries += 1


def _met(error: ServerError) -> bool:
    return error.code in _MET or any(text in str(error) for text in _MET_TEXTS)


def _once(job: Job, login: Login, timeout: float | None, doing: str, place: Staging | None) -> int:
    with Session(login, timeout, job.case_sensitive, writes=True) as session:
        number = _number(session, job)
        columns = _columns(session, job, exists=number is not None)
        if place:  # before anything is changed: what is changed stays locked until the end
            copy.upload(job.frame, columns, place, job.chunksize)
        made = _make_ready(session, job, columns, exists=number is not None)
        if place:
            _copy(session, job, columns, place, doing)
        else:
            insert.insert(session, job.frame, job.quoted, columns, job.chunksize)
        try:
            session.commit()
        except LostError as error:
            _resolve(job, login, (session.pid, made), doing, error)
    get_logger("batcat_runtime").info("%s.%s: wrote %d rows", job.schema, job.table, len(job.frame))
    return len(job.frame)


_EXISTING = """
select c.oid as number from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = ? and c.relname = ? and c.relkind in ('r', 'p', 'v')
"""


def _number(session: Session, job: Job) -> int | None:
    """The number of the table, or None if there is none; a new table has a new number."""
    found = session.frame(_EXISTING, _names(job))
    return int(found["number"].iloc[0]) if len(found) else None


def _names(job: Job) -> list[str]:
    """Names as the catalog has them: Redshift folds them unless told otherwise."""
    names = [job.schema, job.table]
    return names if job.case_sensitive else [name.lower() for name in names]


def _columns(session: Session, job: Job, *, exists: bool) -> list[Column]:
    """Find or decide the table's columns; nothing is changed yet."""
    if exists and job.if_exists == "fail":
        raise ConfigError(
            f"table {job.schema}.{job.table} exists; say if_exists='append' to add to it, or "
            "'replace'",
        )
    if exists and job.if_exists != "replace":
        found = session.fields(f"select * from {job.quoted} where false")  # noqa: S608 - quoted
        return target.match(job.frame, found, f"{job.schema}.{job.table}")
    return target.create(job.frame, job.types)


def _make_ready(
    session: Session, job: Job, columns: Sequence[Column], *, exists: bool
) -> int | None:
    """Make the table as it shall be; gives its number if it is new."""
    if exists and job.if_exists == "delete_rows":
        session.run(f"delete from {job.quoted}")  # noqa: S608 - quoted
    if exists and job.if_exists != "replace":
        return None
    if exists:
        session.run(f"drop table {job.quoted}")
    session.run(target.create_table(job.schema, job.table, columns))
    return _number(session, job)


def _copy(
    session: Session, job: Job, columns: Sequence[Column], place: Staging, doing: str
) -> None:
    try:
        loaded = copy.load(session, job.quoted, columns, place)
    except ServerError as error:
        if not error.rejects or _met(error):
            raise
        raise DataError(
            f"cannot {doing}: COPY rejected it, and nothing was written: "
            f"{copy.rejected(session, error)}; correct the values, or the types of the table",
        ) from error
    if loaded != len(job.frame):
        raise DataError(
            f"cannot {doing}: COPY loaded {loaded} rows, and nothing was written; look whether "
            f"something else writes to {place.place}",
        )


def _resolve(
    job: Job, login: Login, lost: tuple[int, int | None], doing: str, error: LostError
) -> None:
    """Find out whether a commit took place whose answer was lost.

    Args:
        job: what was written.
        login: where.
        lost: the server's process that made it last, and the number of the table if it is new.
        doing: what was being done.
        error: what happened.

    Raises:
        LostError: it did not; nothing was written.
        AccessError: it cannot be told.
    """
    with suppress(BatCatError, ServerError), Session(login, _LOOK, job.case_sensitive) as session:
        pid, made = lost
        if made is not None and session.end(pid):
            if _number(session, job) == made:
                return
            raise error
    raise AccessError(
        f"cannot {doing}: the connection broke while the server made the rows last ({error}); "
        f"whether it did cannot be told. Count the rows of {job.quoted} before you write them "
        "again, or they may be there twice",
    ) from error
