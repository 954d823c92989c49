"""Carries out COPY and UNLOAD between PostgreSQL and the local S3, in the session's transaction."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from batcat_runtime.emulator.iam.assumable import assumable
from batcat_runtime.emulator.sql.errors import QueryError

from .columns import Target
from .errors import NotEmulatedError
from .loading import Lines, Rejected
from .parquet import ParquetError, to_csv
from .places import Places
from .protocol import Connection, PostgresFault
from .statements import CREDENTIALS, Order, StatementError
from .unload import unload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from batcat_runtime.emulator.sql.objects import Objects
    from batcat_runtime.emulator.world import World

    Record = Callable[[int, int, Sequence[Rejected]], None]

PRINCIPAL = "redshift.amazonaws.com"
SESSION = "RedshiftIamRoleSession"
"""Name of the sessions in which Redshift reads and writes S3 (ARNs in public issue threads)."""

CHUNK = 1 << 16
COLUMNS = """
SELECT a.attname, coalesce(nullif(t.typbasetype, 0), t.oid), a.atttypmod, a.attnotnull, c.oid
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.oid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
  AND a.attidentity = '' ORDER BY a.attnum
"""


class Carrier:
    """Carries out orders.

    Args:
        world: where S3 and IAM are reached.
        objects: the local S3.
        record: keeps rejected rows: number of the session's process, of the table, and the rows.
    """

    def __init__(self, world: World, objects: Objects, record: Record) -> None:
        self._world, self._objects, self._record = world, objects, record

    def carry_out(self, order: Order, connection: Connection) -> tuple[str, str]:
        """Do it; the tag and what Redshift says of it.

        Raises:
            PostgresFault: it cannot be done, and nothing was.
        """
        from botocore.exceptions import ClientError

        alone = connection.status == "I"
        if alone:
            connection.query("BEGIN")
        try:
            self._check_role(order)
            told = self._act(order, connection, self._acting(order))
        except (QueryError, StatementError, NotEmulatedError, ParquetError) as error:
            # PostgreSQL itself says so, and its transaction is over as with any other error.
            fault = failing(connection, str(getattr(error, "message", error)))
        except ClientError as error:
            problem = error.response
            status = problem["ResponseMetadata"]["HTTPStatusCode"]
            code = problem["Error"]["Code"].replace("403", "AccessDenied")
            text = f"S3ServiceException:{problem['Error']['Message']},Status {status},Error {code}"
            fault = failing(connection, text)
        except PostgresFault as error:
            fault = error
        else:
            if alone:
                connection.query("COMMIT")
            return told
        if alone:
            connection.query("ROLLBACK")
        raise fault

    def _acting(self, order: Order) -> Objects:
        """S3 with the rights of the role or key that the order names; of several, the last counts.

        Which role a cluster has by default is not known: it may do everything.
        """
        roles, key = authority(order)
        if roles[-1].startswith("arn:"):
            key = self._world.session(roles[-1], SESSION).key
        return self._objects.acting(key) if key else self._objects

    def _act(self, order: Order, connection: Connection, objects: Objects) -> tuple[str, str]:
        if order.kind == "copy":
            return self._copy(order, connection, Places(objects))
        count = unload(order, connection, objects, Places(objects))
        _note(connection, "last_unload_count", count)
        return "UNLOAD", f"UNLOAD completed, {count} record(s) unloaded successfully."

    def _copy(self, order: Order, connection: Connection, places: Places) -> tuple[str, str]:
        found, table = self._targets(order, connection)
        files = places.files(order)
        limit = order.number("MAXERROR")
        with tempfile.TemporaryDirectory(prefix="batcat-copy-") as folder:
            if order.format == "PARQUET":
                rows = Path(folder) / "rows"
                to_csv(files, found, rows)
                count = connection.copy_in(
                    _copy_sql(order, "FORMAT csv, NULL E'\\\\N'"), _chunks(rows)
                ).count
            else:
                count = self._copy_lines(order, connection, found, table, files, limit)
        name = order.table.replace('"', "").rpartition(".")[2].lower()
        _note(connection, "last_copy_count", count)
        return "COPY", f"Load into table '{name}' completed, {count} record(s) loaded successfully."

    def _copy_lines(  # noqa: PLR0913, PLR0917 - one COPY
        self,
        order: Order,
        connection: Connection,
        targets: list[Target],
        table: int,
        files: Sequence[tuple[str, Path]],
        limit: int,
    ) -> int:
        lines = Lines(order, targets, files)
        options = "FORMAT text" + (", ON_ERROR ignore, LOG_VERBOSITY verbose" if limit else "")
        try:
            result = connection.copy_in(_copy_sql(order, options), lines)
        except PostgresFault as error:
            blamed = lines.blame(error.told)
            if blamed is None:
                raise
            self._record(connection.key[0], table, [*lines.rejected, blamed])
            raise PostgresFault(_rejected(order)) from None
        blames = [lines.blame(told) for told in result.notices]
        rejected = [*lines.rejected, *[one for one in blames if one]]
        self._record(connection.key[0], table, rejected)
        if rejected and len(rejected) >= limit:
            raise StatementError(_rejected(order)["M"])
        return result.count

    def _targets(self, order: Order, connection: Connection) -> tuple[list[Target], int]:
        rows = connection.bound(COLUMNS, [order.table]).rows
        known = {
            str(name): Target(str(name), int(oid or 0), int(modifier or 0), required == "t")
            for name, oid, modifier, required, _ in rows
        }
        table = int(rows[0][4] or 0) if rows else 0
        if not order.columns:
            return list(known.values()), table
        names = [_name(column) for column in order.columns]
        missing = [name for name in names if name not in known]
        if missing:
            raise StatementError(f'column "{missing[0]}" of relation {order.table} does not exist')
        return [known[name] for name in names], table

    def _check_role(self, order: Order) -> None:
        if not any(name in order.options for name in ("IAM_ROLE", *CREDENTIALS)):
            raise StatementError(
                f"{order.kind.upper()} needs an authorization: IAM_ROLE or CREDENTIALS"
            )
        for arn in authority(order)[0]:
            if arn.lower() != "default" and (
                not arn.startswith("arn:") or not assumable(self._world, arn, PRINCIPAL)
            ):
                raise StatementError(f"Not authorized to get credentials of role {arn}")


def authority(order: Order) -> tuple[list[str], str]:
    """The roles that an order names, each assuming the next, and the access key.

    Source: "Authorization parameters", Redshift Database Developer Guide.

    Args:
        order: COPY or UNLOAD.
    """
    pairs = (pair.partition("=") for pair in str(order.options.get("CREDENTIALS") or "").split(";"))
    told = {name.strip().lower(): value for name, _, value in pairs}
    roles = order.options.get("IAM_ROLE") or told.get("aws_iam_role") or "default"
    key = order.options.get("ACCESS_KEY_ID") or told.get("aws_access_key_id") or ""
    return str(roles).split(","), str(key)


def failing(connection: Connection, message: str) -> PostgresFault:
    """Let PostgreSQL fail with a message, so that a transaction ends as after any error."""
    code = "0A000" if message.startswith(("NotEmulated", "Redshift has no")) else "XX000"
    try:
        connection.bound("SELECT redshift_fail($1, $2, NULL)", [code, message])
    except PostgresFault as error:
        told = {name: value for name, value in error.told.items() if name in "SVCM"}
        return PostgresFault(told)
    return PostgresFault({"C": code, "M": message})


def _rejected(order: Order) -> dict[str, str]:
    name = order.table.replace('"', "").rpartition(".")[2].lower()
    return {
        "C": "XX000",
        "M": f"Load into table '{name}' failed.  Check 'stl_load_errors' system table for details.",
    }


def _copy_sql(order: Order, options: str) -> str:
    columns = f" ({', '.join(order.columns)})" if order.columns else ""
    return f"COPY {order.table}{columns} FROM STDIN WITH ({options})"


def _note(connection: Connection, name: str, count: int) -> None:
    """What PG_LAST_COPY_COUNT and its like give."""
    connection.bound("SELECT set_config($1, $2, false)", [f"batcat.{name}", str(count)])


def _name(written: str) -> str:
    """A name as the catalog has it."""
    if written.startswith('"'):
        return written[1:-1].replace('""', '"')
    return written.lower()


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while data := source.read(CHUNK):
            yield data
