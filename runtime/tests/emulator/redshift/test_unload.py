"""UNLOAD to the local S3."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from pyarrow import parquet as pq

if TYPE_CHECKING:
    from runtime.tests.emulator.redshift.conftest import Session

ROWS = (
    "select 1 as a, ''x'' as b, 1.5::decimal(10,2) as c, date ''2020-01-02'' as d, true as e "
    "union all select 2, '''', null, null, null union all select 3, null, 2, null, false"
)


def read(session: Session, key: str) -> Any:
    """A Parquet object."""
    return pq.read_table(io.BytesIO(session.body(key)))


def test_parquet_keeps_types_and_nulls(session: Session) -> None:
    """An empty text is no NULL; the count is known."""
    place = session.store.uri("un/x_")
    session.run(f"unload ('{ROWS}') to '{place}' iam_role default format as parquet")
    assert session.run("select pg_last_unload_count()") == [[3]]
    assert session.store.keys("un/") == ["x_0000_part_00.parquet"]
    rows = read(session, "un/x_0000_part_00.parquet").sort_by("a").to_pylist()
    assert rows == [
        {"a": 1, "b": "x", "c": Decimal("1.50"), "d": dt.date(2020, 1, 2), "e": True},
        {"a": 2, "b": "", "c": None, "d": None, "e": None},
        {"a": 3, "b": None, "c": Decimal("2.00"), "d": None, "e": False},
    ]


def test_an_empty_result_keeps_its_columns(session: Session) -> None:
    """Names and types."""
    place = session.store.uri("un/")
    query = "select 1::bigint as a, 'x'::varchar as b where false"
    session.run(f"unload ($${query}$$) to '{place}' iam_role default format parquet parallel off")
    table = read(session, "un/000.parquet")
    assert [str(kind) for kind in table.schema.types] == ["int64", "string"]
    assert table.num_rows == 0


def test_csv_and_text(session: Session) -> None:
    """With names if asked for, compressed, delimited and quoted as told."""
    uri = session.store.uri
    rows = "select 1 as a, 'x,y' as b union all select 2, null order by 1"
    session.run(f"unload ($${rows}$$) to '{uri('c/')}' iam_role default csv header parallel off")
    assert session.body("c/000") == b'a,b\n1,"x,y"\n2,\n'
    session.run(f"unload ($${rows}$$) to '{uri('t/')}' iam_role default null as 'nil'")
    assert session.body("t/0000_part_00") == b"1|x,y\n2|nil\n"
    session.run(
        f"unload ($${rows}$$) to '{uri('q/')}' iam_role default delimiter '|' addquotes "
        "extension 'txt'"
    )
    assert session.body("q/0000_part_00.txt") == b'"1"|"x,y"\n"2"|\n'


def test_a_limit_within_and_a_comment_at_the_end_are_no_matter(session: Session) -> None:
    """Only the outer SELECT has no LIMIT."""
    query = "select * from (select 1 as a limit 1) -- ) limit"
    session.run(f"unload ('{query}') to '{session.store.uri('n/')}' iam_role default csv")
    assert session.body("n/0000_part_00") == b"1\n"


def test_text_is_escaped_only_if_asked_for(session: Session) -> None:
    """A delimiter or backslash in a value stands as it is otherwise."""
    uri = session.store.uri
    query = r"select 'a|b\\\\c\\nd' as t, null as n, '' as e"
    for prefix, option, body in (
        ("p/", "", b"a|b\\c\nd||\n"),
        ("e/", "escape", b"a\\|b\\\\c\\\nd||\n"),
        ("n/", "null as 'NIL' addquotes header", b't|n|e\n"a|b\\c\nd"|NIL|""\n'),
    ):
        session.run(f"unload ('{query.replace(chr(39), chr(39) * 2)}') to '{uri(prefix)}' "
                    f"iam_role default parallel off {option}")  # fmt: skip
        assert session.body(f"{prefix}000") == body, option


def test_partitions_name_folders(session: Session) -> None:
    """And a manifest names the files."""
    place = session.store.uri("p/")
    rows = "select 1 as a, 'x' as k union all select 2, 'y'"
    session.run(
        f"unload ($${rows}$$) to '{place}' iam_role default format parquet "
        "partition by (k) manifest"
    )
    keys = ["k=x/0000_part_00.parquet", "k=y/0000_part_00.parquet"]
    assert sorted(session.store.keys("p/")) == [*keys, "manifest"]
    listed = json.loads(session.body("p/manifest"))["entries"]
    assert [entry["url"] for entry in listed] == [f"{place}{key}" for key in keys]
    assert read(session, f"p/{keys[1]}").to_pylist() == [{"a": 2}]


def test_nothing_is_written_over_unasked(session: Session) -> None:
    """ALLOWOVERWRITE and CLEANPATH ask for it."""
    place = session.store.uri("un/")
    unload = f"unload ('select 1 as a') to '{place}' iam_role default format parquet"
    session.run(unload)
    assert "Specified unload destination on S3 is not empty" in session.error(unload)["M"]
    session.run(f"{unload} allowoverwrite")
    session.put("un/other", "x")
    session.run(f"{unload} cleanpath")
    assert session.store.keys("un/") == ["0000_part_00.parquet"]


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("unload ('select * from nowhere') to '{}' iam_role default csv", "does not exist"),
        (
            "unload ('select 1 as a union select 2 limit 1') to '{}' iam_role default csv",
            "LIMIT is not supported in the outer SELECT",
        ),
        ("unload ('select 1') to '{}' csv", "UNLOAD needs an authorization"),
        ("unload (select 1) to '{}' iam_role default", "needs a query in quotation marks"),
        ("unload ('select 1') to '{}' iam_role default format json", "UNLOAD FORMAT JSON"),
        ("unload ('select 1') to '{}' iam_role default bzip2", "UNLOAD option bzip2"),
        ("unload ('select 1') to '{}' iam_role default parquet header", "HEADER argument is not"),
        (
            "unload ('select time ''10:00'' as t') to '{}' iam_role default format parquet",
            "TIME and TIMETZ",
        ),
    ],
)
def test_what_cannot_be_unloaded_is_said(session: Session, sql: str, named: str) -> None:
    """And nothing is written."""
    assert named in session.error(sql.format(session.store.uri("un/")))["M"]
    assert session.store.keys("un/") == []
