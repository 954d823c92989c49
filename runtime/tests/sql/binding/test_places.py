"""Dates and parameters fill the places of a query, and only those."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.tests.sql.binding.values import ATTACKS, PLACES, STORABLE, STYLES

import batcat_runtime as bc
from batcat_runtime.sql.binding import bind
from batcat_runtime.sql.text import tokens


@pytest.mark.parametrize("style", STYLES)
def test_the_tutorials_places_are_bound(style: str) -> None:
    """As in the tutorial, quotes and all."""
    query = "select * from data.sales where day between '{}' and '{}'"
    found = bind(query, None, "2022/02/01", "2022/03/01", style)
    text, values = {
        "athena": ("between ? and ?", ["'2022/02/01'", "'2022/03/01'"]),
        "redshift": ("between $1 and $2", ["2022/02/01", "2022/03/01"]),
        "data_api": (
            "between :p1 and :p2",
            [{"name": "p1", "value": "2022/02/01"}, {"name": "p2", "value": "2022/03/01"}],
        ),
        "mysql": ("between %s and %s", ["2022/02/01", "2022/03/01"]),
    }[style]
    assert found == (f"select * from data.sales where day {text}", values)  # noqa: S608


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2022-02-01", "2022-02-01"),
        ("20220201", "20220201"),
        ("2022-02", "2022-02"),
        ("2022", "2022"),
        ("2022/2/1", "2022/2/1"),
        ("01.02.2022", "01.02.2022"),
        ("2022-02-01 12:30:00.123456", "2022-02-01 12:30:00.123456"),
        ("2022-02-01T12:30:00Z", "2022-02-01T12:30:00Z"),
        ("2022-02-01 12:30:00+02:00", "2022-02-01 12:30:00+02:00"),
        (20220201, "20220201"),
        (dt.date(2022, 2, 1), "2022-02-01"),
        (dt.datetime(2022, 2, 1, 12, 30), "2022-02-01 12:30:00"),  # noqa: DTZ001
        (pd.Timestamp("2022-02-01 12:30"), "2022-02-01 12:30:00"),
        (np.datetime64("2022-02-01"), "2022-02-01 00:00:00"),
    ],
)
def test_a_date_may_be_written_in_many_ways(value: Any, text: str) -> None:
    """Whatever ``get_date_with_delta`` or a table gives."""
    assert bind("select '{}'", None, value, None, "redshift").arguments == [text]


@pytest.mark.parametrize(
    "value",
    [
        *ATTACKS,
        "2022-02-01'; drop table sales; --",
        "2022-02-01' or '1'='1",
        "2022-02-30",
        "2022-13-01",
        "99.99.2022",
        "2022-02-01 25:00",
        "today",
        "",
        "\uff12022-02-01",
        True,
        1.5,
        pd.NaT,
        b"2022",
    ],
)
@pytest.mark.parametrize("style", STYLES)
def test_what_is_no_date_is_refused(value: Any, style: str) -> None:
    """Before anything is sent; the message names the argument."""
    with pytest.raises(bc.ConfigError, match=r"date_end is .*, which is no date; give one like"):
        bind("select '{}', '{}'", None, "2022-02-01", value, style)


def test_a_place_without_quotes_takes_the_value_as_it_is() -> None:
    """Where the predecessor's users wrote a year or a number of a day."""
    query = "select * from sales where year >= {} and day < {}"
    assert bind(query, None, "2022", dt.date(2022, 2, 1), "athena") == (
        "select * from sales where year >= ? and day < ?",
        ["2022", "DATE '2022-02-01'"],
    )


def test_a_typed_literal_becomes_a_conversion() -> None:
    """DATE ? is no SQL; CAST(? AS DATE) is what it means."""
    query = "select date '{}', x from t where y < TIMESTAMP /* here */ '{}'"
    for style, kind in (("athena", "TIMESTAMP"), ("redshift", "TIMESTAMP"), ("mysql", "DATETIME")):
        first, second = ("$1", "$2") if style == "redshift" else (PLACES[style],) * 2
        assert bind(query, None, "2022-02-01", "2022-02-02", style).text == (
            f"select CAST({first} AS DATE), x from t where y < CAST({second} AS {kind})"  # noqa: S608
        )


def test_places_may_be_numbered_and_used_again() -> None:
    """As str.format allows."""
    query = "select '{1}' where a > '{0}' union select '{1}'"
    found = bind(query, None, "2022-02-01", "2022-03-01", "redshift")
    assert found == (
        "select $1 where a > $2 union select $1",
        ["2022-03-01", "2022-02-01"],
    )
    assert bind(query, None, "2022", "2023", "athena").arguments == ["'2023'", "'2022'", "'2023'"]


@pytest.mark.parametrize(
    ("query", "dates"),
    [
        ("select 1", ("2022",)),
        ("select '{}'", ("2022", "2023")),
        ("select '{}', '{}', '{}'", ("2022", "2023")),
        ("select '{} 12:00'", ("2022",)),
        ("select 1 -- '{}'", ("2022",)),
        ("select '{1}'", ("2022",)),
    ],
)
def test_a_date_without_a_place_is_an_error(query: str, dates: tuple[str, ...]) -> None:
    """A query that ignores a date would give other rows than asked for."""
    start, end = (*dates, None)[:2]
    with pytest.raises(bc.ConfigError, match=r"the query has \d places '\{\}' for \d dates"):
        bind(query, None, start, end, "athena")


