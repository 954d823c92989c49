"""Many rows through Parquet in S3: COPY and UNLOAD, and nothing of them left behind."""

from __future__ import annotations

import datetime as dt
import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from runtime.tests.strategies import same

import batcat_runtime as bc
from batcat_runtime.redshift import staging as places
from batcat_runtime.redshift import write as writing

from .conftest import left

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Redshift


def every_type() -> pd.DataFrame:
    """A frame with a value, NULL and an edge of each type."""
    moments = pd.array(
        ["2026-01-01T00:00:00.123456", None, "9999-12-31T23:59:59.999999"], "datetime64[us]"
    )
    frame: pd.DataFrame = pd.DataFrame(
        {
            "place": pd.array([1, 2, 3], "Int64"),
            "small": pd.array([1, None, -(2**15)], "Int16"),
            "whole": pd.array([2**53 + 1, None, -(2**63)], "Int64"),
            "float": pd.arrays.FloatingArray(
                np.array([np.nan, 0, -np.inf]), np.array([False, True, False])
            ),
            "real": pd.array([1.5, None, 0.1], "Float32"),
            "truth": pd.array([True, None, False], "boolean"),
            "text": pd.array(["", None, "电池\n'\"\\"], "string"),
            "ts": moments,
            "tz": moments,
        }
    )
    frame["tz"] = frame["tz"].dt.tz_localize("UTC")
    objects: dict[str, list[Any]] = {
        "price": [Decimal("0.01"), None, Decimal(f"1{0:035}.99")],
        "day": [dt.date(1, 1, 1), None, dt.date(9999, 12, 31)],
        "raw": [b"\xff\x00", None, b""],
    }
    for name, values in objects.items():
        frame[name] = pd.Series(values, dtype=object)
    return frame


@pytest.mark.parametrize("if_exists", ["replace", "append"])
def test_what_is_copied_is_what_was_there(
    redshift: Redshift, staging: dict[str, str], if_exists: str
) -> None:
    """Into a new table, and into one that exists; as INSERT has it."""
    frame = every_type()
    if if_exists == "append":
        redshift.save(
            frame.iloc[:0],
            index=False,
            method="multi",
            dtype={"price": "decimal(38,2)", "day": "date", "raw": "varbyte"},
        )
    assert redshift.save(frame, index=False, if_exists=if_exists, **staging) == 3
    read = redshift.read(f"select * from {redshift.table} order by place")  # noqa: S608
    for name in frame.columns:
        assert same(read[name], frame[name]), name
    assert left(staging) == []


def test_columns_that_parquet_does_not_carry_are_converted(
    redshift: Redshift, staging: dict[str, str]
) -> None:
    """Times, lists and rows, beside names of any kind, and columns whose types differ."""
    frame = pd.DataFrame(
        {
            "Clock": [dt.time(1, 2, 3, 4), None],
            "order": [[1, None], None],
            "a b": [{"x": 1.5}, None],
            "n": [1.0, np.nan],
        }
    )
    redshift.run(f'create table {redshift.table} (n int, clock time, "order" super, "a b" super)')
    redshift.save(frame, index=False, **staging)
    row = redshift.rows().dropna().iloc[0]
    assert row["clock"] == dt.time(1, 2, 3, 4)
    assert row["order"] == "[1, null]"
    assert row["a b"] == '{"x": 1.5}'
    assert row["n"] == 1
    assert len(redshift.rows()) == 2


def test_many_objects_are_one_load(redshift: Redshift, staging: dict[str, str]) -> None:
    """``chunksize`` rows each, side by side."""
    frame = pd.DataFrame({"a": range(1000)})
    assert redshift.save(frame, index=False, chunksize=300, **staging) == 1000
    assert redshift.rows()["a"].to_list() == list(range(1000))
    assert left(staging) == []


