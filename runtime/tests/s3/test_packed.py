"""What gzip packed is read as if it had not been."""

from __future__ import annotations

import gzip
import threading
from typing import Any

import pytest

import batcat_runtime as bc
from batcat_runtime.aws import client

PACKED = gzip.compress(b"n,t\n1,x\n")


@pytest.mark.parametrize("options", [{}, {"chunksize": 1}, {"types": {"n": "bigint"}}])
def test_packed_objects_are_read_beside_others(s3_bucket: str, options: dict[str, Any]) -> None:
    """By their first bytes, not by their names; also several packed one after the other."""
    bodies = {"a": PACKED, "b.csv": b"n,t\n2,y\n", "c.gz": PACKED + gzip.compress(b"3,z\n")}
    for name, body in bodies.items():
        client("s3").put_object(Bucket=s3_bucket, Key=f"raw/{name}", Body=body)

    def read(key: str | list[str]) -> list[int]:
        found: Any = bc.read_csv_from_bucket(s3_bucket, key, **options)
        frames = found if "chunksize" in options else [found]
        return [value for frame in frames for value in frame["n"]]

    assert read("raw/") == [1, 2, 1, 3]
    assert read("raw/c.gz") == [1, 3]
    lines = gzip.compress(b'{"n": 1}\n')
    client("s3").put_object(Bucket=s3_bucket, Key="x.jsonl.gz", Body=lines)
    assert bc.read_json_lines_from_bucket(s3_bucket, "x.jsonl.gz")["n"].tolist() == [1]


@pytest.mark.parametrize(
    "body",
    [PACKED[:-6], PACKED[:12] + b"\xff" * 9, PACKED + b"more"],
    ids=["cut off", "damaged", "followed by something else"],
)
@pytest.mark.parametrize("chunksize", [None, 1])
def test_what_is_cut_off_is_named(s3_bucket: str, body: bytes, chunksize: int | None) -> None:
    """Rows that came before are no table."""
    client("s3").put_object(Bucket=s3_bucket, Key="x.csv.gz", Body=body)
    with pytest.raises(bc.DataError, match=r"x\.csv\.gz is packed with gzip, and cut off or dam"):
        list(bc.read_csv_from_bucket(s3_bucket, "x.csv.gz", chunksize=chunksize))


def test_a_bad_row_in_a_packed_object_is_found(s3_bucket: str) -> None:
    """It is fetched once more, and no thread stays behind."""
    body = gzip.compress(b"n\n1\n2,3\n")
    client("s3").put_object(Bucket=s3_bucket, Key="x.csv.gz", Body=body)
    with pytest.raises(bc.DataError, match="line 3 has 2 fields"):
        bc.read_csv_from_bucket(s3_bucket, "x.csv.gz")
    assert not [one for one in threading.enumerate() if one.name.startswith("batcat-s3")]
