"""The Redshift Data API.

Source: botocore's model of redshift-data and its documentation strings; Amazon Redshift Management
Guide, "Using the Amazon Redshift Data API".
"""

from __future__ import annotations

import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from threading import RLock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.iam.callers import caller_id
from batcat_runtime.emulator.needs.redshift_data import STATEMENTS
from batcat_runtime.emulator.paging import page, paged
from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.redshift_wire.carrier import failing
from batcat_runtime.emulator.redshift_wire.columns import described
from batcat_runtime.emulator.redshift_wire.dialect import translated
from batcat_runtime.emulator.redshift_wire.errors import NotEmulatedError, UnsupportedError
from batcat_runtime.emulator.redshift_wire.protocol import PostgresFault, Result
from batcat_runtime.emulator.redshift_wire.statements import StatementError, order_of
from batcat_runtime.emulator.redshift_wire.warehouse import warehouse_of

from .login import login_of
from .metadata import CODE, Metadata
from .parameters import bound
from .statement import FINAL, Part, Statement, cell, now

if TYPE_CHECKING:
    from batcat_runtime.emulator.redshift_wire.protocol import Connection
    from batcat_runtime.emulator.world import World

AT_ONCE = 8
ROWS = 1000
"""Rows of a page; the real service's pages are limited by size."""

PAGE = 100


