"""Values reach a database as values: no text of a caller ever becomes part of the SQL."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from runtime.tests.sql.binding.values import ATTACKS, STORABLE, STYLES

import batcat_runtime as bc
from batcat_runtime.sql.binding import bind, quote_identifier
from batcat_runtime.sql.drivers import athena_literal
from batcat_runtime.sql.text import tokens


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"other": 1}, r"the query has a place :name, and params has only \['other'\]"),
        ({"name": object()}, "name is a object, which SQL has no type for"),
        ({"name": {"a": 1}}, "name is a dict"),
        ({"name": pd.Timestamp(1)}, "name is .*: nanoseconds cannot be bound"),
        ({"name": np.datetime64(1, "ns")}, "name is .*: nanoseconds cannot be bound"),
        ({"name": np.timedelta64(1, "ns")}, "name is a timedelta64"),
        ({"name": Decimal("NaN")}, "name is NaN"),
        ({"name": "a\0b"}, "name has a sign that no database can hold"),
        ({"name": "\ud800"}, "name has a sign that no database can hold"),
        ("x", "params is a str; give a dictionary"),
        (5, "params is a int; give a dictionary"),
        ([1], "the query has 0 places \\? and params has 1 values"),
    ],
)
@pytest.mark.parametrize("style", STYLES)
def test_values_that_cannot_be_bound_are_named(style: str, params: Any, message: str) -> None:
    """Before anything is sent."""
    with pytest.raises(bc.ConfigError, match=message):
        bind("select :name", params, None, None, style)


@pytest.mark.parametrize("style", STYLES)
@given(value=STORABLE | st.sampled_from(ATTACKS))
def test_no_value_changes_the_text(style: str, value: str) -> None:
    """Whatever it holds."""
    query = "select :name where x = 'it''s'"
    harmless = bind(query, {"name": "x"}, None, None, style)
    found = bind(query, {"name": value}, None, None, style)
    if style == "data_api" and not value:
        assert found == ("select '' where x = 'it''s'", [])
    else:
        assert found.text == harmless.text
    if style in {"redshift", "mysql"}:
        assert found.arguments == [value]


@given(STORABLE | st.sampled_from(ATTACKS))
def test_athena_is_given_one_literal(value: str) -> None:
    """A foreign parser of Trino's SQL reads the value back from it."""
    literal = athena_literal(value)
    assert [token.text for token in sqlglot.tokenize(literal, read="trino")] == [value]
    assert [token.kind for token in tokens(literal, "athena")] == ["literal"]


@given(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.integers(-(10**37), 10**37)
    | st.floats()
    | st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**9))
    | STORABLE
    | st.dates()
    | st.datetimes()
    | st.times()
)
def test_athena_literals_mean_the_value(value: Any) -> None:
    """An engine computes them: DuckDB, whose literals are written as Trino's are."""
    found: Any = duckdb.execute(f"select {athena_literal(value)}").fetchall()[0][0]
    if isinstance(value, float) and math.isnan(value):
        assert math.isnan(found)
    else:
        assert found == value


def test_times_keep_their_zone() -> None:
    """Trino knows whole minutes; anything else is told in UTC."""
    value = dt.datetime(2022, 2, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))
    assert athena_literal(value) == "TIMESTAMP '2022-02-01 12:00:00 +05:30'"
    odd = dt.timezone(-dt.timedelta(seconds=30))
    assert athena_literal(value.replace(tzinfo=odd)) == "TIMESTAMP '2022-02-01 12:00:30 +00:00'"


def test_binary_is_written_in_hex() -> None:
    """Trino and the Data API have each their own way."""
    assert bind("select ?", [b"\0'"], None, None, "athena").arguments == ["X'0027'"]
    assert bind("select ?", [b"\0'"], None, None, "data_api") == (
        "select FROM_HEX(:p1)",
        [{"name": "p1", "value": "0027"}],
    )


def test_the_data_api_is_told_types() -> None:
    """It takes text only, and none that is empty."""
    query = "select ?, ?, ?, ?, ?, ?, ?, ?"
    values = [1, 1.5, Decimal("-1.50"), Decimal("1E+2"), dt.date(2022, 2, 1), None, True, ""]
    found = bind(query, values, None, None, "data_api")
    assert found.text == (
        "select :p1, CAST(:p2 AS DOUBLE PRECISION), CAST(:p3 AS DECIMAL(3, 2)), "
        "CAST(:p4 AS DECIMAL(3, 0)), CAST(:p5 AS DATE), NULL, TRUE, ''"
    )
    assert [one["value"] for one in found.arguments] == ["1", "1.5", "-1.50", "100", "2022-02-01"]
    tiny = bind("select ?", [Decimal("1E-9")], None, None, "data_api")
    assert tiny.text == "select CAST(:p1 AS DECIMAL(9, 9))"
    assert tiny.arguments == [{"name": "p1", "value": "0.000000001"}]


def test_values_of_numpy_and_pandas_are_plain() -> None:
    """Drivers know Python's types only."""
    given_values = [np.int64(1), np.float32(1.5), np.bool_(True), pd.NA, pd.NaT, np.str_("a")]
    found = bind("select ?, ?, ?, ?, ?, ?", given_values, None, None, "redshift").arguments
    assert found == [1, 1.5, True, None, None, "a"]
    assert [type(one) for one in found] == [int, float, bool, type(None), type(None), str]
    assert bind("select ?", ["NaT"], None, None, "redshift").arguments == ["NaT"]


def test_what_mysql_does_not_have_is_refused() -> None:
    """Its driver would drop a time zone without a word."""
    moment = dt.datetime(2022, 2, 1, tzinfo=dt.timezone.utc)
    with pytest.raises(bc.ConfigError, match="x has a time zone, which MySQL's times have not"):
        bind("select :x", {"x": moment}, None, None, "mysql")
    with pytest.raises(bc.ConfigError, match="x is nan, which MySQL has not"):
        bind("select :x", {"x": math.nan}, None, None, "mysql")


def test_a_value_too_long_for_athena_is_refused() -> None:
    """It takes 1024 signs, quotes included."""
    assert bind("select :x", {"x": "a" * 1022}, None, None, "athena").arguments
    with pytest.raises(bc.ConfigError, match=r"a value has 1025 signs, Athena takes 1024 .*\(x\)"):
        bind("select :x", {"x": "a" * 1023}, None, None, "athena")


@given(STORABLE.filter(bool) | st.sampled_from(ATTACKS))
def test_an_identifier_is_one_name(name: str) -> None:
    """For a foreign tokenizer, too."""
    for style, dialect in (("athena", "trino"), ("redshift", "redshift"), ("mysql", "mysql")):
        found = sqlglot.tokenize(quote_identifier(name, style=style), read=dialect)
        assert [token.text for token in found] == [name]


def test_identifiers_that_belong_together() -> None:
    """Each is quoted by itself."""
    assert quote_identifier("my schema", 'a"b.c') == '"my schema"."a""b.c"'
    assert quote_identifier("a`b", style="mysql") == "`a``b`"
    for bad in ("", "a\0"):
        with pytest.raises(bc.ConfigError, match="cannot name a table, column or schema"):
            quote_identifier("schema", bad)
    with pytest.raises(bc.ConfigError, match="style is 'x'; it must be one of athena, redshift"):
        quote_identifier("a", style="x")
