"""What a query reads over the wire: exact types, every row or an error, and no password."""

from __future__ import annotations

import datetime as dt
import logging
import traceback
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import batcat_runtime as bc

from .conftest import PASSWORD, Redshift

EVERY_TYPE = """
select 1::int2 as i2, 2::int4 as i4, 9007199254740993::int8 as i8, 1.5::float4 as f4,
    'NaN'::float8 as f8, true as b, 'x' as t, ''::varchar(5) as e,
    -1234567890123456789012345678.0123456789::numeric(38,10) as d, date '0001-01-01' as day,
    time '23:59:59.999999' as clock, timetz '12:00:00.000001+05:30' as zoned_clock,
    timestamp '9999-12-31 23:59:59.999999' as ts, timestamptz '2026-01-01 00:00:00.123456+02' as tz,
    to_varbyte('ff00', 'hex') as raw, json_parse('{"a": [1, null]}') as super
"""


def test_every_type_is_read_exactly(redshift: Redshift) -> None:
    """Also where the driver would round, cut or crash."""
    frame = redshift.read(EVERY_TYPE)
    assert [str(dtype) for dtype in frame.dtypes[:8]] == [
        "Int16",
        "Int32",
        "Int64",
        "Float32",
        "Float64",
        "boolean",
        "string",
        "string",
    ]
    assert str(frame["ts"].dtype) == "datetime64[us]"
    assert str(frame["tz"].dtype) == "datetime64[us, UTC]"
    row = frame.iloc[0]
    assert row["i8"] == 2**53 + 1
    assert np.isnan(frame["f8"].array[0])
    assert row["d"] == Decimal("-1234567890123456789012345678.0123456789")
    assert row["day"] == dt.date(1, 1, 1)
    assert row["clock"] == dt.time(23, 59, 59, 999_999)
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    assert row["zoned_clock"] == dt.time(12, 0, 0, 1, tzinfo=zone)
    assert row["ts"] == pd.Timestamp("9999-12-31 23:59:59.999999")
    assert row["tz"] == pd.Timestamp("2025-12-31 22:00:00.123456+00:00")
    assert row["raw"] == b"\xff\x00"
    assert row["super"] == '{"a": [1, null]}'
    assert row["e"] == ""


def test_null_is_null_in_every_type(redshift: Redshift) -> None:
    """And changes no column's type."""
    full = redshift.read(EVERY_TYPE)
    nulls = ", ".join("null" for _ in full.columns)
    frame = redshift.read(f"select * from ({EVERY_TYPE}) as one union all select {nulls}")  # noqa: S608 - the test's own
    assert list(frame.dtypes) == list(full.dtypes)
    (missing,) = np.flatnonzero(frame["i2"].isna())
    assert frame.iloc[missing].isna().all()
    assert frame["t"].array[missing] is pd.NA
    assert frame["d"].array[missing] is None


def test_an_empty_result_keeps_columns_and_types(redshift: Redshift) -> None:
    """As one with rows has them."""
    frame = redshift.read(f"select * from ({EVERY_TYPE}) as one where false")  # noqa: S608 - the test's own
    assert len(frame) == 0
    assert list(frame.dtypes) == list(redshift.read(EVERY_TYPE).dtypes)


def test_columns_of_one_name_stay_apart(redshift: Redshift) -> None:
    """SQL allows them; and names keep their capital letters when that is said."""
    query = 'select 1 as "Two Words", 2 as "Two Words"'
    assert list(redshift.read(query).columns) == ["two words"] * 2  # as Redshift has them
    frame = redshift.read(query, case_sensitive=True)
    assert list(frame.columns) == ["Two Words"] * 2
    assert frame.to_numpy().tolist() == [[1, 2]]


