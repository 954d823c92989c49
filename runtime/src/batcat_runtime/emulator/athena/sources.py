"""Tables and views of the Glue catalog as views of one query's session."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from batcat_runtime.emulator.sql.errors import NotEmulatedError, QueryError
from batcat_runtime.emulator.sql.kinds import quoted, to_trino
from batcat_runtime.emulator.sql.scan import Place, Scan, columns_of, key_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batcat_runtime.emulator.sql.engine import Session
    from batcat_runtime.emulator.sql.objects import Objects

CATALOG = "awsdatacatalog"
VIEW_START, VIEW_END = "/* Presto View: ", " */"
DEEPEST = 20
"""How deep views may stand in views."""


@dataclass
class Sources:
    """Finds what a query reads.

    Attributes:
        glue: a client of the catalog.
        objects: the local S3.
        session: the query's connection.
        database: where a name without database is looked for.
        cutoff: most bytes that may be read, or None.
        scanned: bytes that reading takes, so far.
    """

    glue: Any
    objects: Objects
    session: Session
    database: str
    cutoff: int | None = None
    scanned: int = 0
    _made: int = 0
    _depth: int = 0
    _tables: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def relation(self, node: exp.Table) -> str:
        """A view for a table in a query.

        Raises:
            QueryError: there is no such table, or it cannot be read.
        """
        database = self.place_of(node)
        self._made += 1
        name = f"athena_{self._made}"
        if database == "information_schema":
            self.session.view(name, self._information(node.name.lower()))
            return name
        table = self.table(database, node.name)
        if table.get("TableType") == "VIRTUAL_VIEW":
            self.session.view(name, self._view(table))
        else:
            self.session.view(name, self._rows(table, node))
        return name

    def place_of(self, node: exp.Table) -> str:
        """The database that a table's name means.

        Raises:
            QueryError: of another catalog, or without any database.
        """
        if node.catalog and node.catalog.lower() != CATALOG:
            raise NotEmulatedError(f"data catalog {node.catalog}")
        database = node.db or self.database
        if not database:
            raise QueryError(
                "MISSING_SCHEMA_NAME", "Schema must be specified when session schema is not set"
            )
        return str(database).lower()

    def table(self, database: str, name: str) -> dict[str, Any]:
        """A table's description.

        Raises:
            QueryError: there is none.
        """
        place = (database.lower(), name.lower())
        if place not in self._tables:
            try:
                found = self.glue.get_table(DatabaseName=place[0], Name=place[1])["Table"]
            except self.glue.exceptions.EntityNotFoundException as error:
                if str(error.response["Error"]["Message"]).startswith("Database"):
                    raise QueryError(
                        "SCHEMA_NOT_FOUND", f"Schema '{place[0]}' does not exist"
                    ) from None
                raise QueryError(
                    "TABLE_NOT_FOUND", f"Table '{CATALOG}.{place[0]}.{place[1]}' does not exist"
                ) from None
            self._tables[place] = found
        return self._tables[place]

    def partitions(self, table: dict[str, Any]) -> list[dict[str, Any]]:
        """All partitions of a table."""
        pages = self.glue.get_paginator("get_partitions").paginate(
            DatabaseName=table["DatabaseName"], TableName=table["Name"]
        )
        return [one for page in pages for one in page["Partitions"]]

    def _view(self, table: dict[str, Any]) -> str:
        self._depth += 1
        if self._depth > DEEPEST:
            raise QueryError("VIEW_IS_RECURSIVE", f"View {table['Name']} refers to itself")
        told = _view_of(table)
        outer, self.database = self.database, told.get("schema") or table["DatabaseName"]
        sql = self.session.translate(told["originalSql"], self.relation)
        self.database = outer
        self._depth -= 1
        return sql

    def _rows(self, table: dict[str, Any], node: exp.Table) -> str:
        scan = Scan(table, self.session, self.objects)
        if table.get("PartitionKeys"):
            places = [
                Place(one["StorageDescriptor"]["Location"], tuple(one["Values"]),
                      {**table["StorageDescriptor"], **one["StorageDescriptor"]})
                for one in self._pruned(table, node, scan)
            ]  # fmt: skip
        else:
            storage = table["StorageDescriptor"]
            places = [Place(storage["Location"], (), storage)]
        sql = scan.sql(places, used_columns(node.root()))
        self.scanned += scan.bytes
        if self.cutoff is not None and self.scanned > self.cutoff:
            raise QueryError(
                "BYTES_SCANNED_LIMIT", "Query cancelled! : Bytes scanned limit was exceeded"
            )
        return sql

    def _pruned(self, table: dict[str, Any], node: exp.Table, scan: Scan) -> list[dict[str, Any]]:
        """Partitions that the query's WHERE does not rule out by their keys alone."""
        partitions = self.partitions(table)
        tests = conditions(node, {name for name, _ in scan.keys})
        if not tests or not partitions:
            return partitions
        rows = ", ".join(
            f"({place}, {', '.join(_key_values(one['Values'], scan))})"
            for place, one in enumerate(partitions)
        )
        names = ", ".join(quoted(name) for name, _ in scan.keys)
        self._made += 1
        view = f"athena_{self._made}"
        self.session.view(view, f"SELECT * FROM (VALUES {rows}) AS t(athena_place, {names})")  # noqa: S608
        asked = exp.select(exp.column("athena_place")).from_(exp.table_(view)).where(*tests)
        try:
            sql = self.session.translate(asked, lambda _: view)
            kept = {row[0] for row in self.session.execute(sql).fetchall()}
        except QueryError:
            return partitions  # whatever is wrong with it, the whole query will say
        return [one for place, one in enumerate(partitions) if place in kept]

    def _information(self, name: str) -> str:
        databases = [
            one["Name"]
            for page in self.glue.get_paginator("get_databases").paginate()
            for one in page["DatabaseList"]
        ]
        if name == "schemata":
            return _rows_of(("catalog_name", "schema_name"), [(CATALOG, one) for one in databases])
        tables = [
            one
            for database in databases
            for page in self.glue.get_paginator("get_tables").paginate(DatabaseName=database)
            for one in page["TableList"]
        ]
        if name == "tables":
            kinds = {"VIRTUAL_VIEW": "VIEW"}
            listed = [
                (CATALOG, one["DatabaseName"], one["Name"],
                 kinds.get(one.get("TableType", ""), "BASE TABLE"))
                for one in tables
            ]  # fmt: skip
            return _rows_of(("table_catalog", "table_schema", "table_name", "table_type"), listed)
        if name == "columns":
            return _rows_of(_COLUMN_NAMES, [row for one in tables for row in _column_rows(one)])
        raise NotEmulatedError(f"information_schema.{name}", "schemata, tables and columns are.")


