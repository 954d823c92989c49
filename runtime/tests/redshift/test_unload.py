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