def test_blocks_of_rows_are_joined(redshift: Redshift, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large results are turned into columns piece by piece."""
    monkeypatch.setattr("batcat_runtime.redshift.rows._BLOCK", 1000)
    frame = redshift.read(
        "select i, 'text ' || i as t, null::date as d from generate_series(1, 500) i"
    )
    assert frame["i"].to_list() == list(range(1, 501))
    assert frame["t"].iloc[-1] == "text 500"
    assert str(frame["i"].dtype) == "Int32"


def test_dates_and_params_are_bound(redshift: Redshift) -> None:
    """Text of a caller never becomes SQL; braces and percent signs in literals stay."""
    query = """
    select day::date as day, '{}'::text || ' 100%' as text, :evil as evil
    from generate_series(timestamp '2026-01-01', '2026-01-31', '1 day') as day
    where day >= '{0}' and day < '{1}' and :n in (1, 2)
    """.replace("'{}'::text", "'{} {x}'::text")
    evil = "'; drop table students; --"
    frame = redshift.read(
        query, date_start="2026-01-02", date_end=dt.date(2026, 1, 4), params={"evil": evil, "n": 2}
    )
    assert frame["day"].to_list() == [dt.date(2026, 1, 2), dt.date(2026, 1, 3)]
    assert frame["text"].to_list() == ["{} {x} 100%"] * 2
    assert frame["evil"].to_list() == [evil] * 2
    with pytest.raises(bc.ConfigError, match="date_start"):
        redshift.read("select '{}'", date_start="2026-01-01' or true --")


@pytest.mark.parametrize(
    ("query", "error", "told"),
    [
        ("select * from nowhere", bc.MissingError, 'relation "nowhere" does not exist'),
        ("select nothing", bc.MissingError, "check the name"),
        ("select 1/0", bc.DataError, "division by zero"),
        ("select 'x'::int", bc.DataError, "invalid input syntax"),
        ("selec 1", bc.ExecutionError, "syntax error"),
        ("create table t_read (a int)", bc.DataError, "gives no table"),
        (" ;", bc.ConfigError, "the query is empty"),
        ("select interval '1 month' as span", bc.DataError, "'span' is of type interval"),
        ("select timestamp 'infinity' as m", bc.DataError, "'m' holds a timestamp"),
        ("select date '0044-03-15 BC' as d", bc.DataError, "'d' holds a date"),
        ("select time '24:00' as t", bc.DataError, "'t' holds a time"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_says_why(
    redshift: Redshift, query: str, error: type[Exception], told: str
) -> None:
    """Of our kinds, with what the server said."""
    with pytest.raises(error, match=told):
        redshift.read(query)


def test_reading_changes_nothing(redshift: Redshift) -> None:
    """What a statement does that is no query is rolled back."""
    redshift.run(f"create table {redshift.table} (a int)")
    with pytest.raises(bc.DataError, match="gives no table"):
        redshift.read(f"insert into {redshift.table} values (1)")  # noqa: S608 - the test's own
    assert len(redshift.rows()) == 0


def test_no_way_in_says_where_and_what_to_check(redshift: Redshift) -> None:
    """A port where nobody listens; a database that does not exist."""
    redshift.login["port"] = 1
    with pytest.raises(bc.AccessError, match=r"redshift://awsuser@127\.0\.0\.1:1/dev"):
        redshift.read("select 1")
    redshift.login |= {"port": redshift.relay.port, "database": "nowhere"}
    with pytest.raises(bc.MissingError, match="check the name, the schema and the database"):
        redshift.read("select 1")


def test_the_password_is_nowhere_to_be_seen(
    redshift: Redshift, caplog: pytest.LogCaptureFixture
) -> None:
    """In no log line at any level, in no traceback, not even one that shows variables."""
    caplog.set_level(logging.DEBUG)
    redshift.read("select 1")
    redshift.login["database"] = "nowhere"
    with pytest.raises(bc.MissingError) as raised:
        bc.read_data_from_redshift("select 1", **redshift.login)
    redshift.login["port"] = 1
    with pytest.raises(bc.AccessError) as refused:
        bc.read_data_from_redshift("select 1", **redshift.login)
    assert caplog.records
    assert PASSWORD not in caplog.text
    for one in (raised, refused):
        shown = traceback.TracebackException.from_exception(one.value, capture_locals=True)
        own = [line for line in shown.format() if "test_reading" not in line]
        assert PASSWORD not in "".join(own)


def test_what_is_given_must_lead_somewhere() -> None:
    """Host and password, or a cluster or workgroup for IAM."""
    with pytest.raises(bc.ConfigError, match="host and password"):
        bc.read_data_from_redshift("select 1", "localhost")
    with pytest.raises(bc.ConfigError, match="not both"):
        bc.read_data_from_redshift("select 1", cluster="a", workgroup="b")
    with pytest.raises(bc.ConfigError, match="not both"):
        bc.read_data_from_redshift("select 1", "localhost", "x", cluster="a")
