"""What all statements have in common: where they read and where their results go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from batcat_runtime.emulator.sql.constructs import read
from batcat_runtime.emulator.sql.errors import QueryError

from .results import column_info, write_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from batcat_runtime.emulator.sql.kinds import Kind

    from .execution import Execution
    from .sources import Sources


class Work:
    """One statement.

    Args:
        execution: what it belongs to; its result is noted there.
        sources: what it reads.
        sql: the statement, parameters filled in.
        rows: file for the result's rows.
        file: file for the result as it goes to S3.
    """

    def __init__(
        self, execution: Execution, sources: Sources, sql: str, rows: Path, file: Path
    ) -> None:
        self.execution, self.sources, self.sql = execution, sources, sql
        self.rows, self.file = rows, file
        self.session, self.glue, self.objects = sources.session, sources.glue, sources.objects

    def run(self) -> None:
        """Carry it out."""
        getattr(self, f"_{self.execution.statement.handler}")()

    def lines(self, column: str, lines: Sequence[str]) -> None:
        """Give a result of one column of texts."""
        write_lines(lines, self.rows, self.file)
        self.execution.columns = [column_info(column)]

    def query(self, sql: str) -> tuple[str, list[tuple[str, Kind]]]:
        """A query in DuckDB's words, and its columns."""
        made = self.session.translate(read(sql), self.sources.relation)
        columns = self.session.columns(made)
        self.execution.scanned = self.sources.scanned
        return made, columns

    def find(self, database: str, name: str) -> dict[str, Any] | None:
        """A table's description, or None if there is none."""
        try:
            return self.sources.table(database, name)
        except QueryError as error:
            if error.kind != "TABLE_NOT_FOUND":
                raise
            return None

    def add_places(self, table: dict[str, Any], places: dict[tuple[str, ...], str]) -> None:
        """Add partitions: values to location."""
        for values, location in places.items():
            self.glue.create_partition(
                DatabaseName=table["DatabaseName"],
                TableName=table["Name"],
                PartitionInput={
                    "Values": list(values),
                    "StorageDescriptor": {**table["StorageDescriptor"], "Location": location},
                },
            )


def name_at(parts: list[Any], place: int) -> tuple[exp.Table, int]:
    """A table's name that begins at a token, and the place after it."""
    if place >= len(parts):
        raise QueryError("SYNTAX_ERROR", "a name is missing")
    words = [parts[place].text]
    place += 1
    while place + 1 < len(parts) and parts[place].text == ".":
        words.append(parts[place + 1].text)
        place += 2
    if len(words) == 1 and "." in words[0]:  # `database.table` in one quotation
        words = words[0].split(".")
    name, *outer = reversed(words)
    return exp.table_(name, *outer), place


def named_column(name: str, place: int) -> str:
    """A column's name, which a table or view needs.

    Raises:
        QueryError: it has none.
    """
    if name.startswith("_col"):
        raise QueryError(
            "COLUMN_NAME_NOT_SPECIFIED", f"Column name not specified at position {place}"
        )
    return name
