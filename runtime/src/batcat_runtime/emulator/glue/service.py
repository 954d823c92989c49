"""Glue's API, as far as the Data Catalog goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.paging import paged
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from .catalog import Catalog, missing
from .expressions import matching

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator.world import World

PAGE = 100
PAGE_OF_PARTITIONS = 1000


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
        catalog = self._catalog(request)
        catalog.create_database(request["DatabaseInput"])

    def get_database(self, request: dict[str, Any]) -> dict[str, Any]:
        """One database."""
        catalog = self._catalog(request)
        return {"Database": catalog.database(request["Name"]).description}

    def get_databases(self, request: dict[str, Any]) -> dict[str, Any]:
        """All databases, paged."""
        catalog = self._catalog(request)
        found = [database.description for database in catalog.databases()]
        return paged("DatabaseList", found, request, PAGE, "InvalidInputException")

    def update_database(self, request: dict[str, Any]) -> None:
        """Replace what is said of a database."""
        catalog = self._catalog(request)
        catalog.update_database(request["Name"], request["DatabaseInput"])

    def delete_database(self, request: dict[str, Any]) -> None:
        """Forget a database and its tables."""
        self._catalog(request).delete_database(request["Name"])

    def create_table(self, request: dict[str, Any]) -> None:
        """Make a table."""
        catalog = self._catalog(request)
        _check_table("CreateTable", request["TableInput"])
        catalog.create_table(request["DatabaseName"], request["TableInput"])

    def update_table(self, request: dict[str, Any]) -> None:
        """Replace what is said of a table; no older version is kept."""
        catalog = self._catalog(request)
        _check_table("UpdateTable", request["TableInput"])
        catalog.update_table(request["DatabaseName"], request["TableInput"])

    def get_table(self, request: dict[str, Any]) -> dict[str, Any]:
        """One table."""
        catalog = self._catalog(request)
        return {"Table": catalog.table(request["DatabaseName"], request["Name"]).description}

    def get_tables(self, request: dict[str, Any]) -> dict[str, Any]:
        """A database's tables, by name, paged."""
        catalog = self._catalog(request)
        tables = catalog.database(request["DatabaseName"]).tables
        pattern = re.compile(_hive_pattern(request.get("Expression") or "*"))
        found = [tables[name].description for name in sorted(tables) if pattern.fullmatch(name)]
        return paged("TableList", found, request, PAGE, "InvalidInputException")

    def delete_table(self, request: dict[str, Any]) -> None:
        """Forget a table; its objects stay."""
        catalog = self._catalog(request)
        catalog.delete_table(request["DatabaseName"], request["Name"])

    def batch_delete_table(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget several tables."""
        catalog = self._catalog(request)
        errors = []
        for name in request["TablesToDelete"]:
            detail = _tried(lambda name=name: catalog.delete_table(request["DatabaseName"], name))  # type: ignore[misc]
            errors += [{"TableName": name, "ErrorDetail": detail}] if detail else []
        return {"Errors": errors}

    def create_partition(self, request: dict[str, Any]) -> None:
        """Add a partition."""
        catalog = self._catalog(request)
        catalog.create_partition(*_place(request), request["PartitionInput"])

    def batch_create_partition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add several partitions."""
        catalog = self._catalog(request)
        return self._each(
            request["PartitionInputList"],
            lambda given: list(given.get("Values", [])),
            lambda given: catalog.create_partition(*_place(request), given),
        )

    def get_partition(self, request: dict[str, Any]) -> dict[str, Any]:
        """One partition."""
        catalog = self._catalog(request)
        return {"Partition": catalog.partition(*_place(request), request["PartitionValues"])}

    def get_partitions(self, request: dict[str, Any]) -> dict[str, Any]:
        """A table's partitions, filtered and paged."""
        table = self._catalog(request).table(*_place(request))
        test = matching(request.get("Expression") or "", table.keys)
        found = [one for values, one in sorted(table.partitions.items()) if test(list(values))]
        if request.get("ExcludeColumnSchema"):
            found = [_without_columns(one) for one in found]
        return paged("Partitions", found, request, PAGE_OF_PARTITIONS, "InvalidInputException")

    def batch_get_partition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Several partitions; those that do not exist are left out."""
        table = self._catalog(request).table(*_place(request))
        asked = [tuple(one["Values"]) for one in request["PartitionsToGet"]]
        found = [table.partitions[values] for values in asked if values in table.partitions]
        return {"Partitions": found, "UnprocessedKeys": []}

    def update_partition(self, request: dict[str, Any]) -> None:
        """Replace a partition."""
        catalog = self._catalog(request)
        with catalog.lock:
            catalog.delete_partition(*_place(request), request["PartitionValueList"])
            catalog.create_partition(*_place(request), request["PartitionInput"])

    def delete_partition(self, request: dict[str, Any]) -> None:
        """Forget a partition; its objects stay."""
        catalog = self._catalog(request)
        catalog.delete_partition(*_place(request), request["PartitionValues"])

    def batch_delete_partition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget several partitions."""
        catalog = self._catalog(request)
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

    def _catalog(self, request: dict[str, Any]) -> Catalog:
        account = self._world.account
        if request.get("CatalogId") not in (None, account):
            raise missing(f"Catalog {request['CatalogId']} not found.")
        return self._catalogs.setdefault(current_request().region, Catalog(account))


def _place(request: dict[str, Any]) -> tuple[str, str]:
    return request["DatabaseName"], request["TableName"]


def _check_table(operation: str, given: dict[str, Any]) -> None:
    kind = str((given.get("Parameters") or {}).get("table_type", "")).upper()
    if kind not in ("", "EXTERNAL_TABLE"):
        raise NotEmulated(f"glue {operation} of an {kind} table", "Use Parquet, JSON or CSV.")


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
