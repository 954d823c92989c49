"""CREATE, DROP and ALTER of databases, tables and partitions.

Source: Amazon Athena User Guide, "DDL statements".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sqlglot import exp

from batcat_runtime.emulator.sql.errors import NotEmulatedError, QueryError
from batcat_runtime.emulator.sql.hive import HCATALOG, JSON, LAZY, OPEN_CSV, OPENX, PARQUET
from batcat_runtime.emulator.sql.kinds import from_sql, to_hive
from batcat_runtime.emulator.sql.objects import folder_of, split

from .statements import ddl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batcat_runtime.emulator.sql.objects import Objects

INPUT_OUTPUT = {
    PARQUET: (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    ),
    "text": (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    ),
}
STORED = {"PARQUET": PARQUET, "TEXTFILE": LAZY, "TEXT": LAZY, "JSON": OPENX}
DELIMITED = {
    "fields": "field.delim", "escaped": "escape.delim", "collection_items": "collection.delim",
    "map_keys": "mapkey.delim", "lines": "line.delim", "null": "serialization.null.format",
}  # fmt: skip
READABLE = (LAZY, OPEN_CSV, PARQUET, OPENX, HCATALOG)


def storage(columns: Sequence[dict[str, Any]], location: str, serde: str,
            parameters: dict[str, str] | None = None) -> dict[str, Any]:  # fmt: skip
    """A storage descriptor."""
    formats = INPUT_OUTPUT[PARQUET if serde == PARQUET else "text"]
    return {
        "Columns": list(columns),
        "Location": location,
        "InputFormat": formats[0],
        "OutputFormat": formats[1],
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": parameters or {}},
    }


def external_table(sql: str) -> tuple[exp.Table, bool, dict[str, Any]]:
    """CREATE EXTERNAL TABLE.

    Returns:
        The table's name, whether it may exist already, and its TableInput.

    Raises:
        NotEmulatedError: it has a clause that is not emulated.
        QueryError: it lacks a location, or a type does not exist.
    """
    tree = ddl(sql)
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        raise QueryError("SYNTAX_ERROR", "CREATE EXTERNAL TABLE needs columns")
    given = Clauses()
    for clause in tree.args["properties"].expressions:
        given.take(clause)
    if not given.location:
        raise QueryError("SYNTAX_ERROR", "CREATE EXTERNAL TABLE needs a LOCATION")
    if given.serde not in READABLE:
        raise NotEmulatedError(f"SerDe {given.serde}", "Parquet, CSV and JSON are.")
    split(given.location)
    columns = _columns(tree.this.expressions)
    names = [column["Name"] for column in [*columns, *given.keys]]
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise QueryError(
            "FAILED", f"SemanticException Duplicate column name {twice[0]} in the table definition"
        )
    table = {
        "Name": tree.this.this.name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", **given.properties},
        "PartitionKeys": given.keys,
        "StorageDescriptor": storage(
            columns,
            folder_of(given.location),
            given.serde,
            given.parameters,
        ),
    }
    described = {"Description": given.comment} if given.comment else {}
    return tree.this.this, bool(tree.args.get("exists")), table | described


@dataclass
class Clauses:
    """What follows the columns of a CREATE EXTERNAL TABLE."""

    comment: str = ""
    location: str = ""
    serde: str = LAZY
    keys: list[dict[str, Any]] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)

    def take(self, clause: Any) -> None:
        """Note one clause.

        Raises:
            NotEmulatedError: it is not emulated.
        """
        taker = getattr(self, f"_{clause.key}", None)
        if taker is None:
            raise NotEmulatedError(f"CREATE EXTERNAL TABLE with {clause.key}")
        taker(clause)

    def _externalproperty(self, clause: Any) -> None:
        del clause

    def _schemacommentproperty(self, clause: Any) -> None:
        self.comment = clause.name

    def _partitionedbyproperty(self, clause: Any) -> None:
        self.keys = _columns(clause.this.expressions)

    def _locationproperty(self, clause: Any) -> None:
        self.location = clause.name

    def _rowformatserdeproperty(self, clause: Any) -> None:
        self.serde = clause.name
        inner = clause.args.get("serde_properties")
        self.parameters = _pairs(inner.expressions if inner else [])

    def _serdeproperties(self, clause: Any) -> None:
        self.parameters = _pairs(clause.expressions)

    def _rowformatdelimitedproperty(self, clause: Any) -> None:
        self.parameters = {
            name: clause.args[part].name
            for part, name in DELIMITED.items()
            if clause.args.get(part) is not None
        }

    def _fileformatproperty(self, clause: Any) -> None:
        self.serde = _stored_as(clause, self.serde)

    def _property(self, clause: Any) -> None:
        self.properties |= _pairs([clause])


def _stored_as(clause: exp.FileFormatProperty, serde: str) -> str:
    if isinstance(clause.this, exp.InputOutputFormat):
        name = str(clause.this.args["input_format"].name)
        return PARQUET if "parquet" in name.lower() else serde
    name = clause.name.upper()
    if name not in STORED:
        raise NotEmulatedError(f"STORED AS {name}", "PARQUET, TEXTFILE and JSON are.")
    return serde if name in ("TEXTFILE", "TEXT") or serde in JSON else STORED[name]


def _columns(nodes: Sequence[Any]) -> list[dict[str, Any]]:
    columns = []
    for node in nodes:
        if not isinstance(node, exp.ColumnDef) or node.args.get("kind") is None:
            raise QueryError("SYNTAX_ERROR", f"a column needs a name and a type: {node}")
        kind = from_sql(node.args["kind"].sql(dialect="hive"))
        column = {"Name": node.name.lower(), "Type": to_hive(kind)}
        for constraint in node.args.get("constraints") or []:
            if isinstance(constraint.kind, exp.CommentColumnConstraint):
                column["Comment"] = constraint.kind.name
        columns.append(column)
    return columns


def _pairs(nodes: Sequence[Any]) -> dict[str, str]:
    return {node.this.name: node.args["value"].name for node in nodes}


def partition_values(table: dict[str, Any], node: Any) -> list[str]:
    """Values of a PARTITION (…), in the order of the table's keys.

    Raises:
        QueryError: a key is missing or unknown.
    """
    given = {}
    for one in node.expressions:
        if not isinstance(one, exp.EQ):
            raise NotEmulatedError("PARTITION with other than =")
        given[one.this.name.lower()] = one.expression.name
    names = [key["Name"] for key in table.get("PartitionKeys") or []]
    if set(given) != set(names):
        raise QueryError(
            "SEMANTIC_ERROR", f"the partition names {sorted(given)}, the table has {names}"
        )
    return [given[name] for name in names]


def found_partitions(table: dict[str, Any], objects: Objects) -> dict[tuple[str, ...], str]:
    """Partitions that lie below a table's location as ``key=value`` folders."""
    location = folder_of(table["StorageDescriptor"]["Location"])
    names = [key["Name"] for key in table.get("PartitionKeys") or []]
    prefix = split(location)[1]
    found = {}
    for one in objects.listed(location):
        folders = one.key[len(prefix) :].split("/")[: len(names)]
        pairs = [folder.partition("=") for folder in folders]
        if [pair[0].lower() for pair in pairs] == names:
            values = tuple(unquote(pair[2]) for pair in pairs)
            found[values] = f"{location}{'/'.join(folders)}/"
    return found