@pytest.mark.parametrize("style", STYLES)
def test_without_values_a_query_stays_as_it_is(style: str) -> None:
    """Braces, percent signs, quotes, comments and question marks have a meaning of their own."""
    query = """select '{}', '{"a": 1}', '100 %', x % 2, "a?b", 'it''s' -- {} ? :x
    /* '{}' " */ from t where a like '%s' and b = '?' and c = ':d' and e::int = 1"""
    assert bind(query, None, None, None, style) == (query, [])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "around",
    [
        "'{\"a\": {}}'",
        "'%'",
        "'100 %s %(x)s'",
        "'?'",
        "':name'",
        "'it''s :name ?'",
        '"?"',
        '":name"',
        "/* :name ? it's */",
        "-- :name ? it's {\n",
        "x::int",
        "12 % 5",
        "a[1:2]",
    ],
)
def test_what_is_no_place_survives(style: str, around: str) -> None:
    """In literals, quoted names and comments, before and behind a place."""
    query = f"select {around}, :name, {around} from t"  # noqa: S608
    found = bind(query, {"name": 5}, None, None, style)
    kept = around.replace("%", "%%") if style == "mysql" else around
    assert found.text == f"select {kept}, {PLACES[style]}, {kept} from t"  # noqa: S608
    assert len(found.arguments) == 1
    asked = bind(query.replace(", :name,", ", ?,"), [5], None, None, style)
    assert asked == found


@pytest.mark.parametrize(
    ("style", "around"),
    [
        ("redshift", r"'it\'s :name'"),
        ("redshift", r"E'\\', ':name'"),
        ("redshift", "$$ it's :name $$"),
        ("redshift", "$tag$ $$ :name $tag$"),
        ("redshift", "/* /* */ :name it's */"),
        ("mysql", r"'it\'s :name'"),
        ("mysql", '"it\'s :name"'),
        ("mysql", "`it's :name`"),
        ("mysql", "# it's :name\n"),
        ("mysql", "1--2"),
        ("athena", r"'\', 'it''s :name'"),
        ("athena", "/* /* it's :name */"),
        ("athena", "`it's`"),
    ],
)
def test_each_engine_has_its_own_literals_and_comments(style: str, around: str) -> None:
    """What one engine takes for a literal another may take for two."""
    found = bind(f"select {around}, :name", {"name": 5}, None, None, style)
    assert found.text == f"select {around}, {PLACES[style]}"


@pytest.mark.parametrize("query", ["select 'it", 'select "a', "select /* 1", "select 1, '''"])
@pytest.mark.parametrize("style", STYLES)
def test_what_does_not_end_is_named(query: str, style: str) -> None:
    """With its line."""
    with pytest.raises(bc.ConfigError, match=r"line 2 of the query begins .* does not end: "):
        bind(f"\n{query}", {"a": 1}, None, None, style)


@pytest.mark.parametrize("style", STYLES)
def test_a_value_without_a_place_is_refused(style: str) -> None:
    """A place in quotes is text, and would be compared with the column as such."""
    query = "select * from t where a = ':a' and b = :b"
    with pytest.raises(bc.ConfigError, match="params has 'a', and the query has no place :a"):
        bind(query, {"a": 1, "b": 2}, None, None, style)


@pytest.mark.parametrize("style", STYLES)
def test_a_list_fills_several_places(style: str) -> None:
    """Tuples, sets, arrays and columns too; an empty one has no place in SQL."""
    query = "select 1 where id in (:ids)"
    for ids in ([7, 8], (7, 8), {7: 0, 8: 0}.keys(), np.array([7, 8]), pd.Series([7, 8])):
        found = bind(query, {"ids": ids}, None, None, style)
        assert found.text.count(", ") == 1
        assert len(found.arguments) == 2
    with pytest.raises(bc.ConfigError, match="params ids: the list is empty"):
        bind(query, {"ids": []}, None, None, style)


def test_a_name_used_twice_is_one_value_where_the_engine_can() -> None:
    """So that a GROUP BY of the same expression is the same expression."""
    query = "select :a, :b, :a"
    assert bind(query, {"a": 1, "b": 2}, None, None, "redshift") == ("select $1, $2, $1", [1, 2])
    assert bind(query, {"a": 1, "b": 2}, None, None, "athena").arguments == ["1", "2", "1"]


def test_values_and_dates_go_together() -> None:
    """In the order of their places."""
    query = "select :a where d > '{}' and e = :b and f < '{}'"
    found = bind(query, {"a": 1, "b": "x"}, "2022", "2023", "athena")
    assert found.arguments == ["1", "'2022'", "'x'", "'2023'"]


@given(st.text(), st.sampled_from(["athena", "redshift", "mysql"]))
def test_a_query_is_taken_apart_without_loss(query: str, dialect: str) -> None:
    """Any text at all."""
    try:
        found = tokens(query, dialect)
    except bc.ConfigError:
        return
    assert "".join(part.text for part in found) == query


@given(STORABLE | st.sampled_from(ATTACKS))
def test_any_literal_survives_around_a_place(inside: str) -> None:
    """As a literal, as a quoted name, and in a comment."""
    literal = "'" + inside.replace("'", "''") + "'"
    name = '"' + inside.replace('"', '""') + '"'
    comment = "/*" + inside.replace("*/", "") + " */"
    query = "select {}, {} {}, :x".format(literal, name, comment.replace("/*/", "/* /"))
    found = bind(query, {"x": 1}, None, None, "athena")
    assert found == (query[:-2] + "?", ["1"])