def _key_values(values: Sequence[str], scan: Scan) -> list[str]:
    return [key_value(value, kind) for value, (_, kind) in zip(values, scan.keys, strict=True)]


_COLUMN_NAMES = (
    "table_catalog", "table_schema", "table_name", "column_name", "ordinal_position",
    "column_default", "is_nullable", "data_type", "comment", "extra_info",
)  # fmt: skip


def _column_rows(table: dict[str, Any]) -> list[tuple[Any, ...]]:
    keys = table.get("PartitionKeys") or []
    described = [*table["StorageDescriptor"].get("Columns", []), *keys]
    return [
        (CATALOG, table["DatabaseName"], table["Name"], name, place, None, "YES", to_trino(kind),
         one.get("Comment"), "partition key" if one in keys else None)
        for place, (one, (name, kind)) in enumerate(
            zip(described, columns_of(described), strict=True), 1
        )
    ]  # fmt: skip


def _rows_of(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    listed = ", ".join(quoted(name) for name in names)
    numbers = {"ordinal_position": "BIGINT"}
    kinds = ", ".join(
        f"CAST({quoted(name)} AS {numbers.get(name, 'VARCHAR')}) AS {quoted(name)}"
        for name in names
    )
    written = ", ".join(f"({', '.join(_literal(value) for value in row)})" for row in rows)
    empty = f"({', '.join('NULL' for _ in names)})"
    where = "" if rows else " WHERE false"
    return f"SELECT {kinds} FROM (VALUES {written or empty}) AS t({listed}){where}"  # noqa: S608


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _view_of(table: dict[str, Any]) -> dict[str, Any]:
    """What a view's text in the catalog says: JSON in base64 in a comment."""
    text = str(table.get("ViewOriginalText") or "")
    if not text.startswith(VIEW_START):
        raise NotEmulatedError(f"the view {table['Name']}, which Athena did not make")
    told: dict[str, Any] = json.loads(base64.b64decode(text[len(VIEW_START) : -len(VIEW_END)]))
    return told


def view_text(told: dict[str, Any]) -> str:
    """A view's text as Athena keeps it in the catalog."""
    return f"{VIEW_START}{base64.b64encode(json.dumps(told).encode()).decode()}{VIEW_END}"


def used_columns(tree: exp.Expr) -> set[str] | None:
    """Names of the columns in a query; None if it has a star that stands for columns."""
    for star in tree.find_all(exp.Star):
        if not isinstance(star.parent, exp.Anonymous):
            return None
    names = {column.name.lower() for column in tree.find_all(exp.Column)}
    parts = {part.name.lower() for column in tree.find_all(exp.Column) for part in column.parts}
    using = {
        one.name.lower() for join in tree.find_all(exp.Join) for one in join.args.get("using") or []
    }
    return names | parts | using


def conditions(node: exp.Table, keys: set[str]) -> list[exp.Expr]:
    """Conditions of the query's WHERE on nothing but a table's partition keys."""
    holder = node.parent
    select = holder.parent if isinstance(holder, (exp.From, exp.Join)) else None
    where = select.args.get("where") if isinstance(select, exp.Select) else None
    outer = isinstance(holder, exp.Join) and holder.side
    if (
        where is None
        or select is None
        or outer
        or any(join.side for join in select.args.get("joins") or [])
    ):
        return []
    alone = not select.args.get("joins")
    alias = node.alias_or_name.lower()
    found = []
    for term in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        columns = list(term.find_all(exp.Column))
        fits = all(
            column.name.lower() in keys
            and (column.table.lower() == alias if column.table else alone)
            for column in columns
        )
        if columns and fits and not term.find(exp.Query):
            test = term.copy()
            for column in test.find_all(exp.Column):
                column.set("table", None)
                column.set("db", None)
            found.append(test)
    return found
