"""A dataset in partitions comes back as it was written."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.compute as pc
import pytest
from runtime.tests.s3.datasets.objects import put

import batcat_runtime as bc

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.faulty import FaultyS3


PARTS = pd.DataFrame(
    {
        "site": pd.array(["a/b=c %", "电池", None, "a/b=c %"], dtype="string"),
        "year": pd.array([2026, 2026, None, 2025], dtype="Int64"),
        "day": pd.Series([dt.date(2026, 1, 1)] * 3 + [None], dtype=object),
        "n": pd.array([1, 2, 3, 4], dtype="Int64"),
    }
)
TYPES = {"site": "varchar", "year": "bigint", "day": "date", "n": "bigint"}


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_a_partitioned_dataset_comes_back(s3_bucket: str, form: Any) -> None:
    """With NULL partitions and odd signs; each write adds rows unless it replaces."""
    by = ["site", "year"]
    for _ in range(2):
        assert bc.save_to_bucket(PARTS, s3_bucket, "d/", partition_by=by, format=form) == 200
    keys = bc.list_keys(s3_bucket, "d/", f".{form}")
    assert len(keys) == 8
    assert "d/site=a%2Fb%3Dc %25/year=2025/" in {key.rpartition("/")[0] + "/" for key in keys}
    assert any(
        "site=__HIVE_DEFAULT_PARTITION__/year=__HIVE_DEFAULT_PARTITION__/" in k for k in keys
    )
    bc.save_to_bucket(PARTS, s3_bucket, "d/", partition_by=by, format=form, replace_partitions=True)
    read: dict[str, Callable[..., pd.DataFrame]] = {
        "parquet": bc.read_parquet_from_bucket,
        "csv": lambda *place: bc.read_csv_from_bucket(*place, types=TYPES),
        "jsonl": lambda *place: bc.read_json_lines_from_bucket(*place, types=TYPES),
    }
    found = read[form](s3_bucket, "d/").sort_values("n", ignore_index=True)
    pd.testing.assert_frame_equal(found[list(PARTS)], PARTS)


def test_folders_whose_values_begin_with_nought_are_text(s3_bucket: str) -> None:
    """Months, for example; types= says otherwise."""
    put(s3_bucket, **{"month=01/x": b"n\n1\n", "month=12/x": b"n\n2\n"})
    assert bc.read_csv_from_bucket(s3_bucket, "raw/")["month"].tolist() == ["01", "12"]
    typed = bc.read_csv_from_bucket(s3_bucket, "raw/", types={"month": "tinyint"})
    assert typed["month"].tolist() == [1, 12]
    only = bc.read_csv_from_bucket(s3_bucket, "raw/", columns=["month", "n"])
    assert list(only) == ["month", "n"]
    pieces = bc.read_csv_from_bucket(s3_bucket, "raw/", columns=["month"], chunksize=5)
    assert [list(piece["month"]) for piece in pieces] == [["01"], ["12"]]


def test_a_partition_column_may_have_any_name(s3_bucket: str) -> None:
    """Also one of a hidden file, or a number."""
    frame = pd.DataFrame({"_site": ["a", "b"], ".x": [1, 2], 3: ["c", "d"], "n": [1, 2]})
    bc.save_to_bucket(frame, s3_bucket, "d/", partition_by=["_site", ".x", 3])  # type: ignore[list-item]
    read = bc.read_parquet_from_bucket(s3_bucket, "d/")
    assert read.to_dict("list") == {"n": [1, 2], "_site": ["a", "b"], ".x": [1, 2], "3": ["c", "d"]}


def test_a_dataset_for_no_bucket_leaves_nothing_to_remove(
    s3_bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither is anything said to be left."""
    frame = pd.DataFrame({"k": [1, 2], "n": [1, 2]})
    with pytest.raises(bc.MissingError, match="NoSuchBucket"):
        bc.save_to_bucket(frame, f"{s3_bucket}-no", "d/", partition_by="k")
    assert "others may be left" not in capsys.readouterr().err


def test_values_that_would_share_a_folder_are_refused(s3_bucket: str) -> None:
    """One would replace the rows of the other."""
    frame = pd.DataFrame({"k": pd.Series([1, "1", True, "true"], dtype=object), "n": range(4)})
    with pytest.raises(bc.DataError, match=r"values \[1\] and \['1'\] would share .* k=1/"):
        bc.save_to_bucket(frame, s3_bucket, "d/", partition_by="k")
    assert bc.list_keys(s3_bucket) == []


def test_a_dataset_without_rows_is_said_to_be_none(
    s3_bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no folder that it could lie in."""
    frame = pd.DataFrame({"k": [1], "n": [1]})[:0]
    assert bc.save_to_bucket(frame, s3_bucket, "d/", partition_by="k") == 200
    assert "d/: the table has no rows, so no object is written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"partition_by": "x"}, bc.ConfigError, "partition_by names 'x'; the columns are"),
        ({"partition_by": ["a"]}, bc.DataError, "column 'a' holds '', which a folder cannot tell"),
        ({"partition_by": ["a", "b"]}, bc.ConfigError, "names all columns"),
        ({"partition_by": ["b", "b"]}, bc.ConfigError, "needs column 'b' once"),
        ({"format": "xml"}, bc.ConfigError, "format is 'xml'; it must be one of csv, parquet"),
        ({"types": {"b": "int"}}, bc.ConfigError, "types= are written only to Parquet"),
        ({"null": "x", "format": "jsonl"}, bc.ConfigError, "null= is for CSV"),
    ],
)
def test_what_cannot_be_written_is_refused_before_it_begins(
    s3_bucket: str, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """With the argument or the column to correct."""
    frame = pd.DataFrame({"a": [""], "b": [1]})
    with pytest.raises(error, match=message):
        bc.save_to_bucket(frame, s3_bucket, "d/", **options)
    assert bc.list_keys(s3_bucket) == []


def test_filters_fetch_only_partitions_that_may_hold_such_rows(
    watched: FaultyS3, s3_bucket: str
) -> None:
    """In both spellings of and/or, and together with columns of the objects."""
    frame = pd.DataFrame({"year": [2024, 2025, 2026] * 2, "n": range(6)})
    bc.save_to_bucket(frame, s3_bucket, "d/", partition_by="year")

    def read(filters: Any, **options: Any) -> list[int]:
        watched.requests.clear()
        found = bc.read_parquet_from_bucket(s3_bucket, "d/", filters=filters, **options)
        return sorted(found["n"].tolist())

    assert read([("year", ">=", 2026)]) == [2, 5]
    assert watched.asked("GET", "year") == 1
    assert read([[("year", "=", 2024), ("n", ">", 0)], [("year", "in", {2025})]]) == [1, 3, 4]
    assert watched.asked("GET", "year") == 2
    assert read([("year", "=", 1999)]) == []
    assert read((pc.field("year") == 2026) & (pc.field("n") > 2), columns=["n"]) == [5]
    with pytest.raises(bc.ConfigError, match="filters 'year' are none"):
        bc.read_parquet_from_bucket(s3_bucket, "d/", filters="year")


def test_a_dataset_may_be_a_whole_bucket(s3_bucket: str) -> None:
    """Its folders are columns as anywhere else."""
    runs = pd.DataFrame({"site": ["a", "b"], "n": [1, 2]})
    bc.save_to_bucket(runs, s3_bucket, "", format="csv", partition_by=["site"])
    read = bc.read_csv_from_bucket(s3_bucket, "")
    assert read.to_dict("list") == {"n": [1, 2], "site": ["a", "b"]}
