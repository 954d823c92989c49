"""What is asked is what the caller wrote, with values as values."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runtime.tests.athena.queries import REGION

import batcat_runtime as bc
from batcat_runtime.athena import plan
from batcat_runtime.aws import client
from batcat_runtime.sql.binding import bind


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["csv", "unload"])
@pytest.mark.parametrize("query", ["select 1 as a -- one", "-- one\nselect 1 as a; /* ; */ -- ;"])
def test_a_comment_may_end_the_query(staging: str, mode: str, query: str) -> None:
    """What is written around the query is not taken for a part of it."""
    assert bc.read_data_from_athena(query, REGION, staging, mode=mode)["a"].tolist() == [1]


@pytest.mark.usefixtures("s3_environment")
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.dates(),
)
def test_bound_values_come_back(
    staging: str, text: str, number: int, real: float, day: dt.date
) -> None:
    """Whatever they hold, through Athena's own parameters."""
    query = "select :text as a, :number as b, :real as c, :day as d"
    values = {"text": text, "number": number, "real": real, "day": day}
    found = bc.read_data_from_athena(query, REGION, staging, params=values)
    assert found.iloc[0].tolist() == [text, number, real, day]


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["csv", "unload"])
def test_dates_fill_the_tutorials_places(
    staging: str, mode: str, asked: list[dict[str, Any]]
) -> None:
    """And an attack is a text like any other, or no date at all."""
    query = """
        select day, note from (values ('2022-02-01', 'it''s {} %s ?'), ('2022-03-01', '{ }'))
        as t(day, note) -- '{}'
        where day >= '{}' and day < '{}' and note <> :note;
    """
    found = bc.read_data_from_athena(
        query, REGION, staging, "2022-02-01", dt.date(2022, 3, 1), params={"note": "' or 1=1 --"},
        mode=mode,
    )  # fmt: skip
    assert found.to_dict("list") == {"day": ["2022-02-01"], "note": ["it's {} %s ?"]}
    assert all(
        request["ExecutionParameters"] == ["'2022-02-01'", "'2022-03-01'", "''' or 1=1 --'"]
        for request in asked
    )
    with pytest.raises(bc.ConfigError, match=r"date_start is .* which is no date"):
        bc.read_data_from_athena(query, REGION, staging, "' or 1=1 --", "2022-03-01")


@pytest.mark.parametrize(
    ("query", "unload"),
    [
        ("select * from t", True),
        ("WITH a AS (SELECT * FROM t ORDER BY x LIMIT 5) SELECT * FROM a", True),
        ("select * from t limit 10001", True),
        ("select count(*), x from t group by x", True),
        ("select max(x) over (partition by y) from t", True),
        ("select x from t union select y from u", True),
        ("select * from (select count(*) from t)", True),
        ("-- order by\nselect 'order by', \"limit\" from t /* limit 1 */", True),
        ("select * from t order by x", False),
        ("select * from t ORDER /* */ BY x desc", False),
        ("select * from t limit 10000", False),
        ("select * from t fetch first 5 rows only", False),
        ("select count(*) from t where x in (select y from u)", False),
        ("select max(x), min(y) from t", False),
        ("with a as (select x from t group by x) select sum(x) from a", False),
        ("select 1", False),
        ("show tables", False),
        ("insert into t select * from u", False),
        ("create table t as select * from u", False),
    ],
)
def test_what_the_query_says_decides_on_the_way(query: str, unload: bool) -> None:
    """Parquet for what may be large and has no order."""
    bound = bind(query, None, None, None, "athena")
    assert plan.decide(bound, "auto", "s3://b/", 0).unload is unload
    assert plan.decide(bound, "csv", "s3://b/", 0).unload is False