def create_table_text(table: dict[str, Any]) -> list[str]:
    """SHOW CREATE TABLE, a line each."""
    place = table["StorageDescriptor"]
    serde = place.get("SerdeInfo") or {}
    columns = ", \n".join(_column_text(column) for column in place.get("Columns", []))
    lines = [f"CREATE EXTERNAL TABLE `{table['DatabaseName']}.{table['Name']}`("]
    lines += f"{columns})".split("\n")
    if table.get("PartitionKeys"):
        keys = ", \n".join(_column_text(column) for column in table["PartitionKeys"])
        lines += ["PARTITIONED BY ( ", *f"{keys})".split("\n")]
    lines += ["ROW FORMAT SERDE ", f"  '{serde.get('SerializationLibrary', LAZY)}' "]
    if serde.get("Parameters"):
        lines += ["WITH SERDEPROPERTIES ( ", *_pair_lines(serde["Parameters"])]
    lines += ["STORED AS INPUTFORMAT ", f"  '{place.get('InputFormat')}' ", "OUTPUTFORMAT "]
    lines += [f"  '{place.get('OutputFormat')}'", "LOCATION", f"  '{place.get('Location')}'"]
    return [*lines, "TBLPROPERTIES (", *_pair_lines(table.get("Parameters") or {})]


def _column_text(column: dict[str, Any]) -> str:
    comment = f" COMMENT '{column['Comment']}'" if column.get("Comment") else ""
    return f"  `{column['Name']}` {column['Type']}{comment}"


def _pair_lines(pairs: dict[str, str]) -> list[str]:
    lines = [f"  '{name}'='{value}', " for name, value in sorted(pairs.items())]
    return [*lines[:-1], lines[-1].rstrip(", ") + ")"] if lines else ["  )"]
