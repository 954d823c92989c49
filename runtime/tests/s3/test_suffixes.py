"""What a key ends in says how a table is written, and what cannot be written is refused."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import batcat_runtime as bc
from batcat_runtime.aws import client

if TYPE_CHECKING:
    from collections.abc import Callable

FRAME = pd.DataFrame({"n": [1, 2], "t": ["x", "y"]})


@pytest.mark.parametrize(
    ("key", "read", "kind"),
    [
        ("x.csv", bc.read_csv_from_bucket, "text/csv; charset=utf-8"),
        ("x.CSV.GZ", bc.read_csv_from_bucket, "application/gzip"),
        ("x.gz", bc.read_csv_from_bucket, "application/gzip"),
        ("v1.2/x", bc.read_csv_from_bucket, "text/csv; charset=utf-8"),
        ("x.jsonl", bc.read_json_lines_from_bucket, "application/x-ndjson"),
        ("x.ndjson", bc.read_json_lines_from_bucket, "application/x-ndjson"),
        ("x.json", bc.read_json_lines_from_bucket, "application/x-ndjson"),
        ("x.json.gz", bc.read_json_lines_from_bucket, "application/gzip"),
        ("x.pq", bc.read_parquet_from_bucket, "application/vnd.apache.parquet"),
        ("x.parquet", bc.read_parquet_from_bucket, "application/vnd.apache.parquet"),
        ("x.xlsx", bc.read_excel_from_bucket, None),
    ],
)
def test_a_key_says_the_format(
    s3_bucket: str, key: str, read: Callable[..., pd.DataFrame], kind: str | None
) -> None:
    """And its reader reads it; gzip packs what ends in .gz."""
    assert bc.save_to_bucket(FRAME, s3_bucket, key) == 200
    assert read(s3_bucket, key).to_dict("list") == FRAME.to_dict("list")
    stored = client("s3").get_object(Bucket=s3_bucket, Key=key)
    assert kind in {None, stored["ContentType"]}
    body = stored["Body"].read()
    assert (body[:2] == b"\x1f\x8b") == key.lower().endswith(".gz")


@pytest.mark.parametrize(
    ("key", "options", "message"),
    [
        ("x.xls", {}, r"key 'x\.xls' ends in \.xls, which is not written; end it in one of \.csv"),
        ("x.tsv.gz", {}, r"ends in \.tsv, which is not written"),
        ("x.csv.zip", {}, r"ends in \.zip, which is not written"),
        ("x.parquet.gz", {}, r"ends in \.gz, and gzip does not pack parquet"),
        ("x.gz", {"format": "xlsx"}, r"ends in \.gz, and gzip does not pack xlsx"),
    ],
)
def test_a_key_that_promises_something_else_is_refused(
    s3_bucket: str, key: str, options: dict[str, Any], message: str
) -> None:
    """A CSV under another name would be read by nobody."""
    with pytest.raises(bc.ConfigError, match=message):
        bc.save_to_bucket(FRAME, s3_bucket, key, **options)
    assert bc.list_keys(s3_bucket) == []


def test_who_says_the_format_may_choose_any_key(s3_bucket: str) -> None:
    """As before."""
    bc.save_to_bucket(FRAME, s3_bucket, "x.tsv", format="csv")
    assert bc.pd_s3_buffer(s3_bucket, "x.tsv").getvalue() == b"n,t\n1,x\n2,y\n"


def test_a_packed_table_that_fails_leaves_nothing(s3_bucket: str) -> None:
    """Not even the end of what was packed."""
    with pytest.raises(bc.DataError, match="NUL"):
        bc.save_to_bucket(pd.DataFrame({"t": ["a\0b"]}), s3_bucket, "x.csv.gz")
    assert bc.list_keys(s3_bucket) == []


def test_what_is_packed_is_the_same_each_time(s3_bucket: str) -> None:
    """No time and no name is in it."""
    for key in ("a.csv.gz", "b.csv.gz"):
        bc.save_to_bucket(FRAME, s3_bucket, key)
    first, second = (bc.pd_s3_buffer(s3_bucket, key).getvalue() for key in ("a.csv.gz", "b.csv.gz"))
    assert first == second
    assert gzip.decompress(first) == b"n,t\n1,x\n2,y\n"


@pytest.mark.parametrize("key", ["data/json", "data/db", "x.d/parquet"])
def test_a_name_without_a_dot_promises_nothing(s3_bucket: str, key: str) -> None:
    bc.save_to_bucket(pd.DataFrame({"n": [1]}), s3_bucket, key)
    assert bc.pd_s3_buffer(s3_bucket, key).getvalue() == b"n\n1\n"
