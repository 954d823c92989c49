"""Glue's API, as far as the Data Catalog goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.accepting import only, page
from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from .catalog import TABLE_MEMBERS, Catalog, missing
from .expressions import matching

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator.world import World

PAGE = 100
PAGE_OF_PARTITIONS = 1000
DATABASE = ("Name", "Description", "LocationUri", "Parameters", "CreateTableDefaultPermissions")


class Glue:
    """Databases, tables and partitions.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._catalogs: dict[str, Catalog] = {}

    def create_database(self, request: dict[str, Any]) -> None:
        """Make a database."""
        catalog = self._catalog("CreateDatabase", request, "DatabaseInput")
        only("glue CreateDatabase DatabaseInput", request["DatabaseInput"], *DATABASE)
        catalog.create_database(request["DatabaseInput"])

    def get_database(self, request: dict[str, Any]) -> dict[str, Any]:
        """One database."""
        catalog = self._catalog("GetDatabase", request, "Name")
        return {"Database": catalog.database(request["Name"]).description}

    def get_databases(self, request: dict[str, Any]) -> dict[str, Any]:
        """All databases, paged."""
        catalog = self._catalog("GetDatabases", request, "NextToken", "MaxResults")
        found = [database.description for database in catalog.databases()]
        return _paged("DatabaseList", found, request, PAGE)

    def update_database(self, request: dict[str, Any]) -> None:
        """Replace what is said of a database."""
        catalog = self._catalog("UpdateDatabase", request, "Name", "DatabaseInput")
        only("glue UpdateDatabase DatabaseInput", request["DatabaseInput"], *DATABASE)
        catalog.update_database(request["Name"], request["DatabaseInput"])

    def delete_database(self, request: dict[str, Any]) -> None:
        """Forget a database and its tables."""
        self._catalog("DeleteDatabase", request, "Name").delete_database(request["Name"])

    def create_table(self, request: dict[str, Any]) -> None:
        """Make a table."""
        catalog = self._catalog("CreateTable", request, "DatabaseName", "TableInput")
        _check_table("CreateTable", request["TableInput"])
        catalog.create_table(request["DatabaseName"], request["TableInput"])

    def update_table(self, request: dict[str, Any]) -> None:
        """Replace what is said of a table; no older version is kept."""
        catalog = self._catalog("UpdateTable", request, "DatabaseName", "TableInput", "SkipArchive")
        _check_table("UpdateTable", request["TableInput"])
        catalog.update_table(request["DatabaseName"], request["TableInput"])

    def get_table(self, request: dict[str, Any]) -> dict[str, Any]:
        """One table."""
        catalog = self._catalog("GetTable", request, "DatabaseName", "Name")
        return {"Table": catalog.table(request["DatabaseName"], request["Name"]).description}

    def get_tables(self, request: dict[str, Any]) -> dict[str, Any]:
        """A database's tables, by name, paged."""
        names = ("DatabaseName", "Expression", "NextToken", "MaxResults")
        catalog = self._catalog("GetTables", request, *names)
        tables = catalog.database(request["DatabaseName"]).tables
        pattern = re.compile(_hive_pattern(request.get("Expression") or "*"))
        found = [tables[name].description for name in sorted(tables) if pattern.fullmatch(name)]
        return _paged("TableList", found, request, PAGE)

    def delete_table(self, request: dict[str, Any]) -> None:
        """Forget a table; its objects stay."""
        catalog = self._catalog("DeleteTable", request, "DatabaseName", "Name")
        catalog.delete_table(request["DatabaseName"], request["Name"])

    def batch_delete_table(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget several tables."""
        catalog = self._catalog("BatchDeleteTable", request, "DatabaseName", "TablesToDelete")
        errors = []
        for name in request["TablesToDelete"]:
            detail = _tried(lambda name=name: catalog.delete_table(request["DatabaseName"], name))  # type: ignore[misc]
            errors += [{"TableName": name, "ErrorDetail": detail}] if detail else []
        return {"Errors": errors}

    def create_partition(self, request: dict[str, Any]) -> None:
        """Add a partition."""
        names = ("DatabaseName", "TableName", "PartitionInput")
        catalog = self._catalog("CreatePartition", request, *names)
        catalog.create_partition(*_place(request), request["PartitionInput"])

    def batch_create_partition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add several partitions."""
        names = ("DatabaseName", "TableName", "PartitionInputList")
        catalog = self._catalog("BatchCreatePartition", request, *names)
        return self._each(
            request["PartitionInputList"],
            lambda given: list(given.get("Values", [])),
            lambda given: catalog.create_partition(*_place(request), given),
        )

    def get_partition(self, request: dict[str, Any]) -> dict[str, Any]:
        """One partition."""
        names = ("DatabaseName", "TableName", "PartitionValues")
        catalog = self._catalog("GetPartition", request, *names)
        return {"Partition": catalog.partition(*_place(request), request["PartitionValues"])}

    def get_partitions(self, request: dict[str, Any]) -> dict[str, Any]:
        """A table's partitions, filtered and paged."""
        names = ("DatabaseName", "TableName", "Expression", "NextToken", "MaxResults",
                 "ExcludeColumnSchema")  # fmt: skip
        table = self._catalog("GetPartitions", request, *names).table(*_place(request))
        test = matching(request.get("Expression") or "", table.keys)
        found = [one for values, one in sorted(table.partitions.items()) if test(list(values))]
        if request.get("ExcludeColumnSchema"):
            found = [_without_columns(one) for one in found]
        return _paged("Partitions", found, request, PAGE_OF_PARTITIONS)

    def batch_get_partition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Several partitions; those that do not exist are left out."""
        names = ("DatabaseName", "TableName", "PartitionsToGet")
        table = self._catalog("BatchGetPartition", request, *names).table(*_place(request))
        asked = [tuple(one["Values"]) for one in request["PartitionsToGet"]]
        found = [table.partitions[values] for values in asked if values in table.partitions]
        return {"Partitions": found, "UnprocessedKeys": []}

    def update_partition(self, request: dict[str, Any]) -> None:
        """Replace a partition."""
        names = ("DatabaseName", "TableName", "PartitionValueList", "PartitionInput")
        catalog = self._catalog("UpdatePartition", request, *names)
        with catalog.lock:
            catalog.delete_partition(*_place(request), request["PartitionValueList"])
            catalog.create_partition(*_place(request), request["PartitionInput"])

    def delete_partition(self, request: dict[str, Any]) -> None:
        """Forget a partition; its objects stay."""
        names = ("DatabaseName", "TableName", "PartitionValues")
        catalog = self._catalog("DeletePartition", request, *names)
        catalog.delete_partition(*_place(request), request["PartitionValues"])

    def batch_delete_partition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget several partitions."""
        names = ("DatabaseName", "TableName", "PartitionsToDelete")
        catalog = self._catalog("BatchDeletePartition", request, *names)
        return self._each(
            request["PartitionsToDelete"],
            lambda given: list(given["Values"]),
            lambda given: catalog.delete_partition(*_place(request), given["Values"]),
        )

    @staticmethod
    def _each(
        given: list[dict[str, Any]],
        values: Callable[[dict[str, Any]], list[str]],
        act: Callable[[dict[str, Any]], None],
    ) -> dict[str, Any]:
        errors = []
        for one in given:
            detail = _tried(lambda one=one: act(one))  # type: ignore[misc]
            errors += [{"PartitionValues": values(one), "ErrorDetail": detail}] if detail else []
        return {"Errors": errors}

    def _catalog(self, operation: str, request: dict[str, Any], *names: str) -> Catalog:
        only(f"glue {operation}", request, "CatalogId", *names)
        account = self._world.account
        if request.get("CatalogId") not in (None, account):
            raise missing(f"Catalog {request['CatalogId']} not found.")
        return self._catalogs.setdefault(current_request().region, Catalog(account))


def _place(request: dict[str, Any]) -> tuple[str, str]:
    return request["DatabaseName"], request["TableName"]


def _check_table(operation: str, given: dict[str, Any]) -> None:
    only(f"glue {operation} TableInput", given, "Name", *TABLE_MEMBERS)
    kind = str((given.get("Parameters") or {}).get("table_type", "")).upper()
    if kind not in ("", "EXTERNAL_TABLE"):
        raise NotEmulated(f"glue {operation} of an {kind} table", "Use Parquet, JSON or CSV.")


def _paged(
    name: str, items: list[dict[str, Any]], request: dict[str, Any], size: int
) -> dict[str, Any]:
    found, token = page(items, request.get("MaxResults") or size, request.get("NextToken"))
    return {name: found} | ({"NextToken": token} if token else {})


def _hive_pattern(expression: str) -> str:
    """Hive's pattern, ``*`` and ``|``; other regular expressions are taken as they are."""
    return expression.lower().replace(".*", "*").replace("*", ".*")


def _tried(act: Callable[[], None]) -> dict[str, str] | None:
    try:
        act()
    except ServiceError as error:
        return {"ErrorCode": error.code, "ErrorMessage": error.message}
    return None


def _without_columns(partition: dict[str, Any]) -> dict[str, Any]:
    place = dict(partition.get("StorageDescriptor", {}))
    place.pop("Columns", None)
    return {**partition, "StorageDescriptor": place}
