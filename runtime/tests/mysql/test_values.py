"""A query's rows come exactly as MySQL holds them."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runtime.tests.mysql.mimic import Server, columns_of

import batcat_runtime as bc
from batcat_runtime import mysql


def test_values_are_what_they_are(server: Server) -> None:
    """With NULL between them."""
    found = bc.read_data_from_bd("select * from everything order by n", *server.login)
    for name, (_, _, value, dtype, _) in columns_of(server).items():
        assert found[name].dtype == dtype, name
        assert found[name].isna().tolist() == [False, True, False], name
        assert found[name][0] == found[name][2] == value, name
    assert str(found["c_price"][0]) == "-12345678901234567890123456789.120000000"


def test_no_rows_have_types(server: Server) -> None:
    """The same as with rows."""
    found = bc.read_data_from_bd("select * from everything where n > 5", *server.login)
    assert found.shape == (0, len(columns_of(server)) + 1)
    for name, (_, _, _, dtype, _) in columns_of(server).items():
        assert found[name].dtype == dtype, name


def test_two_columns_of_one_name(server: Server) -> None:
    """Which SQL allows."""
    found = bc.read_data_from_bd("select n, n from everything where n = 1", *server.login)
    assert list(found.columns) == ["n", "n"]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
    | st.sampled_from(
        ["' or 1=1 --", "\\", "\\'", "%s", "%(a)s", "{}", '"', "\\%", "\x1a", "\u00a5"]
    )
)
def test_text_comes_back_as_it_is(server: Server, text: str) -> None:
    """Whatever it holds: nothing of it becomes SQL."""
    if not server.real:
        text = text.replace("\x1a", "")  # older sqlglot, which mysql-mimic reads with, keeps \\Z
    found = bc.read_data_from_bd(
        "select :text as v, '100 %s' as w", *server.login, params={"text": text}
    )
    assert found.iloc[0].tolist() == [text, "100 %s"]


def test_places_are_filled(server: Server) -> None:
    """Dates, names, lists; percent signs stay."""
    query = """
        select n, '%' as p from everything
        where '2020-02-15' between '{}' and '{}' and n in (:ns) and '100%' = :text -- %s '{}'
        order by n
    """
    found = bc.read_data_from_bd(
        query, *server.login, date_start="2020-02-01", date_end=dt.date(2020, 3, 1),
        params={"ns": [1, 3], "text": "100%"},
    )  # fmt: skip
    assert found["n"].tolist() == [1, 3]
    assert found["p"].tolist() == ["%", "%"]
    with pytest.raises(bc.ConfigError, match=r"date_start is .*, which is no date"):
        bc.read_data_from_bd(query, *server.login, date_start="' or 1=1 --")


def test_a_decimal_is_written_without_an_exponent(server: Server) -> None:
    """To MySQL that would be a float, and compared as one (Reference Manual, "Number Literals")."""
    host, user, port, database, password = server.login
    there = mysql._Server(host, port, database, 9, None)  # noqa: SLF001 - what it writes
    with closing(there.log_in(user, password)) as connection:
        values = [Decimal("0.000000001"), Decimal("1E+3"), Decimal("-1.50")]
        written = connection.cursor().mogrify("%s %s %s", values)
    assert written == "0.000000001 1000 -1.50"