class RedshiftData(Metadata):
    """Statements.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._statements: dict[str, Statement] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        self._owners: dict[str, str] = world.shared(STATEMENTS, dict)
        self._lock = RLock()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="redshift-data")
        world.closing.append(self._close)

    def execute_statement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Submit a statement."""
        return self._submit(request, [request["Sql"]], batch=False)

    def batch_execute_statement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Submit statements that are one transaction."""
        return self._submit(request, request["Sqls"], batch=True)

    def describe_statement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Everything about one statement."""
        statement, _ = self._found(request["Id"])
        statement.done.wait(request.get("WaitTimeSeconds") or 0)
        return statement.described()

    def get_statement_result(self, request: dict[str, Any]) -> dict[str, Any]:
        """Some rows of a result."""
        statement, part = self._found(request["Id"])
        statement.done.wait(request.get("WaitTimeSeconds") or 0)
        result = part.result
        if statement.status != "FINISHED" or result is None or result.fields is None:
            raise ServiceError(
                "ResourceNotFoundException",
                "Query does not have result. Please check query status with DescribeStatement.",
            )
        oids = [one.oid for one in result.fields]
        rows, token = page(result.rows, ROWS, request.get("NextToken"), CODE)
        answer = {
            "Records": [
                [cell(value, oid) for value, oid in zip(row, oids, strict=True)] for row in rows
            ],
            "ColumnMetadata": [described(one) for one in result.fields],
            "TotalNumRows": len(result.rows),
        }
        return answer | ({"NextToken": token} if token else {})

    def cancel_statement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Stop a statement."""
        statement, _ = self._found(request["Id"])
        with statement.lock:
            if not statement.move("ABORTED", "Query cancelled by user"):
                raise ServiceError(
                    CODE,
                    f"Could not cancel a query that is already in {statement.status} state "
                    f"with ID: {statement.identity}",
                )
            connection = statement.connection
        if connection is not None:
            warehouse_of(self._world).backend.cancel(connection)
        return {"Status": True}

    def list_statements(self, request: dict[str, Any]) -> dict[str, Any]:
        """The region's statements, newest first, filtered and paged."""
        region = current_request().region
        with self._lock:
            statements = [one for one in self._statements.values() if one.region == region]
        status, prefix = request.get("Status"), request.get("StatementName") or ""
        chosen = [
            one.summary()
            for one in reversed(statements)
            if (status in (None, "ALL") or one.status == status)
            and str(one.request.get("StatementName") or "").startswith(prefix)
            and all(
                request.get(name) in (None, one.request.get(name))
                for name in ("Database", "ClusterIdentifier", "WorkgroupName")
            )
        ]
        return paged("Statements", chosen, request, PAGE, CODE)

    def _submit(self, request: dict[str, Any], sqls: list[str], *, batch: bool) -> dict[str, Any]:
        login_of(self._world, request)
        warehouse_of(self._world)
        self._check_parameters(request, sqls)
        region = current_request().region
        token = request.get("ClientToken") or str(uuid4())
        with self._lock:
            known = self._tokens.get((region, token))
            if known is None:
                statement = Statement(request, region, [Part(sql) for sql in sqls], batch)
                self._statements[statement.identity] = statement
                self._tokens[region, token] = statement.identity
                self._owners[statement.identity] = caller_id(self._world, current_request().key)
                self._pool.submit(self._run, statement)
            else:
                statement = self._statements[known]
        wait = request.get("WaitTimeSeconds") or 0
        statement.done.wait(wait)
        answer = {**statement.where(), "Id": statement.identity, "CreatedAt": statement.created}
        return answer | ({"Status": statement.status} if wait else {})

    @staticmethod
    def _check_parameters(request: dict[str, Any], sqls: list[str]) -> None:
        given = {one["name"]: one["value"] for one in request.get("Parameters") or []}
        used = {value for sql in sqls for value in bound(sql, {n: n for n in given})[1]}
        unused = sorted(set(given) - used)
        if unused:
            raise ServiceError(CODE, f"Parameters list contains unused parameters: {unused}")

    def _run(self, statement: Statement) -> None:
        try:
            if statement.move("STARTED"):
                self._carry_out(statement)
                statement.move("FINISHED")
        except (PostgresFault, ServiceError) as error:
            statement.move("FAILED", _worded(error))
        except Exception as error:  # noqa: BLE001 - a mistake here must end the statement too
            traceback.print_exc(file=sys.stderr)
            statement.move("FAILED", f"batcat local failed: {type(error).__name__}: {error}")

    def _carry_out(self, statement: Statement) -> None:
        user, database = login_of(self._world, statement.request, statement.region)
        connection = warehouse_of(self._world).backend.connect(user, database)
        with statement.lock:
            statement.connection, statement.pid = connection, connection.key[0]
        try:
            if statement.batch:
                connection.query("BEGIN")
            given = {one["name"]: one["value"] for one in statement.request.get("Parameters") or []}
            for number, part in enumerate(statement.parts, 1):
                if statement.status in FINAL:
                    break
                self._run_part(connection, part, given, number if statement.batch else 0)
            if statement.batch:
                connection.query("COMMIT")
        finally:
            with statement.lock:
                statement.connection = None
            connection.close()

    def _run_part(
        self, connection: Connection, part: Part, given: dict[str, str], number: int
    ) -> None:
        part.began, part.status = now(), "STARTED"
        try:
            part.result = self._result(connection, part.sql, given)
            part.status = "FINISHED"
        except PostgresFault as error:
            part.status, part.error = "FAILED", _worded(error)
            if not number:
                raise
            told = {**error.told, "M": f"Query #{number} failed with {part.error}"}
            raise PostgresFault(told) from None
        finally:
            part.ended = now()

    def _result(self, connection: Connection, sql: str, given: dict[str, str]) -> Result:
        numbered, values = bound(sql, given)
        try:
            made = translated(numbered, fold=True)
            order = order_of(made)
            if order is not None:
                order.query = translated(order.query, fold=True)
        except (NotEmulatedError, UnsupportedError, StatementError) as error:
            raise failing(connection, str(error)) from None
        if order is None:
            return connection.bound(made, values)
        tag, _ = warehouse_of(self._world).backend.carrier.carry_out(order, connection)
        return Result(tag=tag)

    def _found(self, identity: str) -> tuple[Statement, Part]:
        """A statement, and the part of a batch that ``id:2`` names."""
        whole, _, number = identity.partition(":")
        with self._lock:
            statement = self._statements.get(whole)
        parts = statement.parts if statement else []
        place = int(number) - 1 if number.isdigit() else 0
        if statement is None or statement.region != current_request().region or place >= len(parts):
            raise ServiceError("ResourceNotFoundException", f"Query does not exist. Id: {identity}")
        return statement, parts[place]

    def _close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _worded(error: PostgresFault | ServiceError) -> str:
    """An error as DescribeStatement gives it."""
    text = error.told.get("M", "") if isinstance(error, PostgresFault) else error.message
    return text if text.startswith("Query #") else f"ERROR: {text}"
