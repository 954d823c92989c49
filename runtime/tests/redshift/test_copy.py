"""Many rows through Parquet in S3: COPY and UNLOAD, and nothing of them left behind."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from runtime.tests.strategies import same

import batcat_runtime as bc
from batcat_runtime.redshift import staging as places
from batcat_runtime.redshift import write as writing

from .conftest import every_type, left, statements

if TYPE_CHECKING:
    from .conftest import Redshift


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
