"""Many objects are one table: prefixes, columns, headers, bad rows."""

from __future__ import annotations

import io
import re
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runtime.tests.s3.datasets.objects import MB, bytes_asked, put

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.formats import csv_parse
from batcat_runtime.s3 import stream, transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runtime.tests.faulty import FaultyS3, Request


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
