"""What Athena answers is read as what it means, or an error says why not."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from runtime.tests.athena.queries import REGION

import batcat_runtime as bc
from batcat_runtime.athena import results
from batcat_runtime.athena.told import column_type

if TYPE_CHECKING:
    from collections.abc import Callable


def test_times_more_precise_than_said_are_kept() -> None:
    """Athena says milliseconds of all of them."""
    kind = column_type({"Type": "timestamp", "Precision": 3})
    cells = ["2020-01-01 00:00:00.123456", None]
    found = results._column("t", kind, cells, "query")  # noqa: SLF001
    assert found.dtype == "datetime64[us]"
    assert found[0] == pd.Timestamp("2020-01-01 00:00:00.123456")
    with pytest.raises(bc.DataError, match=r"query, column 't': 'soon' is no timestamp\(3\)"):
        results._column("t", kind, [cells[0], "soon"], "query")  # noqa: SLF001


def test_statements_without_rows(s3_bucket: str) -> None:
    """Tables are made, filled and listed in the same way."""
    staging, name = f"s3://{s3_bucket}/results/", f"d{uuid.uuid4().hex}"

    def run(query: str) -> pd.DataFrame:
        return bc.read_data_from_athena(query, REGION, staging, database=name)

    assert run(f"create database {name}").empty
    run(f"create table made with (format = 'PARQUET', external_location = 's3://{s3_bucket}/made/')"
        " as select 1 as a")  # fmt: skip
    run("insert into made select 2")
    assert sorted(run("select * from made")["a"]) == [1, 2]
    shown = run("show tables")
    assert shown.iloc[:, 0].tolist() == ["made"]


def test_what_statements_tell_is_a_table(s3_bucket: str) -> None:
    """One text a row, of which each column is a part; blanks that fill it up are none."""
    base, folder = f"d{uuid.uuid4().hex}", f"s3://{s3_bucket}/"

    def run(query: str) -> pd.DataFrame:
        return bc.read_data_from_athena(query, REGION, f"{folder}athena/", database=base)

    run(f"create database {base}")
    run(
        "create external table kept (id bigint comment 'a number', s array<string>) "
        f"partitioned by (day string) stored as parquet location '{folder}kept/'"
    )
    run("alter table kept add partition (day = '2026-03-01') partition (day = '2026-03-02')")
    described = run("describe kept")
    assert list(described.columns) == ["col_name", "data_type", "comment"]
    assert described.iloc[:3].to_numpy().tolist() == [
        ["id", "bigint", "a number"], ["s", "array<string>", ""], ["day", "string", ""],
    ]  # fmt: skip
    assert described["col_name"].tolist()[3:] == [
        "", "# Partition Information", "# col_name", "", "day",
    ]  # fmt: skip
    assert run("show columns in kept")["field"].tolist() == ["id", "s", "day"]
    days = ["day=2026-03-01", "day=2026-03-02"]
    assert run("show partitions kept")["partition"].tolist() == days
    text = run("show create table kept")["createtab_stmt"].tolist()
    assert text[0].startswith("CREATE EXTERNAL TABLE")
    assert text[1].startswith("  `id` bigint")


def test_rows_of_statements_have_all_columns() -> None:
    """A row that says less has NULL; what says more loses nothing."""
    parted = results._parted  # noqa: SLF001
    assert parted(["EXTERNAL\tTRUE"], 2) == ["EXTERNAL", "TRUE"]
    assert parted(["alone "], 2) == ["alone", None]
    assert parted(["a\tb\tc"], 2) == ["a", "b\tc"]
    assert parted([None], 1) == [None]
    assert parted(["a", "b "], 2) == ["a", "b"]


def test_a_broken_result_file_is_an_error() -> None:
    """Half a file is no result."""
    import io

    columns = [("a", column_type({"Type": "integer"})), ("b", column_type({"Type": "varchar"}))]
    whole = b'"a","b"\n"1",""\n,\n"2","x""y\n"\n'
    found = results._from_arrow(io.BytesIO(whole), columns, "f")  # noqa: SLF001
    assert found["a"].tolist() == [1, pd.NA, 2]
    assert found["b"].tolist() == ["", pd.NA, 'x"y\n']
    cells = results._cells(io.BytesIO(whole), 2)  # noqa: SLF001
    assert cells == [["1", None, "2"], ["", None, 'x"y\n']]
    for broken in (b'"a","b"\n"1","', b'"a","b"\n"1",x\n'):
        with pytest.raises(bc.DataError, match="CSV is broken in line 2"):
            results._cells(io.BytesIO(broken), 2)  # noqa: SLF001


@pytest.mark.parametrize(
    ("told", "dtype"),
    [
        ({"Type": "float"}, "Float32"),
        ({"Type": "char", "Precision": 3}, "string"),
        ({"Type": "timestamp", "Precision": 0}, "datetime64[ms]"),
        ({"Type": "timestamp", "Precision": 6}, "datetime64[us]"),
        ({"Type": "timestamp with time zone", "Precision": 3}, "datetime64[ms, UTC]"),
        ({"Type": "interval day to second"}, "string"),
        ({"Type": "ipaddress"}, "string"),
        ({"Type": "unknown"}, "object"),
    ],
)
def test_types_as_athena_tells_them(told: dict[str, Any], dtype: str) -> None:
    """What pandas has no type for stays text."""
    assert column_type(told).dtype == dtype


def test_a_time_that_was_there_twice_is_refused() -> None:
    """Berlin had 02:30 twice that night, and Athena tells only the name of the zone."""
    with_offset: Callable[[str, str], str] = results._with_offset  # noqa: SLF001
    assert with_offset("c", "2020-07-01 02:30:00.123 Europe/Berlin").endswith("02:30:00.123+0200")
    assert with_offset("c", "2020-07-01 02:30:00.123 UTC").endswith(" UTC")
    with pytest.raises(bc.DataError, match=r"column 'c': .* was there twice.*AT TIME ZONE 'UTC'"):
        with_offset("c", "2020-10-25 02:30:00.000 Europe/Berlin")
