"""One object in, one object out: DataFrames and bytes over a real S3 protocol."""

from __future__ import annotations

import io
import sys
import tracemalloc
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.s3 import upload

if TYPE_CHECKING:
    from collections.abc import Callable

READERS: list[Callable[[str, str], Any]] = [
    bc.pd_s3_buffer,
    bc.read_csv_from_bucket,
    bc.read_excel_from_bucket,
    lambda bucket, key: bc.read_excel_list_from_bucket(bucket, [key]),
]
# Text that CSV keeps: no cell that reads as a number, a date, a truth value or nothing.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).map("é{}".format)
FRAMES = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT), min_size=1
).map(lambda rows: pd.DataFrame(rows, columns=["n", "x, y", '電池 "name"\nunit']))


def put(bucket: str, key: str, body: bytes) -> None:
    """Store bytes as they are."""
    client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def stored(bucket: str, key: str) -> bytes:
    """The bytes that are stored."""
    return bytes(client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def exists(bucket: str, key: str) -> bool:
    """Tell whether there is such an object."""
    try:
        client("s3").head_object(Bucket=bucket, Key=key)
    except ClientError:
        return False
    return True


def test_an_object_comes_as_a_buffer_that_pandas_reads(s3_bucket: str) -> None:
    """It stands at its beginning."""
    put(s3_bucket, "usage", b"a,b\n1,2\n")
    buffer = bc.pd_s3_buffer(bucket=s3_bucket, key="usage")
    assert isinstance(buffer, io.BytesIO)
    assert pd.read_csv(buffer).to_dict("list") == {"a": [1], "b": [2]}


def test_saving_stores_the_rows_without_the_index_and_tells_the_status(s3_bucket: str) -> None:
    """As CSV in UTF-8 that says what it is; an object of that key is replaced."""
    frame = pd.DataFrame({"name": ["电池", "a,b"], "n": [1, 2]}, index=[7, 8])
    assert bc.save_to_bucket(df=pd.DataFrame({"old": [1]}), bucket=s3_bucket, key="result") == 200
    assert bc.save_to_bucket(df=frame, bucket=s3_bucket, key="result") == 200
    assert stored(s3_bucket, "result") == 'name,n\n电池,1\n"a,b",2\n'.encode()
    kind = client("s3").head_object(Bucket=s3_bucket, Key="result")["ContentType"]
    assert kind == "text/csv; charset=utf-8"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=FRAMES)
def test_what_is_saved_is_read_back_exactly(s3_bucket: str, frame: pd.DataFrame) -> None:
    """To the last bit of each number and the last sign of each text."""
    bc.save_to_bucket(frame, s3_bucket, "round/trip.csv")
    pd.testing.assert_frame_equal(
        bc.read_csv_from_bucket(s3_bucket, "round/trip.csv"), frame, check_exact=True
    )


def test_missing_cells_stay_missing(s3_bucket: str) -> None:
    """An empty cell is no text."""
    frame = pd.DataFrame({"a": [1.5, None], "b": [None, "x"]})
    bc.save_to_bucket(frame, s3_bucket, "holes.csv")
    assert bc.read_csv_from_bucket(s3_bucket, "holes.csv").isna().equals(frame.isna())


def test_another_encoding_can_be_named(s3_bucket: str) -> None:
    """And an object in another encoding than said is an error that names object and line."""
    put(s3_bucket, "gb.csv", "名,n\n一,1\n".encode("gb18030"))
    read = bc.read_csv_from_bucket(bucket=s3_bucket, key="gb.csv", encoding="gb18030")
    assert read.to_dict("list") == {"名": ["一"], "n": [1]}
    with pytest.raises(bc.DataError, match=rf"s3://{s3_bucket}/gb\.csv is not utf-8 .*line 1"):
        bc.read_csv_from_bucket(s3_bucket, "gb.csv")


def test_a_bad_row_is_an_error_that_names_object_and_line(s3_bucket: str) -> None:
    """It is never dropped in silence."""
    put(s3_bucket, "raw/bad.csv", b"a,b\n1,2\n3,4,5\n6,7\n")
    expected = rf"s3://{s3_bucket}/raw/bad\.csv is not a sound CSV: line 3 has 3 fields"
    with pytest.raises(bc.DataError, match=expected):
        bc.read_csv_from_bucket(s3_bucket, "raw/bad.csv")


