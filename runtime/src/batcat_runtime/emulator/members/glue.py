"""The Glue Data Catalog: databases, tables and partitions."""

from __future__ import annotations

_DATABASE = " ".join(
    f"DatabaseInput.{name}"
    for name in (
        "Name",
        "Description",
        "LocationUri",
        "Parameters",
        "CreateTableDefaultPermissions.Principal.DataLakePrincipalIdentifier",
        "CreateTableDefaultPermissions.Permissions",
    )
)
_COLUMN = ("Name", "Type", "Comment", "Parameters")
_KEPT = ("LastAccessTime", "LastAnalyzedTime", "Parameters")
_STORAGE = tuple(
    f"StorageDescriptor.{name}"
    for name in (
        *(f"Columns.{part}" for part in _COLUMN),
        "Location",
        "InputFormat",
        "OutputFormat",
        "Compressed",
        "SerdeInfo.Name",
        "SerdeInfo.SerializationLibrary",
        "SerdeInfo.Parameters",
        "Parameters",
        "StoredAsSubDirectories=false",
    )
)
_FASTER = ("NumberOfBuckets", "BucketColumns", "SortColumns.Column", "SortColumns.SortOrder")
_TABLE = (
    *("Name", "Description", "Owner", "Retention", "ViewOriginalText", "ViewExpandedText"),
    *("TableType", *(f"PartitionKeys.{part}" for part in _COLUMN)),
)


def _inside(member: str, *names: str) -> str:
    return " ".join(f"{member}.{name}" for name in names)


_WHERE = "CatalogId DatabaseName"
_OF = f"{_WHERE} TableName"
_PAGED = "NextToken MaxResults"
EFFECTIVE = {
    "CreateDatabase": f"CatalogId {_DATABASE}",
    "UpdateDatabase": f"CatalogId Name {_DATABASE}",
    "GetDatabase": "CatalogId Name",
    "GetDatabases": f"CatalogId {_PAGED}",
    "DeleteDatabase": "CatalogId Name",
    "CreateTable": f"{_WHERE} {_inside('TableInput', *_TABLE, *_KEPT, *_STORAGE)}",
    "UpdateTable": f"{_WHERE} {_inside('TableInput', *_TABLE, *_KEPT, *_STORAGE)} SkipArchive",
    "GetTable": f"{_WHERE} Name",
    "GetTables": f"{_WHERE} Expression {_PAGED}",
    "DeleteTable": f"{_WHERE} Name",
    "BatchDeleteTable": f"{_WHERE} TablesToDelete",
    "CreatePartition": f"{_OF} {_inside('PartitionInput', 'Values', *_KEPT, *_STORAGE)}",
    "BatchCreatePartition": f"{_OF} {_inside('PartitionInputList', 'Values', *_KEPT, *_STORAGE)}",
    "GetPartition": f"{_OF} PartitionValues",
    "GetPartitions": f"{_OF} Expression ExcludeColumnSchema {_PAGED}",
    "BatchGetPartition": f"{_OF} PartitionsToGet.Values",
    "UpdatePartition": (
        f"{_OF} PartitionValueList {_inside('PartitionInput', 'Values', *_KEPT, *_STORAGE)}"
    ),
    "DeletePartition": f"{_OF} PartitionValues",
    "BatchDeletePartition": f"{_OF} PartitionsToDelete.Values",
}


def _held(member: str) -> dict[str, str]:
    why = "it only lets a reader look at fewer objects"
    return {f"{member}.StorageDescriptor.{name}": why for name in _FASTER}


HELD = {
    "CreateTable": _held("TableInput"),
    "UpdateTable": _held("TableInput"),
    "CreatePartition": _held("PartitionInput"),
    "BatchCreatePartition": _held("PartitionInputList"),
    "UpdatePartition": _held("PartitionInput"),
}
