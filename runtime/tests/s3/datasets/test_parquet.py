"""Of Parquet only what is asked for is fetched, and objects that do not fit are named."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from runtime.tests.s3.datasets.objects import MB, bytes_asked

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.s3 import stream, transfer

if TYPE_CHECKING:
    from runtime.tests.faulty import FaultyS3


@pytest.fixture
def large(watched: FaultyS3, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """A Parquet object of about 6 MB in several row groups; objects are large from 256 KB on."""
    for module, names in (
        (transfer, ("PART", "WHOLE", "_SMALLEST")),
        (stream, ("PART", "WHOLE", "_TAIL", "_GAP")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, MB // 4)
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"n": np.arange(200_000), "x": random.random(200_000)})
    frame["y"], frame["z"] = random.random((2, 200_000))
    buffer = io.BytesIO()
    frame.to_parquet(buffer, row_group_size=20_000)
    client("s3").put_object(Bucket=s3_bucket, Key="large.parquet", Body=buffer.getvalue())
    watched.requests.clear()
    exact: pd.DataFrame = frame.convert_dtypes()
    return exact


def test_of_a_large_parquet_only_the_columns_asked_for_come(
    watched: FaultyS3, s3_bucket: str, large: pd.DataFrame
) -> None:
    """In one pass: the footer, then the column's chunks."""
    read = bc.read_parquet_from_bucket(s3_bucket, "large.parquet", columns=["x"])
    pd.testing.assert_frame_equal(read, large[["x"]], check_exact=True)
    assert bytes_asked(watched) < 2.5 * MB
    with pytest.raises(bc.MissingError, match="has no column 'q'; its columns are"):
        bc.read_parquet_from_bucket(s3_bucket, "large.parquet", columns=["q"])


def test_of_a_large_parquet_only_row_groups_with_such_rows_come(
    watched: FaultyS3, s3_bucket: str, large: pd.DataFrame
) -> None:
    """By their statistics."""
    read = bc.read_parquet_from_bucket(s3_bucket, "large.parquet", filters=[("n", ">=", 195_000)])
    pd.testing.assert_frame_equal(read, large[195_000:].reset_index(drop=True), check_exact=True)
    assert bytes_asked(watched) < 1.5 * MB


def test_a_large_parquet_is_read_whole_or_in_chunks(
    watched: FaultyS3, s3_bucket: str, large: pd.DataFrame
) -> None:
    """Of at most so many rows; with an empty one where nothing matches."""
    whole = bc.read_parquet_from_bucket(s3_bucket, "large.parquet")
    pd.testing.assert_frame_equal(whole, large, check_exact=True)
    chunks = list(bc.read_parquet_from_bucket(s3_bucket, "large.parquet", chunksize=15_000))
    assert max(map(len, chunks)) == 15_000
    pd.testing.assert_frame_equal(pd.concat(chunks, ignore_index=True), large, check_exact=True)
    none = bc.read_parquet_from_bucket(
        s3_bucket, "large.parquet", chunksize=10, filters=[("n", "<", 0)]
    )
    assert [(len(piece), list(piece)) for piece in none] == [(0, ["n", "x", "y", "z"])]
    assert watched.asked("HEAD") == 0


@pytest.mark.parametrize(
    ("options", "error"),
    [({"columns": ["t"]}, bc.MissingError), ({"filters": [("t", "=", "x")]}, bc.ConfigError)],
)
def test_the_object_that_lacks_a_column_is_named(
    s3_bucket: str, options: dict[str, Any], error: type[Exception]
) -> None:
    """And how to read the others, or all."""
    bc.save_to_bucket(pd.DataFrame({"t": ["x"]}), s3_bucket, "d/a.parquet")
    bc.save_to_bucket(pd.DataFrame({"n": [1]}), s3_bucket, "d/b.parquet")
    with pytest.raises(error, match=r"/d/b\.parquet.*only some objects have a column, read those"):
        bc.read_parquet_from_bucket(s3_bucket, "d/", **options)


def test_no_columns_leave_the_rows(s3_bucket: str) -> None:
    """As pandas has it; for example to count them."""
    for name in ("a", "b"):
        bc.save_to_bucket(pd.DataFrame({"n": [1, 2, 3]}), s3_bucket, f"d/{name}.parquet")
    assert bc.read_parquet_from_bucket(s3_bucket, "d/a.parquet", columns=[]).shape == (3, 0)
    assert bc.read_parquet_from_bucket(s3_bucket, "d/", columns=[]).shape == (6, 0)
    pieces = bc.read_parquet_from_bucket(s3_bucket, "d/", columns=[], chunksize=2)
    assert [len(piece) for piece in pieces] == [2, 1, 2, 1]


def test_objects_that_do_not_fit_together_are_named(s3_bucket: str) -> None:
    """A column missing in some is NULL there; numbers widen; a text is no number."""
    for key, frame in {
        "d/a.parquet": pd.DataFrame({"n": pd.array([1], dtype="Int32")}),
        "d/b.parquet": pd.DataFrame({"n": [2**40], "t": ["x"]}),
    }.items():
        bc.save_to_bucket(frame, s3_bucket, key)
    read = bc.read_parquet_from_bucket(s3_bucket, "d/")
    assert read["n"].tolist() == [1, 2**40]
    assert read["t"].tolist() == [pd.NA, "x"]
    bc.save_to_bucket(pd.DataFrame({"n": ["x"]}), s3_bucket, "d/c.parquet")
    with pytest.raises(bc.DataError, match=r"d/c\.parquet does not fit s3://.*/d/a\.parquet"):
        bc.read_parquet_from_bucket(s3_bucket, "d/")


@pytest.mark.parametrize("body", [b"", b"a,b\n1,2\n", b"PAR1" + b"\x00" * 50 + b"PAR1"])
@pytest.mark.parametrize("options", [{}, {"columns": ["a"]}, {"chunksize": 5}])
def test_what_is_no_parquet_is_named(s3_bucket: str, body: bytes, options: dict[str, Any]) -> None:
    """However it is read."""
    client("s3").put_object(Bucket=s3_bucket, Key="x.parquet", Body=body)
    with pytest.raises(bc.DataError, match=r"x\.parquet cannot be read as Parquet"):
        list(bc.read_parquet_from_bucket(s3_bucket, "x.parquet", **options))
