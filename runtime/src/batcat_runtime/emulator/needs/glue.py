"""Glue's Data Catalog: an operation needs each resource on the way to what it is about.

Source: Glue Developer Guide, "Specifying AWS Glue resource ARNs".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .asked import Asked, Need

PREFIX = "glue"
_DATABASE = "catalog database/{Name}"
_TABLE = "catalog database/{DatabaseName} table/{DatabaseName}/{TableName}"
_NAMED = "catalog database/{DatabaseName} table/{DatabaseName}/{Name}"
_TABLES = "catalog database/{DatabaseName} table/{DatabaseName}/*"
RESOURCES = {
    "UpdateDatabase": _DATABASE,
    "GetDatabase": _DATABASE,
    "GetDatabases": "catalog database/*",
    "DeleteDatabase": f"{_DATABASE} table/{{Name}}/* userDefinedFunction/{{Name}}/*",
    "GetTable": _NAMED,
    "GetTables": _TABLES,
    "DeleteTable": _NAMED,
    "BatchDeleteTable": _TABLES,
    **dict.fromkeys(
        (
            *("CreatePartition", "BatchCreatePartition", "GetPartition", "GetPartitions"),
            *("BatchGetPartition", "UpdatePartition", "DeletePartition", "BatchDeletePartition"),
        ),
        _TABLE,
    ),
}


def _with_input(asked: Asked) -> list[Need]:
    """The name of what is made lies in its description."""
    database = asked.get("DatabaseName") or asked.get("DatabaseInput", "Name")
    table = asked.get("TableInput", "Name")
    places = ["catalog", f"database/{database}"] + ([f"table/{database}/{table}"] if table else [])
    return asked.needs(asked.operation, *places)


INSTEAD = dict.fromkeys(("CreateDatabase", "CreateTable", "UpdateTable"), _with_input)
