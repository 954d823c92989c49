"""Statements with a query in them: SELECT, UNLOAD, CREATE TABLE AS, INSERT INTO, CREATE VIEW."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.sql.errors import NotEmulatedError, QueryError
from batcat_runtime.emulator.sql.kinds import quoted, to_duckdb, to_hive, to_trino
from batcat_runtime.emulator.sql.objects import folder_of
from batcat_runtime.emulator.sql.operators import fits
from batcat_runtime.emulator.sql.scan import columns_of

from .ddl import storage
from .results import column_info, write_query
from .sources import view_text
from .statements import closing, properties, texted, tokens
from .work import Work, name_at, named_column
from .writes import SERDES, Target, refuse_full, refuse_seconds, stored, target_of, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import exp

    from batcat_runtime.emulator.sql.kinds import Kind

FORMAT_OF = {serde: name for name, serde in SERDES.items()}


class Queries(Work):
    """Carries out statements with a query in them."""

    def _select(self) -> None:
        sql, columns = self.query(self.sql)
        write_query(self.session, sql, columns, self.rows, self.file)
        self.execution.columns = [column_info(name, kind) for name, kind in columns]

    def _unload(self) -> None:
        parts = tokens(self.sql)
        if len(parts) < 2 or parts[1].text != "(":  # noqa: PLR2004 - UNLOAD and its bracket
            raise QueryError("SYNTAX_ERROR", "UNLOAD needs a query in brackets")
        end = closing(parts, 1)
        rest = parts[end + 1 :]
        if len(rest) < 2 or rest[0].text.upper() != "TO" or rest[1].token_type.name != "STRING":  # noqa: PLR2004
            raise QueryError("SYNTAX_ERROR", "UNLOAD (…) needs TO 's3://…'")
        given = properties_at(parts, end + 3)
        if "format" not in given:
            raise QueryError("INVALID_UNLOAD_PROPERTY", "UNLOAD needs a format")
        location = rest[1].text
        refuse_full(self.objects, location)
        target = target_of(location, given, self.execution.identity, "")
        sql, columns = self.query(texted(self.sql, parts, 2, end))
        refuse_seconds(self.session, sql, columns)
        self.execution.update_count = write(self.session, sql, columns, target, self.objects)
        self.manifest(target)

    def _create_table_as(self) -> None:
        parts = tokens(self.sql)
        if any(token.text.upper() == "EXTERNAL" for token in parts[:3]):
            raise QueryError("SYNTAX_ERROR", "CREATE EXTERNAL TABLE has no AS")
        place = 2
        exists = [token.text.upper() for token in parts[2:5]] == ["IF", "NOT", "EXISTS"]
        place += 3 if exists else 0
        node, place = name_at(parts, place)
        if place >= len(parts) or parts[place].text.upper() not in ("WITH", "AS"):
            raise NotEmulatedError("CREATE TABLE without EXTERNAL", "Iceberg tables are not.")
        given = properties_at(parts, place)
        if parts[place].text.upper() == "WITH":
            place = closing(parts, place + 1) + 1
        if place >= len(parts) or parts[place].text.upper() != "AS":
            raise QueryError("SYNTAX_ERROR", "CREATE TABLE needs AS and a query")
        if [token.text.upper() for token in parts[-2:]] == ["NO", "DATA"]:
            raise NotEmulatedError("CREATE TABLE AS … WITH NO DATA", "Write LIMIT 0.")
        self._made_table(node, given, texted(self.sql, parts, place + 1), exists=exists)

    def _made_table(
        self, node: exp.Table, given: dict[str, Any], query: str, *, exists: bool
    ) -> None:
        database = self.sources.place_of(node)
        if self.find(database, node.name):
            if exists:
                return
            raise QueryError(
                "TABLE_ALREADY_EXISTS", f"Table '{database}.{node.name}' already exists"
            )
        default = f"{self.execution.output.rpartition('/')[0]}/tables/{self.execution.identity}/"
        location = str(given.pop("external_location", default))
        refuse_full(self.objects, location)
        target = target_of(location, given, self.execution.identity, "PARQUET")
        sql, columns = self.query(query)
        columns = [
            (named_column(name, place).lower(), kind)
            for place, (name, kind) in enumerate(columns, 1)
        ]
        refuse_seconds(self.session, sql, columns)
        self.execution.update_count = write(self.session, sql, columns, target, self.objects)
        described = [{"Name": name, "Type": to_hive(stored(kind))} for name, kind in columns]
        cut = len(described) - len(target.keys)
        serde = SERDES[target.format]
        parameters = {"field.delim": target.delimiter} if target.format == "TEXTFILE" else {}
        table = {
            "Name": node.name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "has_encrypted_data": "false"},
            "PartitionKeys": described[cut:],
            "StorageDescriptor": storage(described[:cut], target.location, serde, parameters),
        }
        self.glue.create_table(DatabaseName=database, TableInput=table)
        self.add_partitions({**table, "DatabaseName": database}, target)
        self.manifest(target)

    def _insert(self) -> None:
        parts = tokens(self.sql)
        node, place = name_at(parts, 2)
        database = self.sources.place_of(node)
        table = self.sources.table(database, node.name)
        if table.get("TableType") == "VIRTUAL_VIEW":
            raise QueryError("NOT_SUPPORTED", "Inserting into views is not supported")
        named: list[str] = []
        if parts[place].text == "(" and parts[place + 1].text.upper() not in (
            "SELECT",
            "WITH",
            "(",
        ):
            end = closing(parts, place)
            named = [token.text.lower() for token in parts[place + 1 : end] if token.text != ","]
            place = end + 1
        sql, columns = self.query(texted(self.sql, parts, place))
        place_of = table["StorageDescriptor"]
        wanted = columns_of([*place_of["Columns"], *(table.get("PartitionKeys") or [])])
        chosen = _matched(sql, columns, wanted, named)
        serde = place_of["SerdeInfo"]["SerializationLibrary"]
        if serde not in FORMAT_OF:
            raise NotEmulatedError(f"INSERT INTO a table with SerDe {serde}")
        codec = "NONE" if FORMAT_OF[serde] != "PARQUET" else "SNAPPY"
        mark = (place_of["SerdeInfo"].get("Parameters") or {}).get("field.delim", "\x01")
        keys = [key["Name"] for key in table.get("PartitionKeys") or []]
        target = Target(folder_of(place_of["Location"]), FORMAT_OF[serde], codec, mark, keys,
                        self.execution.identity)  # fmt: skip
        self.execution.update_count = write(self.session, chosen, wanted, target, self.objects)
        self.add_partitions(table, target)
        self.manifest(target)

    def _create_view(self) -> None:
        parts = tokens(self.sql)
        replace = parts[1].text.upper() == "OR"
        node, place = name_at(parts, 4 if replace else 2)
        if parts[place].text.upper() != "AS":
            raise NotEmulatedError(
                "CREATE VIEW with columns or properties", "Name them in the query."
            )
        query = texted(self.sql, parts, place + 1)
        _, columns = self.query(query)
        database = self.sources.place_of(node)
        named = [
            (named_column(name, place).lower(), kind)
            for place, (name, kind) in enumerate(columns, 1)
        ]
        told = {
            "originalSql": query,
            "catalog": "awsdatacatalog",
            "schema": self.sources.database or database,
            "columns": [{"name": name, "type": to_trino(kind)} for name, kind in named],
        }
        table = {
            "Name": node.name,
            "TableType": "VIRTUAL_VIEW",
            "Parameters": {"presto_view": "true", "comment": "Presto View"},
            "PartitionKeys": [],
            "ViewOriginalText": view_text(told),
            "ViewExpandedText": "/* Presto View */",
            "StorageDescriptor": {
                "Columns": [{"Name": name, "Type": to_hive(kind)} for name, kind in named],
                "Location": "",
                "SerdeInfo": {},
            },
        }
        found = self.find(database, node.name)
        if found and (not replace or found.get("TableType") != "VIRTUAL_VIEW"):
            raise QueryError("ALREADY_EXISTS", f"View already exists: '{database}.{node.name}'")
        act = self.glue.update_table if found else self.glue.create_table
        act(DatabaseName=database, TableInput=table)

    def add_partitions(self, table: dict[str, Any], target: Target) -> None:
        """Add the partitions that were written."""
        if target.keys:
            known = {tuple(one["Values"]) for one in self.sources.partitions(table)}
            self.add_places(table, {v: p for v, p in target.places.items() if v not in known})

    def manifest(self, target: Target) -> None:
        """The list of what was written, where clients look for it."""
        self.rows.write_text("", encoding="utf-8")
        self.file.write_text("".join(f"{uri}\n" for uri in target.written), encoding="utf-8")
        self.execution.manifest = (
            f"{self.execution.output.rpartition('/')[0]}/{self.execution.identity}-manifest.csv"
        )


def properties_at(parts: list[Any], place: int) -> dict[str, Any]:
    """The WITH (…) at a place, if there is one."""
    if place >= len(parts) or parts[place].text.upper() != "WITH":
        return {}
    end = closing(parts, place + 1)
    return properties(parts, place + 2, end)


def _matched(sql: str, columns: Sequence[tuple[str, Kind]], wanted: Sequence[tuple[str, Kind]],
             named: Sequence[str]) -> str:  # fmt: skip
    """The query's columns as the table's, in its order."""
    order = list(named) or [name for name, _ in wanted]
    kinds = dict(wanted)
    unknown = [name for name in order if name not in kinds]
    if unknown:
        raise QueryError(
            "COLUMN_NOT_FOUND", f"Insert column name does not exist in target table: {unknown[0]}"
        )
    if len(columns) != len(order) or any(
        not fits(kind, kinds[name]) for (_, kind), name in zip(columns, order, strict=True)
    ):
        raise QueryError(
            "TYPE_MISMATCH",
            "Insert query has mismatched column types: "
            f"Table: [{', '.join(to_trino(kinds[name]) for name in order if name in kinds)}], "
            f"Query: [{', '.join(to_trino(kind) for _, kind in columns)}]",
        )
    values = [
        f"CAST({quoted(f'c{order.index(name)}') if name in order else 'NULL'} AS {to_duckdb(kind)})"
        for name, kind in wanted
    ]
    names = ", ".join(quoted(f"c{place}") for place in range(len(order)))
    return f"SELECT {', '.join(values)} FROM ({sql}) AS t({names})"  # noqa: S608 - names are ours
