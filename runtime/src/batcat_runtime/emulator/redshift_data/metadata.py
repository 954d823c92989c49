"""The warehouse's catalog as the Data API shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.paging import paged
from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.redshift_wire.columns import Field, described
from batcat_runtime.emulator.redshift_wire.protocol import PostgresFault
from batcat_runtime.emulator.redshift_wire.warehouse import warehouse_of

from .login import login_of

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

PAGE = 1000
CODE = "ValidationException"
DATABASES = "SELECT database_name FROM svv_redshift_databases ORDER BY 1"
SCHEMAS = "SELECT schema_name FROM svv_all_schemas WHERE schema_name LIKE $1 ORDER BY 1"
TABLES = """
SELECT table_name, table_type, schema_name FROM svv_all_tables
WHERE schema_name LIKE $1 AND table_name LIKE $2 ORDER BY 3, 1
"""
COLUMNS = """
SELECT a.attname, coalesce(nullif(t.typbasetype, 0), t.oid), a.atttypmod, a.attnotnull,
  coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""


class Metadata:
    """Databases, schemas, tables and columns.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def list_databases(self, request: dict[str, Any]) -> dict[str, Any]:
        """Databases of the warehouse."""
        names = [row[0] for row in self._rows(request, DATABASES, [])]
        return paged("Databases", names, request, PAGE, CODE)

    def list_schemas(self, request: dict[str, Any]) -> dict[str, Any]:
        """Schemas of a database."""
        pattern = request.get("SchemaPattern") or "%"
        names = [row[0] for row in self._rows(request, SCHEMAS, [pattern])]
        return paged("Schemas", names, request, PAGE, CODE)

    def list_tables(self, request: dict[str, Any]) -> dict[str, Any]:
        """Tables of a database."""
        patterns = [request.get("SchemaPattern") or "%", request.get("TablePattern") or "%"]
        rows = self._rows(request, TABLES, patterns)
        tables = [dict(zip(("name", "type", "schema"), row, strict=True)) for row in rows]
        return paged("Tables", tables, request, PAGE, CODE)

    def describe_table(self, request: dict[str, Any]) -> dict[str, Any]:
        """Columns of a table."""
        schema, table = request.get("Schema") or "public", request.get("Table") or ""
        columns = [
            {
                **described(Field(str(name), 0, 0, int(oid or 0), int(modifier or 0))),
                "nullable": 0 if required == "t" else 1,
                "columnDefault": default or "",
                "schemaName": schema,
                "tableName": table,
            }
            for name, oid, modifier, required, default in self._rows(
                request, COLUMNS, [schema, table]
            )
        ]
        return {"TableName": table, **paged("ColumnList", columns, request, PAGE, CODE)}

    def _rows(
        self, request: dict[str, Any], sql: str, values: list[str | None]
    ) -> list[list[str | None]]:
        user, database = login_of(self._world, request)
        try:
            connection = warehouse_of(self._world).backend.connect(user, database)
        except PostgresFault as error:
            raise ServiceError("DatabaseConnectionException", str(error), 400) from None
        try:
            return connection.bound(sql, values).rows
        finally:
            connection.close()