@pytest.mark.parametrize("read", READERS)
def test_a_missing_object_is_named_with_what_to_do(
    s3_bucket: str, read: Callable[[str, str], Any]
) -> None:
    """Bucket, key, and how to see what is there."""
    expected = rf"s3://{s3_bucket}/raw/no\.csv: .*NoSuchKey.*bc\.list_keys\('{s3_bucket}', 'raw'"
    with pytest.raises(bc.MissingError, match=expected):
        read(s3_bucket, "raw/no.csv")


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize(
    "use",
    [
        *READERS,
        bc.list_keys,
        lambda bucket, key: bc.save_to_bucket(pd.DataFrame({"a": [1]}), bucket, key),
        bc.SuccessSignal,
        lambda bucket, key: bc.copy_bucket_files(bucket, key, "", bucket, "x", "", (0, None)),
    ],
)
def test_a_missing_bucket_is_named_with_what_to_do(use: Callable[[str, str], Any]) -> None:
    """By all functions alike."""
    expected = "s3://no-such-bucket/raw.csv: .*NoSuchBucket.*check the bucket's name"
    with pytest.raises(bc.MissingError, match=expected):
        use("no-such-bucket", "raw.csv")


@pytest.mark.usefixtures("s3_environment")
def test_a_name_that_no_bucket_can_have_is_a_wrong_value() -> None:
    """It is refused before anything is sent."""
    with pytest.raises(bc.ConfigError, match="Invalid bucket name"):
        bc.list_keys("s3://data", "", "")


def test_a_failed_write_leaves_nothing_behind(s3_bucket: str) -> None:
    """Neither a part of an object, nor a damaged old one."""

    class Unwritable:
        def __str__(self) -> str:
            raise RuntimeError

    frame = pd.DataFrame({"a": [*range(5000), Unwritable()]})
    bc.save_to_bucket(pd.DataFrame({"a": [1]}), s3_bucket, "old.csv")
    for key in ("new.csv", "old.csv"):
        with pytest.raises(RuntimeError):
            bc.save_to_bucket(frame, s3_bucket, key)
    assert not exists(s3_bucket, "new.csv")
    assert stored(s3_bucket, "old.csv") == b"a\n1\n"


def test_what_is_no_frame_is_refused(s3_bucket: str) -> None:
    """Predictions of a model, for example; the message says how to make them one."""
    predictions: Any = [0, 1, 1]
    with pytest.raises(bc.DataError, match=r"list is no DataFrame; make it one with pd.DataFrame"):
        bc.save_to_bucket(predictions, s3_bucket, "result.csv")
    column: Any = pd.Series([0, 1], name="n")
    with pytest.raises(bc.DataError, match=r"Series is no DataFrame; .* its \.to_frame\(\)"):
        bc.save_to_bucket(column, s3_bucket, "result.csv")


def test_a_large_frame_goes_in_parts(s3_bucket: str) -> None:
    """Its text never lies in memory as a whole; the object is the same."""
    frame = pd.DataFrame({"a": ["x" * 1000] * 9_000})
    assert bc.save_to_bucket(frame, s3_bucket, "large.csv") == 200
    about = client("s3").head_object(Bucket=s3_bucket, Key="large.csv")
    assert about["ETag"].endswith('-2"')  # two parts
    assert bc.read_csv_from_bucket(s3_bucket, "large.csv").equals(frame)
    with pytest.raises(bc.MissingError, match="NoSuchBucket"):
        bc.save_to_bucket(frame, "no-such-bucket", "large.csv")


def test_saving_holds_no_copy_of_the_text_in_memory(
    s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The peak stays well below the size of the CSV."""
    monkeypatch.setattr(upload, "PART", 5 * 1024 * 1024)
    frame = pd.DataFrame({"a": ["x" * 1000] * 50_000})
    bc.save_to_bucket(frame[:1], s3_bucket, "warm-up.csv")
    tracemalloc.start()
    try:
        bc.save_to_bucket(frame, s3_bucket, "large.csv")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    size = client("s3").head_object(Bucket=s3_bucket, Key="large.csv")["ContentLength"]
    assert size > 50_000_000
    assert peak < size * 3 / 4


def test_a_marker_says_when_something_was_done(s3_bucket: str) -> None:
    """In UTC, under ``.success`` unless said otherwise."""
    assert bc.SuccessSignal(s3_bucket) == 200
    assert bc.SuccessSignal(bucket=s3_bucket, key="run/.done") == 200
    for key in (".success", "run/.done"):
        written = datetime.fromisoformat(stored(s3_bucket, key).decode())
        assert abs(datetime.now(timezone.utc) - written) < timedelta(minutes=1)


def test_without_pandas_the_error_names_what_to_install(
    s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is fetched; what needs no pandas works."""
    put(s3_bucket, "a.csv", b"a\n1\n")
    monkeypatch.setitem(sys.modules, "pandas", None)
    for read in READERS[1:]:
        with pytest.raises(bc.MissingExtraError, match=r"batcat-runtime\[pandas\]"):
            read(s3_bucket, "a.csv")
    assert bc.pd_s3_buffer(s3_bucket, "a.csv").read() == b"a\n1\n"
    assert bc.list_keys(s3_bucket, "", ".csv") == ["a.csv"]
