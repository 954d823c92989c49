"""Many objects as one table: prefixes, partitions, columns, filters, chunks."""

from __future__ import annotations

import datetime as dt
import io
import re
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runtime.tests.faulty import FaultyS3, Request

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.formats import csv_parse
from batcat_runtime.s3 import stream, transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batcat_runtime.emulator import LocalAws

MB = 1024 * 1024


def put(bucket: str, **objects: bytes) -> None:
    """Store objects under ``raw/``."""
    for name, body in objects.items():
        client("s3").put_object(Bucket=bucket, Key=f"raw/{name}.csv", Body=body)


@pytest.fixture
def watched(local_s3: LocalAws, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Requests of the test, as S3 sees them."""
    with FaultyS3(local_s3.url) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield proxy
    assert s3_bucket


def bytes_asked(proxy: FaultyS3) -> int:
    """Bytes of all ranges asked for."""
    ranges = [one.range.removeprefix("bytes=").split("-") for one in proxy.requests if one.range]
    return sum(int(stop) - int(start or 0) + 1 if start else int(stop) for start, stop in ranges)


def test_a_prefix_is_read_with_one_request_an_object(watched: FaultyS3, s3_bucket: str) -> None:
    """No HEAD, because the listing told the size; markers and hidden names are no data."""
    put(s3_bucket, a=b"n,t\n1,x\n", b=b'n,t\n2,"y,\nz"', c=b"n,t\n")
    hidden = ("raw/", "raw/_SUCCESS", "raw/.success", "raw/_tmp/x.csv", "raw/old_$folder$")
    for key in hidden:
        client("s3").put_object(Bucket=s3_bucket, Key=key, Body=b"marker")
    watched.requests.clear()
    read = bc.read_csv_from_bucket(s3_bucket, "raw/")
    assert read.to_dict("list") == {"n": [1, 2], "t": ["x", "y,\nz"]}
    assert [one.method for one in watched.requests] == ["GET"] * 4
    watched.requests.clear()
    some = bc.read_csv_from_bucket(s3_bucket, ["raw/b.csv", "raw/a.csv"])
    assert some["n"].tolist() == [2, 1]
    assert [one.method for one in watched.requests] == ["GET"] * 2


def test_a_column_has_one_type_over_all_objects(s3_bucket: str) -> None:
    """As if the rows lay in one object: 007 beside a text is a text, and not a number."""
    put(s3_bucket, a=b"n,t\n1,007\n", b=b"t,n\nx,2.5\n", c=b"n,t\n,\n")
    read = bc.read_csv_from_bucket(s3_bucket, "raw/")
    assert read["t"].tolist()[:2] == ["007", "x"]
    assert read["n"].tolist()[:2] == [1.0, 2.5]
    assert read.iloc[2].isna().all()


@pytest.mark.parametrize(
    ("body", "n"),
    [
        (b"n,t\r1,x\r2,y\r", [1, 2]),
        (b"\n\nn,t\n1,x\n", [1]),
        (b"n,t", []),
        (b"n,t\n", []),
        (b'"n","t"\r\n1,"a\r\nb"\r\n', [1]),
        (b"\xef\xbb\xbfn,t\n1,x\n", [1]),
    ],
    ids=["lone returns", "blank lines first", "no line's end", "header only", "quotes", "mark"],
)
def test_a_header_is_no_row_wherever_it_ends(s3_bucket: str, body: bytes, n: list[int]) -> None:
    """Objects that begin alike are parsed as one, and the header of the second is no row of it."""
    put(s3_bucket, a=body, b=body)
    assert bc.read_csv_from_bucket(s3_bucket, "raw/")["n"].tolist() == n + n
    pieces = bc.read_csv_from_bucket(s3_bucket, "raw/", chunksize=1)
    assert [value for piece in pieces for value in piece["n"]] == n + n


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"n,t\n1,x\n2,y,z\n", r"b\.csv is not a sound CSV: line 3 has 3 fields"),
        (b'n,t\n1,"x\n', r"b\.csv is not a sound CSV: a quotation that begins in line 2"),
        (b"n,t\n1,\xff\n", r"b\.csv is not utf-8 text in line 2"),
        (b"", r"b\.csv is empty"),
        (b"n,u\n1,x\n", r"b\.csv has other columns than .*a\.csv: t, u"),
        (b'n,t\n1,5" pipe\n2,"open\n', r"b\.csv is not a sound CSV: a quotation .* line 3"),
    ],
)
def test_among_many_objects_the_bad_one_is_named(s3_bucket: str, body: bytes, message: str) -> None:
    """With the line; what is wrong in one never swallows rows of the next."""
    put(s3_bucket, a=b"n,t\n0,x\n", b=body, c=b'n,t\n9,"z"\n')
    with pytest.raises(bc.DataError, match=message):
        bc.read_csv_from_bucket(s3_bucket, "raw/")


def test_bad_rows_are_skipped_when_asked_and_each_is_logged(
    s3_bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With object and line: too many fields, also in the first row, or another type."""
    put(
        s3_bucket,
        a=b"n,t\n1,x,y\n2,ok\n\n3,a,b,c\n",
        b=b'n,t\n"4","two\nlines"\nfive,x\n6,z,\n7,ok\n',
    )
    body = b'n,t\n"4","two\nlines"\nfive,x\n'
    client("s3").put_object(Bucket=s3_bucket, Key="other/c.csv", Body=body)
    with pytest.raises(bc.DataError, match=r"c\.csv .*line 4, column 'n': 'five' is no bigint"):
        bc.read_csv_from_bucket(s3_bucket, "other/c.csv", types={"n": "bigint"})
    read = bc.read_csv_from_bucket(s3_bucket, "raw/", types={"n": "bigint"}, on_bad_rows="skip")
    assert read["n"].tolist() == [2, 4, 7]
    assert read["t"].tolist() == ["ok", "two\nlines", "ok"]
    said = capsys.readouterr().err
    assert re.search(r"a\.csv: skipped 2 rows \(1 to 2\), which do not have .*: lines 2, 5\n", said)
    assert re.search(r"b\.csv: skipped 1 rows \(1 to 1\), which do not have .*: lines 5\n", said)
    assert (
        "b.csv: skipped 1 rows (1 to 1), which hold cells that are not of their type: lines 4"
        in said
    )
    assert said.count("skipped") == 3
    pieces = bc.read_csv_from_bucket(
        s3_bucket, "raw/", types={"n": "bigint"}, on_bad_rows="skip", chunksize=1
    )
    assert [piece["n"].tolist() for piece in pieces] == [[2], [4], [], [7]]


CELLS = st.text(st.sampled_from('aé1.-5,"\n\r \\N'), max_size=5) | st.integers().map(str)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tables_=st.lists(st.lists(st.tuples(CELLS, CELLS), max_size=4), min_size=1, max_size=3),
    rows=st.integers(1, 3),
)
def test_joined_or_in_pieces_rows_are_what_pandas_reads_at_once(
    s3_bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    tables_: list[list[tuple[str, str]]],
    rows: int,
) -> None:
    """Inference stays as its users know it, however many objects and pieces there are."""
    columns = ["a", "b"]
    bodies = [
        pd.DataFrame(rows, columns=columns).to_csv(index=False, lineterminator="\r\n").encode()
        for rows in tables_
    ]
    put(s3_bucket, **{f"x{place}": body for place, body in enumerate(bodies)})
    keys = [f"raw/x{place}.csv" for place in range(len(bodies))]
    monkeypatch.setattr(csv_parse, "_FEWEST", rows)
    monkeypatch.setattr(csv_parse, "_PIECE", 1)
    whole = pd.concat([pd.DataFrame(rows, columns=columns) for rows in tables_])
    expected = pd.read_csv(
        io.BytesIO(whole.to_csv(index=False, lineterminator="\r\n").encode()), low_memory=False
    )
    pd.testing.assert_frame_equal(bc.read_csv_from_bucket(s3_bucket, keys), expected)


