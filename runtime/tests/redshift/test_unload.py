"""Large results through Parquet in S3: UNLOAD, and nothing of it left behind."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from runtime.tests.strategies import same

import batcat_runtime as bc

from .conftest import every_type, left, statements

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from .conftest import Redshift


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("select * from {}; -- all; of it", {}),
        ("/* -- */ select * from {} -- where false", {"params": []}),
        ("select * from (select * from {} order by place limit 2) as a", {}),
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


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("select * from {} order by place desc", "UNLOAD keeps no ORDER BY"),
        ("(select * from {} order by place desc)", "UNLOAD keeps no ORDER BY"),
        (
            "with a as (select * from {}) select * from a where place > :n order by 1 desc -- last",
            "UNLOAD keeps no ORDER BY",
        ),
        ("select * from {} order by place desc limit 2;", "UNLOAD keeps no ORDER BY"),
        ("select * from {} where place > 1 limit 2", "UNLOAD takes no outermost LIMIT"),
        ("(select * from {} where place > 1 limit 2)", "UNLOAD takes no outermost LIMIT"),
        ("select * from {} where place > 1 offset 0", "UNLOAD takes no outermost LIMIT"),
        ("explain select * from {}", "UNLOAD takes SELECT only"),
    ],
)
def test_what_unload_would_not_give_comes_over_the_wire(
    redshift: Redshift,
    staging: dict[str, str],
    query: str,
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It writes files in no order, and refuses LIMIT; a log line says so."""
    redshift.save(every_type()[["place", "text"]], index=False, method="multi")
    seen = statements(redshift)
    query = query.replace("{}", redshift.table)
    params = {"params": {"n": 0}} if ":n" in query else {}
    with caplog.at_level("INFO", logger="batcat_runtime"):
        frame = redshift.read(query, **params, **staging)
    assert not any(b"unload" in one for one in seen)
    assert f"{reason}: reading over the wire instead" in caplog.text
    if "desc" in query:
        assert frame["place"].to_list() == [3, 2, 1][: len(frame)]
    assert left(staging) == []


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
