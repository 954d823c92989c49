"""Statements on the catalog: CREATE, DROP, ALTER, MSCK REPAIR, SHOW and DESCRIBE."""

from __future__ import annotations

import fnmatch
from typing import Any

from sqlglot import exp, parse_one

from batcat_runtime.emulator.sql.errors import NotEmulatedError, QueryError
from batcat_runtime.emulator.sql.objects import folder_of

from . import ddl as tables
from .results import column_info
from .statements import closing, ddl, texted, tokens
from .work import Work, name_at


class Definitions(Work):
    """Carries out statements on the catalog."""

    def _create_table(self) -> None:
        node, exists, table = tables.external_table(self.sql)
        database = self.sources.place_of(node)
        if exists and self.find(database, node.name):
            return
        try:
            self.glue.create_table(DatabaseName=database, TableInput=table)
        except self.glue.exceptions.AlreadyExistsException:
            raise QueryError(
                "FAILED",
                f"AlreadyExistsException(message:Table {node.name} already exists.)",
            ) from None
        except self.glue.exceptions.EntityNotFoundException:
            raise QueryError("SCHEMA_NOT_FOUND", f"Database does not exist: {database}") from None

    def _create_database(self) -> None:
        tree = ddl(self.sql)
        given: dict[str, Any] = {"Name": tree.this.name}
        for clause in tree.args["properties"].expressions if tree.args.get("properties") else []:
            if isinstance(clause, exp.LocationProperty):
                given["LocationUri"] = clause.name
            elif isinstance(clause, exp.SchemaCommentProperty):
                given["Description"] = clause.name
            else:
                raise NotEmulatedError(f"CREATE DATABASE with {clause.key}")
        try:
            self.glue.create_database(DatabaseInput=given)
        except self.glue.exceptions.AlreadyExistsException:
            if not tree.args.get("exists"):
                raise QueryError("FAILED", f"Database {tree.this.name} already exists") from None

    def _drop_table(self) -> None:
        tree = ddl(self.sql)
        node = tree.args["tables"][0] if tree.args.get("tables") else tree.this
        database = self.sources.place_of(node)
        found = self.find(database, node.name)
        if not found:
            if tree.args.get("exists"):
                return
            raise QueryError("TABLE_NOT_FOUND", f"Table not found {node.name}")
        word = self.execution.statement.detail.partition("_")[2]
        if (found.get("TableType") == "VIRTUAL_VIEW") is not (word == "VIEW"):
            raise NotEmulatedError(f"DROP {word} of the other kind", f"{node.name} is not one.")
        self.glue.delete_table(DatabaseName=database, Name=node.name)

    def _drop_database(self) -> None:
        tree = ddl(self.sql)
        node = tree.args["tables"][0] if tree.args.get("tables") else tree.this
        name = (node.name or node.db).lower()
        try:
            listed = self.glue.get_tables(DatabaseName=name)["TableList"]
        except self.glue.exceptions.EntityNotFoundException:
            if tree.args.get("exists"):
                return
            raise QueryError("SCHEMA_NOT_FOUND", f"Database does not exist: {name}") from None
        if listed and not tree.args.get("cascade"):
            raise QueryError(
                "FAILED",
                f"InvalidOperationException(message:Database {name} is not empty.)",
            )
        self.glue.delete_database(Name=name)

    def _repair_table(self) -> None:
        node, _ = name_at(tokens(self.sql), 3)
        table = self.sources.table(self.sources.place_of(node), node.name)
        if not table.get("PartitionKeys"):
            raise QueryError("FAILED", f"Table {node.name} is not a partitioned table")
        known = {tuple(one["Values"]) for one in self.sources.partitions(table)}
        fresh = {
            values: place
            for values, place in tables.found_partitions(table, self.objects).items()
            if values not in known
        }
        self.add_places(table, fresh)
        names = [key["Name"] for key in table["PartitionKeys"]]
        shown = [
            f"{node.name}:" + "/".join(f"{n}={v}" for n, v in zip(names, values, strict=True))
            for values in fresh
        ]
        lines = [f"Partitions not in metastore: {' '.join(shown)}"] if shown else []
        lines += [f"Repair: Added partition to metastore {one}" for one in shown]
        self.lines("result", lines)

    def _alter_table(self) -> None:
        parts = tokens(self.sql)
        node, place = name_at(parts, 2)
        table = self.sources.table(self.sources.place_of(node), node.name)
        words = [token.text.upper() for token in parts[place : place + 5]]
        guarded = "IF" in words[:2]
        if words[0] == "ADD" and "PARTITION" in words:
            places = _added(self.sql, parts, place, table)
            known = {tuple(one["Values"]) for one in self.sources.partitions(table)}
            twice = [values for values in places if values in known]
            if twice and not guarded:
                raise QueryError(
                    "FAILED", "AlreadyExistsException(message:Partition already exists.)"
                )
            self.add_places(table, {v: p for v, p in places.items() if v not in known})
        elif words[0] == "DROP" and "PARTITION" in words:
            for values in _added(self.sql, parts, place, table):
                self._drop_partition(table, list(values), guarded=guarded)
        else:
            raise NotEmulatedError(
                f"ALTER TABLE {' '.join(words[:2])}", "ADD and DROP PARTITION are."
            )

    def _drop_partition(self, table: dict[str, Any], values: list[str], *, guarded: bool) -> None:
        place = {"DatabaseName": table["DatabaseName"], "TableName": table["Name"]}
        try:
            self.glue.delete_partition(**place, PartitionValues=values)
        except self.glue.exceptions.EntityNotFoundException:
            if not guarded:
                raise QueryError("FAILED", f"Partition not found {values}") from None

    def _show_tables(self) -> None:
        self._show_names("tab_name", views=None)

    def _show_views(self) -> None:
        self._show_names("views", views=True)

    def _show_names(self, column: str, *, views: bool | None) -> None:
        parts, database, pattern = tokens(self.sql)[2:], self.sources.database, "*"
        while parts:
            token = parts.pop(0)
            if token.text.upper() in ("IN", "FROM") and parts:
                database = parts.pop(0).text.lower()
            elif token.token_type.name == "STRING":
                pattern = token.text.lower().replace(".*", "*")
        if not database:
            raise QueryError("MISSING_SCHEMA_NAME", "Schema must be specified")
        try:
            found = [
                one
                for page in self.glue.get_paginator("get_tables").paginate(DatabaseName=database)
                for one in page["TableList"]
            ]
        except self.glue.exceptions.EntityNotFoundException:
            raise QueryError("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist") from None
        names = [
            one["Name"]
            for one in found
            if views is None or (one.get("TableType") == "VIRTUAL_VIEW") is views
        ]
        self.lines(column, [name for name in names if fnmatch.fnmatch(name, pattern)])

    def _show_databases(self) -> None:
        pages = self.glue.get_paginator("get_databases").paginate()
        self.lines("database_name", [one["Name"] for page in pages for one in page["DatabaseList"]])

    def _show_partitions(self) -> None:
        table = self._shown(2)
        names = [key["Name"] for key in table.get("PartitionKeys") or []]
        self.lines(
            "partition",
            [
                "/".join(f"{n}={v}" for n, v in zip(names, one["Values"], strict=True))
                for one in self.sources.partitions(table)
            ],
        )

    def _show_columns(self) -> None:
        table = self._shown(2)
        described = [*table["StorageDescriptor"]["Columns"], *(table.get("PartitionKeys") or [])]
        self.lines("field", [f"{column['Name']:<20}" for column in described])

    def _show_create_table(self) -> None:
        table = self._shown(3)
        if table.get("TableType") == "VIRTUAL_VIEW":
            raise NotEmulatedError("SHOW CREATE TABLE of a view", "SELECT from it, or DESCRIBE it.")
        self.lines("createtab_stmt", tables.create_table_text(table))

    def _describe(self) -> None:
        table, keys = self._shown(1), []
        described = [*table["StorageDescriptor"]["Columns"], *(table.get("PartitionKeys") or [])]
        lines = [_described(column) for column in described]
        if table.get("PartitionKeys"):
            keys = ["\t \t ", "# Partition Information\t \t ",
                    f"{'# col_name':<20}\t{'data_type':<20}\t{'comment':<20}", "\t \t ",
                    *[_described(column) for column in table["PartitionKeys"]]]  # fmt: skip
        self.lines("col_name", [*lines, *keys])
        self.execution.columns = [column_info(n) for n in ("col_name", "data_type", "comment")]

    def _shown(self, place: int) -> dict[str, Any]:
        """The table that a statement shows; what follows its name may only be a database."""
        parts = tokens(self.sql)
        if place >= len(parts):
            raise QueryError("SYNTAX_ERROR", "a name is missing")
        place += parts[place].text.upper() in ("IN", "FROM")
        if parts[place].text.upper() in ("FORMATTED", "EXTENDED") and place + 1 < len(parts):
            raise NotEmulatedError(self.sql, "DESCRIBE it alone.")
        node, after = name_at(parts, place)
        rest = [token.text for token in parts[after:]]
        if len(rest) == 2 and rest[0].upper() in ("IN", "FROM"):  # noqa: PLR2004 - and its name
            node = exp.table_(node.name, db=rest[1])
        elif rest:
            said = " ".join(token.text.upper() for token in parts[:place])
            raise NotEmulatedError(f"{said} {node.name} {' '.join(rest)}", "Name a table alone.")
        return self.sources.table(self.sources.place_of(node), node.name)


def _added(
    sql: str, parts: list[Any], place: int, table: dict[str, Any]
) -> dict[tuple[str, ...], str]:
    """The PARTITION (…) [LOCATION '…'] of an ALTER TABLE."""
    names = [key["Name"] for key in table.get("PartitionKeys") or []]
    found: dict[tuple[str, ...], str] = {}
    while place < len(parts):
        if parts[place].text.upper() != "PARTITION":
            place += 1
            continue
        end = closing(parts, place + 1)
        inside = texted(sql, parts, place + 2, end)
        values = tuple(tables.partition_values(table, parse_one(f"f({inside})", read="hive")))
        folders = "/".join(f"{n}={v}" for n, v in zip(names, values, strict=True))
        location = f"{folder_of(table['StorageDescriptor']['Location'])}{folders}/"
        place = end + 1
        if place + 1 < len(parts) and parts[place].text.upper() == "LOCATION":
            location = folder_of(parts[place + 1].text)
        found[values] = location
    return found


def _described(column: dict[str, Any]) -> str:
    return f"{column['Name']:<20}\t{column['Type']:<20}\t{column.get('Comment', ''):<20}"