def test_few_rows_are_inserted_all_the_same(
    redshift: Redshift, staging: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The detour is for many; ``method='multi'`` never takes it."""
    monkeypatch.setattr(writing, "COPY_FROM", 3)
    seen = statements(redshift)
    redshift.save(pd.DataFrame({"a": [1, 2]}), index=False, **staging)
    redshift.save(pd.DataFrame({"a": [1, 2, 3]}), index=False, method="multi", **staging)
    assert not any(one.startswith(b"copy") for one in seen)
    redshift.save(pd.DataFrame({"a": [1, 2, 3]}), index=False, **staging)
    assert any(one.startswith(b"copy") for one in seen)


def statements(redshift: Redshift) -> list[bytes]:
    """Statements as they go to the server."""
    seen: list[bytes] = []

    def up(kind: bytes, body: bytes) -> None:
        if kind == b"P":
            seen.append(body.split(b"\0")[1])

    redshift.relay.up = up
    return seen


def test_a_copy_that_rejects_rows_says_which_and_loads_nothing(
    redshift: Redshift, staging: dict[str, str]
) -> None:
    """What lay there before is still there, and nothing lies between."""
    redshift.run(
        f"create table {redshift.table} (a varchar(20) not null)",
        f"insert into {redshift.table} values ('old')",  # noqa: S608 - the test's own
    )
    frame = pd.DataFrame({"a": ["short", None]})
    for if_exists in ("append", "delete_rows"):
        with pytest.raises(
            bc.DataError, match=r"COPY rejected it, and nothing was written: .*\ba\b"
        ):
            redshift.save(frame, index=False, if_exists=if_exists, **staging)
        assert redshift.rows()["a"].to_list() == ["old"]
    assert left(staging) == []


def test_rejected_rows_are_looked_up(
    redshift: Redshift, staging: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the server keeps them: file, line, column and reason."""
    from batcat_runtime.redshift import copy

    kept = """
    select 's3://b/k.parquet ' as file, 7::bigint as line, 'price ' as col, ' Overflow' as why
    where ? is not null
    """
    monkeypatch.setattr(copy, "_ERRORS", kept.replace("?", "?::int"))
    redshift.run(f"create table {redshift.table} (a int not null)")
    frame = pd.DataFrame({"a": pd.array([None], "Int32")})
    with pytest.raises(bc.DataError, match=r"k\.parquet, line 7, column 'price': Overflow"):
        redshift.save(frame, index=False, **staging)


def test_a_role_that_redshift_may_not_assume_is_no_matter_of_values(
    redshift: Redshift, staging: dict[str, str]
) -> None:
    """With what the server says; what was to be replaced is still there, and nothing is left."""
    redshift.save(pd.DataFrame({"a": ["old"]}), index=False, method="multi")
    staging["iam_role"] = "arn:aws:iam::123456789012:role/nobody"
    with pytest.raises(bc.AccessError, match=r"role/nobody.*check that the cluster may assume"):
        redshift.save(pd.DataFrame({"a": [1]}), index=False, if_exists="replace", **staging)
    with pytest.raises(bc.AccessError, match=r"role/nobody.*check that the cluster may assume"):
        redshift.read("select 1 as a", **staging)
    assert redshift.rows()["a"].to_list() == ["old"]
    assert left(staging) == []


def test_a_copy_that_takes_too_long_says_so(redshift: Redshift, staging: dict[str, str]) -> None:
    """It is no matter of values either; nothing is written or left."""
    import redshift_connector

    redshift.save(pd.DataFrame({"a": [0]}), index=False)
    with redshift_connector.connect(**redshift.login, ssl=False) as other:
        other.cursor().execute(f"lock table {redshift.table} in share mode")
        with pytest.raises(bc.ExecutionError, match="longer than timeout"):
            redshift.save(pd.DataFrame({"a": [1]}), index=False, timeout=0.3, **staging)
    assert redshift.rows()["a"].to_list() == [0]
    assert left(staging) == []


def test_nothing_is_locked_while_rows_travel_to_s3(
    redshift: Redshift, staging: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others read the table that is being replaced until its rows lie in S3."""
    from batcat_runtime.redshift import copy

    redshift.save(pd.DataFrame({"a": [0]}), index=False)
    upload, seen = copy.upload, list[int]()

    def watched(*args: Any) -> None:
        seen.extend(redshift.read(f"select a from {redshift.table}", timeout=5)["a"])  # noqa: S608
        upload(*args)

    monkeypatch.setattr(copy, "upload", watched)
    redshift.save(pd.DataFrame({"a": [1]}), index=False, if_exists="replace", **staging)
    assert (seen, redshift.rows()["a"].to_list()) == ([0], [1])


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("varchar(65535)", ["x" * 70_000]),
        ("varchar(3)", ["\u00e9\u00e9"]),
        ("varchar(3)", ["abc   "]),
        ("varbyte(40000)", [b"x" * 40_001]),
        ("varchar(9)", ["a\0b"]),
        ("varchar(9)", [b"x"]),
        ("super", [list(range(20_000))]),
        ("real", [0.1]),
        ("real", [1e300]),
        ("real", [2**24 + 1]),
        ("timetz", [dt.time(1)]),
        ("time", [dt.time(1, tzinfo=dt.timezone.utc)]),
    ],
    ids=lambda one: one if isinstance(one, str) else type(one[0]).__name__,
)
@pytest.mark.parametrize("copied", [False, True])
def test_nothing_is_cut_or_rounded_without_a_word(
    redshift: Redshift, staging: dict[str, str], column: str, values: list[Any], copied: bool
) -> None:
    """On neither way, where a conversion of the server's would do so."""
    redshift.run(f"create table {redshift.table} (a {column})")
    frame = pd.DataFrame({"a": pd.Series(values, dtype=object)})
    with pytest.raises(bc.DataError, match=r"column 'a'|value too long"):
        redshift.save(frame, index=False, **(staging if copied else {}))
    assert redshift.read(f"select count(*) as n from {redshift.table}")["n"].to_list() == [0]  # noqa: S608
    assert left(staging) == []


def test_long_bytes_take_the_detour(
    redshift: Redshift, staging: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few they are: INSERT cannot carry them, and says so."""
    monkeypatch.setattr(writing, "COPY_FROM", 10)
    frame = pd.DataFrame({"a": [b"x" * 100_000]})
    redshift.save(frame, index=False, **staging)
    assert redshift.rows()["a"].to_list() == frame["a"].to_list()
    with pytest.raises(bc.DataError, match=r"more than 32767 bytes.*give staging="):
        redshift.save(frame, index=False)


def test_the_role_is_in_no_log_and_no_repr(
    redshift: Redshift, staging: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """At any level of ours."""
    caplog.set_level(logging.DEBUG)
    redshift.save(pd.DataFrame({"a": [1]}), index=False, **staging)
    redshift.read("select 1 as a", **staging)
    place = places.plan(staging["staging"], staging["iam_role"], "some-key")
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("batcat")]
    assert ours
    for text in (*ours, repr(place)):
        assert staging["iam_role"] not in text
        assert "some-key" not in text


def test_a_missing_bucket_is_named(redshift: Redshift, staging: dict[str, str]) -> None:
    """Before the server is asked for anything."""
    staging["staging"] = "s3://batcat-there-is-no-such-bucket/x"
    with pytest.raises(bc.MissingError, match="batcat-there-is-no-such-bucket"):
        redshift.save(pd.DataFrame({"a": [1]}), index=False, **staging)


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("select * from {} order by place", {}),
        (
            "select * from {} where place >= :n and text is null or place = :n ;",
            {"params": {"n": 1}},
        ),
        ("select * from {} where place < '{}' and false", {"date_start": 2026}),
        ("select * from {} where false", {}),
        ("with a as (select place, text from {}) select 'it''s $$ \\\\' as t, * from a", {}),
        (r"select place, 'a\\b\'c' as t, $x$d\e'f$x$ as u from {}", {}),
    ],
)
def test_what_is_unloaded_is_what_the_wire_gives(
    redshift: Redshift, staging: dict[str, str], query: str, options: dict[str, Any]
) -> None:
    """Values, types, bound values, and empty results."""
    redshift.save(every_type(), index=False, method="multi")
    query = query.replace("{}", redshift.table, 1)
    seen = statements(redshift)
    unloaded = redshift.read(query, **options, **staging)
    assert any(one.startswith(b"unload") for one in seen)
    plain = redshift.read(query, **options)
    assert list(unloaded.columns) == list(plain.columns)
    order: Callable[[pd.DataFrame], pd.DataFrame] = lambda one: one.sort_values(  # noqa: E731
        "place", ignore_index=True
    )
    for name in plain.columns:
        assert same(order(unloaded)[name], order(plain)[name]), name
    assert left(staging) == []


def test_what_cannot_be_unloaded_comes_over_the_wire(
    redshift: Redshift, staging: dict[str, str]
) -> None:
    """Parquet of Redshift has no time of day."""
    frame = redshift.read("select time '01:02' as t, 1 as n", **staging)
    assert frame["t"].to_list() == [dt.time(1, 2)]


def test_unloading_needs_a_name_for_each_column(
    redshift: Redshift, staging: dict[str, str]
) -> None:
    """A Parquet file has none of two."""
    with pytest.raises(bc.DataError, match="each needs a name of its own"):
        redshift.read("select 1 as a, 2 as a", **staging)


def test_rows_that_are_missing_in_between_are_an_error(
    redshift: Redshift, staging: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was unloaded is counted."""
    place = "batcat_runtime.redshift.read.listing"
    monkeypatch.setattr(place, lambda *_: iter(()))
    with pytest.raises(bc.DataError, match="holds 0 rows of 2"):
        redshift.read("select 1 as a union all select 2", **staging)
    assert left(staging) == []


def test_a_folder_that_cannot_be_removed_is_named_in_the_log(
    redshift: Redshift,
    staging: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was to be done is done."""

    def fail(_: object) -> None:
        raise bc.AccessError("not allowed")

    monkeypatch.setattr(places, "_remove", fail)
    assert redshift.save(pd.DataFrame({"a": [1]}), index=False, **staging) == 1
    assert "aws s3 rm --recursive s3://" in caplog.text