def test_other_reasons_for_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    """A result to reuse, no staging folder, no pyarrow."""
    bound = bind("select * from t", None, None, None, "athena")
    assert plan.decide(bound, "auto", "s3://b/c", 0).unload
    assert not plan.decide(bound, "auto", "s3://b/c", 5).unload
    assert not plan.decide(bound, "auto", None, 0).unload
    monkeypatch.setattr(plan, "find_spec", lambda _: None)
    assert not plan.decide(bound, "auto", "s3://b/c", 0).unload


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "fast"}, "mode is 'fast'; it must be one of auto, csv, unload"),
        ({"s3_staging_dir": "bucket/x"}, "s3_staging_dir is 'bucket/x'; it looks like s3://"),
        ({"reuse_minutes": -1}, "reuse_minutes is -1"),
        ({"reuse_minutes": 10_081}, "reuse_minutes is 10081"),
        ({"timeout": 0}, "timeout is 0"),
        ({"mode": "unload", "reuse_minutes": 5}, "leaves no result to reuse"),
        ({"mode": "unload", "s3_staging_dir": None}, "needs s3_staging_dir"),
        ({"mode": "unload", "query": "show tables"}, "the query is no SELECT"),
        ({"params": {"a": 1}, "query": "select :b"}, "has a place :b"),
    ],
)
def test_arguments_that_are_none_are_refused(arguments: dict[str, Any], message: str) -> None:
    """Before anything is sent: there is no Athena here."""
    usual = {"query": "select 1", "region": REGION, "s3_staging_dir": "s3://b/"}
    with pytest.raises(bc.ConfigError, match=message):
        bc.read_data_from_athena(**(usual | arguments))


@pytest.mark.usefixtures("s3_environment")
def test_a_result_is_reused_if_the_caller_says_so(
    staging: str, told: list[str], asked: list[dict[str, Any]]
) -> None:
    """And only then."""
    query = f"select random() as r, '{uuid.uuid4()}' as u"
    first = bc.read_data_from_athena(query, REGION, staging)
    again = bc.read_data_from_athena(query, REGION, staging)
    reused = bc.read_data_from_athena(query, REGION, staging, reuse_minutes=5)
    assert again["r"][0] != first["r"][0]
    assert reused["r"][0] == again["r"][0]
    assert [line.endswith("result reused") for line in told] == [False, False, True]
    assert "ResultReuseConfiguration" not in asked[1]


@pytest.fixture
def csv_table(s3_bucket: str) -> str:
    """A table of 11 MB, that Athena has to scan."""
    database = f"d{uuid.uuid4().hex}"
    body = b"".join(b"%d,%s\n" % (n, b"x" * 100) for n in range(110_000))
    client("s3").put_object(Bucket=s3_bucket, Key="data/t.csv", Body=body)
    for statement in (
        f"create database {database}",
        (
            f"create external table {database}.t (n bigint, s string) row format delimited "
            f"fields terminated by ',' location 's3://{s3_bucket}/data/'"
        ),
    ):
        bc.read_data_from_athena(statement, REGION, f"s3://{s3_bucket}/results/")
    return database


def test_bytes_and_cost_are_logged(
    s3_bucket: str, csv_table: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cost only if its price is known: none is built in."""
    staging = f"s3://{s3_bucket}/results/"

    def line(**how: Any) -> str:
        told.clear()
        found = bc.read_data_from_athena(
            "select count(*) as c from t", REGION, staging, database=csv_table, **how
        )
        assert found["c"].tolist() == [110_000]
        return told[0]

    assert line().endswith(" MB scanned")
    assert " 11." in line()
    assert line(price_per_tb=1024 * 1024).endswith(f", costs {12:.6f}")
    monkeypatch.setenv("BATCAT_ATHENA_PRICE_PER_TB", str(2 * 1024 * 1024))
    assert line().endswith(f", costs {24:.6f}")
    monkeypatch.setenv("BATCAT_ATHENA_PRICE_PER_TB", "cheap")
    with pytest.raises(bc.ConfigError, match="BATCAT_ATHENA_PRICE_PER_TB is 'cheap'"):
        line()


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize(
    ("place", "query", "more", "message"),
    [
        ("s3://no-such-bucket-here/", "select 1", {}, r"cannot run the query .*bucket.*; check"),
        ("", "selec 1", {}, "cannot run the query on Athena: .*selec"),
        ("", "select 1", {"workgroup": "none"}, "WorkGroup none is not found"),
    ],
)
def test_a_request_that_athena_refuses_is_explained(
    staging: str, place: str, query: str, more: dict[str, Any], message: str
) -> None:
    """With what to check."""
    with pytest.raises(bc.ConfigError, match=f"(?i){message}"):
        bc.read_data_from_athena(query, REGION, place or staging, **more)
