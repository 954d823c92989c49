"""The catalog as Athena's API shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.needs.athena import PRINCIPAL
from batcat_runtime.emulator.protocol import ServiceError

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

CODE = "InvalidRequestException"
PAGE = 50
CATALOG = {"CatalogName": "AwsDataCatalog", "Type": "GLUE"}


class Metadata:
    """Data catalogs, databases and tables.

    Args:
        world: where Glue is reached.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def list_data_catalogs(self, request: dict[str, Any]) -> dict[str, Any]:
        """The one there is."""
        del request
        return {"DataCatalogsSummary": [CATALOG]}

    def list_databases(self, request: dict[str, Any]) -> dict[str, Any]:
        """Databases of the catalog, paged."""
        found = self._glue(request).get_databases(**_page_of(request))
        databases = [_database(one) for one in found["DatabaseList"]]
        return {"DatabaseList": databases, **_token_of(found)}

    def get_database(self, request: dict[str, Any]) -> dict[str, Any]:
        """One database."""
        glue = self._glue(request)
        try:
            return {
                "Database": _database(glue.get_database(Name=request["DatabaseName"])["Database"])
            }
        except glue.exceptions.EntityNotFoundException as error:
            raise _missing(error) from None

    def list_table_metadata(self, request: dict[str, Any]) -> dict[str, Any]:
        """Tables of a database whose names fit an expression, paged."""
        glue = self._glue(request)
        try:
            found = glue.get_tables(DatabaseName=request["DatabaseName"], **_page_of(request))
        except glue.exceptions.EntityNotFoundException as error:
            raise _missing(error) from None
        pattern = re.compile(request.get("Expression") or ".*")
        listed = [_table(one) for one in found["TableList"] if pattern.fullmatch(one["Name"])]
        return {"TableMetadataList": listed, **_token_of(found)}

    def get_table_metadata(self, request: dict[str, Any]) -> dict[str, Any]:
        """One table."""
        glue = self._glue(request)
        place = {"DatabaseName": request["DatabaseName"], "Name": request["TableName"]}
        try:
            return {"TableMetadata": _table(glue.get_table(**place)["Table"])}
        except glue.exceptions.EntityNotFoundException as error:
            raise _missing(error) from None

    def _glue(self, request: dict[str, Any]) -> Any:
        if request["CatalogName"].lower() != "awsdatacatalog":
            raise ServiceError(CODE, f"Data catalog {request['CatalogName']} was not found")
        now = current_request()
        return self._world.client("glue", now.region, now.key, PRINCIPAL)


def _database(described: dict[str, Any]) -> dict[str, Any]:
    names = ("Name", "Description", "Parameters")
    return {name: described[name] for name in names if name in described}


def _table(described: dict[str, Any]) -> dict[str, Any]:
    names = ("Name", "CreateTime", "LastAccessTime", "TableType", "PartitionKeys", "Parameters")
    place = described.get("StorageDescriptor") or {}
    columns = [_column(one) for one in place.get("Columns", [])]
    serde = place.get("SerdeInfo") or {}
    shown = {
        "location": place.get("Location"),
        "inputformat": place.get("InputFormat"),
        "outputformat": place.get("OutputFormat"),
        "serde.serialization.lib": serde.get("SerializationLibrary"),
    }
    told = {name: described[name] for name in names if name in described}
    told["PartitionKeys"] = [_column(one) for one in told.get("PartitionKeys", [])]
    told["Parameters"] = {
        **{name: value for name, value in shown.items() if value},
        **(described.get("Parameters") or {}),
    }
    return {**told, "Columns": columns}


def _column(described: dict[str, Any]) -> dict[str, Any]:
    return {name: described[name] for name in ("Name", "Type", "Comment") if name in described}


def _page_of(request: dict[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in ("NextToken", "MaxResults") if request.get(name)}


def _token_of(found: dict[str, Any]) -> dict[str, Any]:
    return {"NextToken": found["NextToken"]} if found.get("NextToken") else {}


def _missing(error: Any) -> ServiceError:
    message = error.response["Error"]["Message"]
    return ServiceError("MetadataException", f"{message} (Service: AmazonDataCatalog)")
