"""The Glue Data Catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

STORAGE = {
    "Columns": [{"Name": "Id", "Type": "bigint"}],
    "Location": "s3://somewhere/",
    "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
}


@pytest.fixture
def glue(aws: LocalAws) -> Any:
    """The client."""
    return aws.client("glue")


@pytest.fixture
def database(glue: Any, unique: Callable[[str], str]) -> str:
    """A database with a table ``t`` of partitions by ``dt`` and ``n``."""
    name = unique("db")
    glue.create_database(DatabaseInput={"Name": name})
    keys = [{"Name": "dt", "Type": "string"}, {"Name": "n", "Type": "int"}]
    table = {"Name": "T", "StorageDescriptor": STORAGE, "PartitionKeys": keys}
    glue.create_table(DatabaseName=name, TableInput=table)
    answer = glue.batch_create_partition(
        DatabaseName=name,
        TableName="t",
        PartitionInputList=[
            {"Values": [day, str(number)], "StorageDescriptor": STORAGE}
            for day in ("2024-01-01", "2024-01-02")
            for number in (1, 2, 10)
        ],
    )
    assert answer["Errors"] == []
    return name


def test_names_are_kept_in_lower_case(glue: Any, database: str) -> None:
    """As for Hive; what was given is given back."""
    table = glue.get_table(DatabaseName=database, Name="T")["Table"]
    assert (table["Name"], table["DatabaseName"]) == ("t", database)
    assert table["StorageDescriptor"]["Columns"] == [{"Name": "id", "Type": "bigint"}]
    assert table["VersionId"] == "0"
    glue.update_table(DatabaseName=database, TableInput={"Name": "t", "StorageDescriptor": STORAGE})
    assert glue.get_table(DatabaseName=database, Name="t")["Table"]["VersionId"] == "1"


def test_what_is_missing_or_there_already_is_an_error(glue: Any, database: str) -> None:
    """With the codes of Glue."""
    errors = glue.exceptions
    with pytest.raises(errors.EntityNotFoundException, match="Database nothing not found"):
        glue.get_database(Name="nothing")
    with pytest.raises(errors.EntityNotFoundException, match="Table nothing not found"):
        glue.get_table(DatabaseName=database, Name="nothing")
    with pytest.raises(errors.AlreadyExistsException, match="Database already exists"):
        glue.create_database(DatabaseInput={"Name": database.upper()})
    with pytest.raises(errors.AlreadyExistsException, match="Table already exists"):
        glue.create_table(DatabaseName=database, TableInput={"Name": "T"})
    with pytest.raises(errors.EntityNotFoundException, match="Cannot find partition"):
        glue.get_partition(DatabaseName=database, TableName="t", PartitionValues=["x", "1"])
    answer = glue.batch_create_partition(
        DatabaseName=database,
        TableName="t",
        PartitionInputList=[{"Values": ["2024-01-01", "1"]}, {"Values": ["only"]}],
    )
    codes = [error["ErrorDetail"]["ErrorCode"] for error in answer["Errors"]]
    assert codes == ["AlreadyExistsException", "InvalidInputException"]


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("dt = '2024-01-01'", 3),
        ("dt > '2024-01-01' AND n >= 2", 2),
        ("n < 10", 4),
        ("n IN (1, 10) OR dt = '2024-01-02'", 5),
        ("dt BETWEEN '2024-01-02' AND '2024-12-31'", 3),
        ("dt LIKE '2024-01-0%' AND NOT n = 1", 4),
        ("n <> 1", 4),
    ],
)
def test_partitions_are_filtered(glue: Any, database: str, expression: str, count: int) -> None:
    """Numbers as numbers, texts as texts; in pages."""
    pages = glue.get_paginator("get_partitions").paginate(
        DatabaseName=database,
        TableName="t",
        Expression=expression,
        PaginationConfig={"PageSize": 2},
    )
    assert len(list(pages.search("Partitions[].Values"))) == count


def test_a_key_that_is_no_number_compares_with_none(glue: Any, database: str) -> None:
    """As NULL does."""
    place = {"DatabaseName": database, "TableName": "t"}
    nothing = {"Values": ["2024-02-01", "__HIVE_DEFAULT_PARTITION__"]}
    glue.create_partition(**place, PartitionInput=nothing)
    for expression, count in (("n > 0", 6), ("n <> 1", 4), ("n IS NULL", 1)):
        found = glue.get_partitions(**place, Expression=expression)["Partitions"]
        assert len(found) == count, expression


def test_partitions_are_changed_and_removed(glue: Any, database: str) -> None:
    """One by one or several at once."""
    place = {"DatabaseName": database, "TableName": "t"}
    glue.update_partition(
        **place, PartitionValueList=["2024-01-01", "1"], PartitionInput={"Values": ["x", "1"]}
    )
    assert glue.get_partition(**place, PartitionValues=["x", "1"])["Partition"]["Values"] == [
        "x",
        "1",
    ]
    glue.delete_partition(**place, PartitionValues=["x", "1"])
    answer = glue.batch_delete_partition(
        **place, PartitionsToDelete=[{"Values": ["2024-01-01", "2"]}, {"Values": ["x", "1"]}]
    )
    assert len(answer["Errors"]) == 1
    assert len(glue.get_partitions(**place)["Partitions"]) == 4


@pytest.mark.parametrize(
    ("operation", "request_", "named"),
    [
        (
            "create_crawler",
            {"Name": "c", "Role": "r", "Targets": {}},
            "glue operation CreateCrawler",
        ),
        (
            "create_table",
            {"PartitionIndexes": [{"Keys": ["dt"], "IndexName": "i"}]},
            "CreateTable parameter PartitionIndexes",
        ),
        (
            "create_table",
            {"TableInput": {"Name": "i", "Parameters": {"table_type": "ICEBERG"}}},
            "ICEBERG table",
        ),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(
    glue: Any, database: str, operation: str, request_: dict[str, Any], named: str
) -> None:
    """Crawlers, indexes, other table formats."""
    given = dict(request_)
    if operation == "create_table":
        given = {"DatabaseName": database, "TableInput": {"Name": "i"}, **given}
    with pytest.raises(glue.exceptions.ClientError) as caught:
        getattr(glue, operation)(**given)
    assert caught.value.response["Error"]["Code"] == "NotEmulated"
    assert named in caught.value.response["Error"]["Message"]
