"""What the catalog of one region holds.

Source of the rules: botocore's model of Glue and its documentation strings ("For Hive
compatibility, this is folded to lowercase when it is stored"); messages as in public issue
trackers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from threading import RLock
from typing import Any

from batcat_runtime.emulator.protocol import ServiceError

_TABLE_MEMBERS = (
    "Description", "Owner", "LastAccessTime", "LastAnalyzedTime", "Retention",
    "StorageDescriptor", "PartitionKeys", "ViewOriginalText", "ViewExpandedText", "TableType",
    "Parameters",
)  # fmt: skip
"""Members of TableInput that are kept and given back."""


def now() -> datetime:
    """The present second, UTC, as Glue gives it."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def missing(what: str) -> ServiceError:
    """Nothing of that name."""
    return ServiceError("EntityNotFoundException", what)


def taken(what: str) -> ServiceError:
    """The name is in use."""
    return ServiceError("AlreadyExistsException", f"{what} already exists.")


@dataclass
class Table:
    """A table.

    Attributes:
        description: as GetTable gives it.
        partitions: values to the partition as GetPartition gives it.
    """

    description: dict[str, Any]
    partitions: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)

    @property
    def keys(self) -> list[dict[str, Any]]:
        """The partition keys."""
        return list(self.description.get("PartitionKeys") or [])


@dataclass
class Database:
    """A database.

    Attributes:
        description: as GetDatabase gives it.
        tables: by name, in lower case.
    """

    description: dict[str, Any]
    tables: dict[str, Table] = field(default_factory=dict)


class Catalog:
    """Databases of one region; safe to use from several threads.

    Args:
        account: its id.
    """

    def __init__(self, account: str) -> None:
        self.lock = RLock()
        self._account = account
        self._databases: dict[str, Database] = {}

    def databases(self) -> list[Database]:
        """All, by name."""
        return [self._databases[name] for name in sorted(self._databases)]

    def database(self, name: str) -> Database:
        """One of them."""
        found = self._databases.get(name.lower())
        if found is None:
            raise missing(f"Database {name.lower()} not found.")
        return found

    def create_database(self, given: dict[str, Any]) -> None:
        """Make a database."""
        name = given["Name"].lower()
        if name in self._databases:
            raise taken("Database")
        made = {**given, "Name": name, "CreateTime": now(), "CatalogId": self._account}
        self._databases[name] = Database(made)

    def update_database(self, name: str, given: dict[str, Any]) -> None:
        """Replace what is said of a database; its name stays."""
        old = self.database(name).description
        kept = {key: old[key] for key in ("Name", "CreateTime", "CatalogId")}
        self.database(name).description = {**given, **kept}

    def delete_database(self, name: str) -> None:
        """Forget a database and its tables."""
        del self._databases[self.database(name).description["Name"]]

    def table(self, database: str, name: str) -> Table:
        """A table."""
        found = self.database(database).tables.get(name.lower())
        if found is None:
            raise missing(f"Entity Not Found: Table {name.lower()} not found.")
        return found

    def create_table(self, database: str, given: dict[str, Any]) -> None:
        """Make a table."""
        tables, name = self.database(database).tables, given["Name"].lower()
        if name in tables:
            raise taken("Table")
        tables[name] = Table(self._described(database, name, given, now(), 0))

    def update_table(self, database: str, given: dict[str, Any]) -> None:
        """Replace what is said of a table; its partitions stay."""
        table = self.table(database, given["Name"])
        old = table.description
        table.description = self._described(
            database, old["Name"], given, old["CreateTime"], int(old["VersionId"]) + 1
        )

    def delete_table(self, database: str, name: str) -> None:
        """Forget a table."""
        self.table(database, name)
        del self.database(database).tables[name.lower()]

    def create_partition(self, database: str, name: str, given: dict[str, Any]) -> None:
        """Add a partition."""
        table = self.table(database, name)
        values = tuple(given.get("Values", []))
        if len(values) != len(table.keys):
            raise ServiceError(
                "InvalidInputException",
                "The number of partition keys do not match the number of partition values",
            )
        if values in table.partitions:
            raise taken("Partition")
        table.partitions[values] = {
            **given,
            "Values": list(values),
            "DatabaseName": database.lower(),
            "TableName": name.lower(),
            "CreationTime": now(),
            "CatalogId": self._account,
        }

    def partition(self, database: str, name: str, values: list[str]) -> dict[str, Any]:
        """A partition."""
        found = self.table(database, name).partitions.get(tuple(values))
        if found is None:
            raise missing("Cannot find partition.")
        return found

    def delete_partition(self, database: str, name: str, values: list[str]) -> None:
        """Forget a partition."""
        self.partition(database, name, values)
        del self.table(database, name).partitions[tuple(values)]

    def _described(
        self, database: str, name: str, given: dict[str, Any], created: datetime, version: int
    ) -> dict[str, Any]:
        kept = {key: given[key] for key in _TABLE_MEMBERS if given.get(key) is not None}
        for column in [
            *kept.get("PartitionKeys", []),
            *kept.get("StorageDescriptor", {}).get("Columns", []),
        ]:
            column["Name"] = column["Name"].lower()
        return {
            "Retention": 0,
            **kept,
            "Name": name,
            "DatabaseName": database.lower(),
            "CreateTime": created,
            "UpdateTime": now(),
            "CreatedBy": f"arn:aws:iam::{self._account}:root",
            "IsRegisteredWithLakeFormation": False,
            "CatalogId": self._account,
            "VersionId": str(version),
        }
