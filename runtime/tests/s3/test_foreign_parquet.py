"""Parquet that others wrote, and objects of one dataset that differ."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import batcat_runtime as bc
from batcat_runtime.aws import client

WAYS: list[dict[str, Any]] = [
    {},
    {"columns": ["t"]},
    {"filters": [("n", ">", 0)]},
    {"chunksize": 9},
]
FAR = [dt.datetime(2026, 1, 1, 12), dt.datetime(9999, 12, 31), dt.datetime(1, 1, 1)]  # noqa: DTZ001


def put(bucket: str, key: str, columns: dict[str, Any], **options: Any) -> None:
    """Store a table, as pyarrow writes it."""
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    client("s3").put_object(Bucket=bucket, Key=key, Body=buffer.getvalue())


def read(bucket: str, key: str, **options: Any) -> pd.DataFrame:
    """Read a table, also in chunks."""
    found = bc.read_parquet_from_bucket(bucket, key, **options)
    return found if isinstance(found, pd.DataFrame) else pd.concat(found, ignore_index=True)


@pytest.mark.parametrize("options", WAYS)
def test_times_of_spark_reach_all_years(s3_bucket: str, options: dict[str, Any]) -> None:
    """Nanoseconds do not: Arrow would make 1816 of the year 9999."""
    columns = {"t": pa.array([*FAR, None], pa.timestamp("us")), "n": [1, 2, 3, 4]}
    put(s3_bucket, "x.parquet", columns, use_deprecated_int96_timestamps=True)
    found = read(s3_bucket, "x.parquet", **options)["t"]
    assert found.dtype == "datetime64[us]"
    assert found.tolist() == [*map(pd.Timestamp, FAR), pd.NaT]


@pytest.mark.parametrize("options", WAYS)
def test_times_of_impala_keep_their_nanoseconds(s3_bucket: str, options: dict[str, Any]) -> None:
    """Where 64 bits hold them; else they are refused, and not rounded."""
    near = pa.array([-1, 1_577_836_800_123_456_789], pa.timestamp("ns"))
    old = {"use_deprecated_int96_timestamps": True}
    put(s3_bucket, "x.parquet", {"t": near, "n": [1, 2]}, **old)
    found = read(s3_bucket, "x.parquet", **options)["t"]
    assert found.dtype == "datetime64[ns]"
    assert [one.value for one in found] == [-1, 1_577_836_800_123_456_789]
    both = {"t": near, "n": pa.array([1, 2]), "u": pa.array(FAR[:2], pa.timestamp("us"))}
    put(s3_bucket, "y.parquet", both, **old)
    if "columns" not in options:
        with pytest.raises(bc.DataError, match=r"y\.parquet, column 'u': .* beyond the year 2262"):
            read(s3_bucket, "y.parquet", **options)


def test_times_inside_of_others_reach_all_years(s3_bucket: str) -> None:
    """In lists, structs and maps."""
    moment = pa.timestamp("us")
    columns = {
        "l": pa.array([FAR, None], pa.list_(moment)),
        "s": pa.array([{"t": FAR[1]}, None], pa.struct([("t", moment)])),
        "m": pa.array([[("k", FAR[2])], None], pa.map_(pa.string(), moment)),
    }
    put(s3_bucket, "x.parquet", columns, use_deprecated_int96_timestamps=True)
    found = read(s3_bucket, "x.parquet")
    assert found.iloc[0].to_dict() == {"l": FAR, "s": {"t": FAR[1]}, "m": {"k": FAR[2]}}


def test_codes_of_a_dictionary_fit_plain_texts(s3_bucket: str) -> None:
    """Pandas writes codes for categories; another object of the dataset has texts."""
    put(s3_bucket, "d/a.parquet", {"t": pa.array(["x", None]).dictionary_encode()})
    put(s3_bucket, "d/b.parquet", {"t": ["y"]})
    assert read(s3_bucket, "d/")["t"].tolist() == ["x", pd.NA, "y"]
    assert read(s3_bucket, "d/", columns=["t"])["t"].tolist() == ["x", pd.NA, "y"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([2**53 + 1]), pa.array([0.5])),
        (pa.array([FAR[1]], pa.timestamp("us")), pa.array([1], pa.timestamp("ns"))),
    ],
    ids=["whole numbers", "times"],
)
def test_values_that_no_common_type_holds_are_refused(s3_bucket: str, one: Any, other: Any) -> None:
    """Neither rounded nor turned into others."""
    put(s3_bucket, "d/a.parquet", {"x": one})
    put(s3_bucket, "d/b.parquet", {"x": other})
    with pytest.raises(bc.DataError, match=r"2 objects beginning with s3://.*no type holds all"):
        read(s3_bucket, "d/")


ROWS = pd.DataFrame(
    {"year": pd.array([2024, 2025, None], dtype="Int64"), "day": ["a", "b", None], "n": [1, 2, 3]}
)


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        ([("year", "!=", 2024)], [2]),
        ([("year", "not in", [2024])], [2, 3]),
        ([("year", "in", [None])], [3]),
        ([("year", "in", [2025, None])], [2, 3]),
        ([("year", "=", None)], []),
        ([("year", "<=", 2025.0)], [1, 2]),
        ([[("year", "=", 2024), ("n", "=", 2)], [("day", "=", "b")]], [2]),
    ],
)
@pytest.mark.parametrize("options", [{}, {"chunksize": 2}])
def test_filters_mean_the_same_in_folders_and_in_objects(
    s3_bucket: str, filters: Any, rows: list[int], options: dict[str, Any]
) -> None:
    """NULL included."""
    bc.save_to_bucket(ROWS, s3_bucket, "d/", partition_by=["year", "day"])
    bc.save_to_bucket(ROWS, s3_bucket, "x.parquet")
    for key in ("d/", "x.parquet"):
        found = read(s3_bucket, key, filters=filters, **options)
        assert sorted(found["n"].tolist()) == rows


@pytest.mark.parametrize(
    "filters",
    [
        [("year", ">", "2024")],
        [("day", ">=", dt.date(2026, 1, 2))],
        [("n", "=", "x")],
        [("nothing", "=", 1)],
        [("year", "=")],
        [("year", "in", 2024)],
        [("year", "like", "2%")],
        [[]],
        [1],
    ],
)
@pytest.mark.parametrize("key", ["d/", "x.parquet"])
def test_filters_that_do_not_fit_are_named(s3_bucket: str, key: str, filters: Any) -> None:
    """As the caller's mistake, and not as an object that is no Parquet."""
    bc.save_to_bucket(ROWS, s3_bucket, "d/", partition_by=["year", "day"])
    bc.save_to_bucket(ROWS, s3_bucket, "x.parquet")
    with pytest.raises(bc.ConfigError, match="filters "):
        read(s3_bucket, key, filters=filters)