def test_columns_can_be_chosen_and_their_order(s3_bucket: str) -> None:
    """Rows that are too long are still errors, which pandas forgets when columns are chosen."""
    put(s3_bucket, a=b"a,b,c\n1,2,3\n")
    assert list(bc.read_csv_from_bucket(s3_bucket, "raw/a.csv", columns=["c", "a"])) == ["c", "a"]
    with pytest.raises(bc.MissingError, match=r"a\.csv has no column 'd'; its columns are \['a'"):
        bc.read_csv_from_bucket(s3_bucket, "raw/a.csv", columns=["d"])
    put(s3_bucket, b=b"a,b,c\n1,2,3\n4,5,6,7\n")
    with pytest.raises(bc.DataError, match="line 3 has 4 fields"):
        bc.read_csv_from_bucket(s3_bucket, "raw/b.csv", columns=["a"])


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_bad_rows": "warn"}, "on_bad_rows is 'warn'; it must be 'error' or 'skip'"),
        ({"columns": "a"}, r"columns is a text; give a list: columns=\['a'\]"),
        ({"chunksize": 0}, "chunksize is 0"),
        ({"types": {"a": "blob"}}, "types of column 'a': there is no type 'blob'"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(
    s3_bucket: str, options: dict[str, Any], message: str
) -> None:
    """Before anything is fetched."""
    with pytest.raises(bc.ConfigError, match=message):
        bc.read_csv_from_bucket(s3_bucket, "raw/a.csv", **options)


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


def test_an_empty_prefix_is_an_error(s3_bucket: str) -> None:
    """So is an empty list: most likely the listing before it found nothing."""
    with pytest.raises(
        bc.MissingError, match=r"no objects below s3://.*/nothing/; check the prefix"
    ):
        bc.read_csv_from_bucket(s3_bucket, "nothing/")
    with pytest.raises(bc.MissingError, match="the list of keys is empty"):
        bc.read_parquet_from_bucket(s3_bucket, [])


def test_chunks_of_a_large_csv_hold_little_memory(
    s3_bucket: str, monkeypatch: pytest.MonkeyPatch, watched: FaultyS3
) -> None:
    """A few ranges at a time, however large the object is; what is left unread is not fetched."""
    for name in ("PART", "WHOLE"):
        monkeypatch.setattr(stream, name, MB)
    body = b"n,text\n" + b"".join(b"%d,%s\n" % (n, b"x" * 200) for n in range(200_000))
    client("s3").put_object(Bucket=s3_bucket, Key="x.csv", Body=body)
    watched.requests.clear()
    pieces: Iterator[pd.DataFrame] = bc.read_csv_from_bucket(s3_bucket, "x.csv", chunksize=5000)
    next(pieces)
    tracemalloc.start()
    try:
        rows = sum(len(piece) for piece in pieces)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == 195_000
    assert peak < 16 * MB < len(body) / 2
    assert bytes_asked(watched) < len(body) + 2 * MB
    watched.requests.clear()
    begun = bc.read_csv_from_bucket(s3_bucket, "x.csv", chunksize=5000)
    next(begun)
    begun.close()  # type: ignore[attr-defined]
    assert bytes_asked(watched) < 12 * MB


def test_keys_come_as_they_are_listed(watched: FaultyS3, s3_bucket: str) -> None:
    """The next page is asked for when it is needed; a list has them all."""

    def small_pages(request: Request) -> None:
        request.path += "&max-keys=3"

    put(s3_bucket, **{str(n): b"" for n in range(7)})
    watched.rule = small_pages
    assert bc.list_keys(s3_bucket, "raw/", ".csv") == [f"raw/{n}.csv" for n in range(7)]
    watched.requests.clear()
    keys = bc.iter_keys(s3_bucket, "raw/", ".csv")
    assert next(keys) == "raw/0.csv"
    assert len(watched.requests) == 1
    assert len(list(keys)) == 6
    assert len(watched.requests) == 3


def test_without_pyarrow_the_error_names_what_to_install(
    s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is fetched or written."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(bc.MissingExtraError, match=r"batcat-runtime\[arrow\]"):
        bc.read_parquet_from_bucket(s3_bucket, "x.parquet")
    with pytest.raises(bc.MissingExtraError, match=r"batcat-runtime\[arrow\]"):
        bc.save_to_bucket(pd.DataFrame({"a": [1]}), s3_bucket, "x.parquet")


def test_a_large_csv_is_dropped_as_it_is_parsed(
    s3_bucket: str, monkeypatch: pytest.MonkeyPatch, watched: FaultyS3
) -> None:
    """To infer a column anew it is fetched again, and is still the same version."""
    for name in ("PART", "WHOLE", "_SMALLEST"):
        monkeypatch.setattr(transfer, name, MB)
    monkeypatch.setattr(stream, "WHOLE", MB)
    monkeypatch.setattr(stream, "PART", MB)
    body = b"code,n\n" + b"".join(b"007,%d\n" % n for n in range(400_000)) + b"x,1\n"
    client("s3").put_object(Bucket=s3_bucket, Key="x.csv", Body=body)
    read = bc.read_csv_from_bucket(s3_bucket, "x.csv")
    assert read["code"].tolist() == ["007"] * 400_000 + ["x"]
    assert read["n"].tolist() == [*range(400_000), 1]
    again = [one for one in watched.requests if one.range.startswith("bytes=0-")]
    assert ["if-match" in one.headers for one in again] == [False, True]


def test_a_dataset_may_be_a_whole_bucket(s3_bucket: str) -> None:
    """Its folders are columns as anywhere else."""
    runs = pd.DataFrame({"site": ["a", "b"], "n": [1, 2]})
    bc.save_to_bucket(runs, s3_bucket, "", format="csv", partition_by=["site"])
    read = bc.read_csv_from_bucket(s3_bucket, "")
    assert read.to_dict("list") == {"n": [1, 2], "site": ["a", "b"]}
