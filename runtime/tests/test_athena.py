"""A query's rows come exactly as they are, whichever way they take, or an error says why not."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import batcat_runtime as bc
from batcat_runtime.athena import plan, results
from batcat_runtime.athena.told import column_type
from batcat_runtime.aws import client
from batcat_runtime.sql.binding import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGION = "us-east-1"
ENDLESS = (
    "select count(*) from unnest(sequence(1, 10000)) as a(x) "
    "cross join unnest(sequence(1, 10000)) as b(y) cross join unnest(sequence(1, 10000)) as c(z) "
    "cross join unnest(sequence(1, 10000)) as d(u) "
    "where x * y % 7 = z"
)
NULLS = "select * from (values (1, 'a'), (2, null), (3, '')) as t(n, s)"


@pytest.fixture(scope="module")
def staging(local_s3: Any) -> str:
    """A folder for results, for tests that do not look what is in it."""
    name = f"batcat-{uuid.uuid4().hex}"
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in local_s3.environment.items():
            patch.setenv(variable, value)
        client("s3").create_bucket(Bucket=name)
    return f"s3://{name}/athena/"


@pytest.fixture
def asked(s3_environment: None) -> Iterator[list[dict[str, Any]]]:  # noqa: ARG001
    """The queries that Athena is asked to run."""
    requests: list[dict[str, Any]] = []
    events = client("athena", REGION).meta.events

    def note(params: dict[str, Any], **_: object) -> None:
        requests.append(json.loads(params["body"]))

    events.register("before-call.athena.StartQueryExecution", note, unique_id="asked")
    yield requests
    events.unregister("before-call.athena.StartQueryExecution", unique_id="asked")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is logged."""
    lines: list[str] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: lines.append(record.getMessage()))
    logger = bc.get_logger("batcat_runtime")
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def state(identity: str) -> str:
    """Where a query is."""
    athena = client("athena", REGION)
    found = athena.get_query_execution(QueryExecutionId=identity)["QueryExecution"]
    return str(found["Status"]["State"])


def queries() -> list[str]:
    """Ids of all queries, the newest first."""
    found: list[str] = client("athena", REGION).list_query_executions()["QueryExecutionIds"]
    return found


def keys(bucket: str) -> list[str]:
    """All that lies in a bucket."""
    return bc.list_keys(bucket, "", "")


VALUES: dict[str, tuple[str, Any, str]] = {
    "tinyint": ("cast(-128 as tinyint)", -128, "Int8"),
    "smallint": ("cast(32767 as smallint)", 32767, "Int16"),
    "integer": ("cast(-2147483648 as integer)", -(2**31), "Int32"),
    "bigint": ("bigint '9007199254740993'", 2**53 + 1, "Int64"),
    "real": ("real '0.1'", pytest.approx(0.1, rel=1e-7), "Float32"),
    "double": ("0.1e0", 0.1, "Float64"),
    "infinity": ("infinity()", float("inf"), "Float64"),
    "boolean": ("true", True, "boolean"),
    "varchar": ("'a,\"b\" ''c'' \n電池'", "a,\"b\" 'c' \n電池", "string"),
    "empty": ("''", "", "string"),
    "decimal": (
        "cast('12345678901234567890123456789.123456789' as decimal(38,9))",
        Decimal("12345678901234567890123456789.123456789"),
        "object",
    ),
    "scale": ("cast('1.50' as decimal(5,2))", Decimal("1.50"), "object"),
    "date": ("date '0001-01-01'", dt.date(1, 1, 1), "object"),
    "timestamp": (
        "timestamp '2020-02-29 23:59:59.123'",
        pd.Timestamp("2020-02-29 23:59:59.123"),
        "datetime64[ms]",
    ),
    "binary": ("x'00ff27'", b"\0\xff'", "object"),
}
NESTED: dict[str, tuple[str, Any]] = {
    "array": ("array[1, null, 3]", [1, None, 3]),
    "texts": ("array['a, b', '', null]", ["a, b", "", None]),
    "map": (
        "map(array['x', 'y'], array[cast('1.50' as decimal(5,2)), null])",
        {"x": Decimal("1.50"), "y": None},
    ),
    "row": (
        "cast(row(1, 'x', array[date '2020-01-01']) as row(a integer, b varchar, c array(date)))",
        {"a": 1, "b": "x", "c": [dt.date(2020, 1, 1)]},
    ),
}


def column(sql: str, staging: str, **how: Any) -> pd.Series[Any]:
    """A column of a value, NULL, and the value again."""
    query = f"select case when n <> 2 then {sql} end as v from (values 1, 2, 3) as t(n)"  # noqa: S608
    found: pd.Series[Any] = bc.read_data_from_athena(query, REGION, staging, **how)["v"]
    return found


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["csv", "unload", "auto"])
@pytest.mark.parametrize("name", VALUES)
def test_values_are_what_they_are(staging: str, name: str, mode: str) -> None:
    """With NULL between them; on both ways the same."""
    sql, value, dtype = VALUES[name]
    found = column(sql, staging, mode=mode)
    assert found.dtype == dtype
    assert found.isna().tolist() == [False, True, False]
    assert found[0] == value
    assert found[2] == value
    if isinstance(value, Decimal):
        assert str(found[0]) == str(value)


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["csv", "unload"])
@pytest.mark.parametrize("name", VALUES)
def test_no_rows_and_nothing_but_null_have_types(staging: str, name: str, mode: str) -> None:
    """Names, too, as the query writes them."""
    sql, _, dtype = VALUES[name]
    query = f'select {sql} as "My V", n from (values 1, 2) as t(n) where n > 5'  # noqa: S608
    found = bc.read_data_from_athena(query, REGION, staging, mode=mode)
    assert found.shape == (0, 2)
    assert list(found.columns) == ["My V", "n"]
    assert found["My V"].dtype == dtype
    nulls = query.replace(f"select {sql}", f"select if(n > 5, {sql})").replace("where n > 5", "")
    found = bc.read_data_from_athena(nulls, REGION, staging, mode=mode)
    assert found["My V"].dtype == dtype
    assert found["My V"].isna().all()
    assert len(found) == 2


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["unload", "auto"])
@pytest.mark.parametrize("name", NESTED)
def test_nested_values_are_what_they_are(staging: str, name: str, mode: str) -> None:
    """Lists and dictionaries, and inside them the same types."""
    sql, value = NESTED[name]
    assert column(sql, staging, mode=mode).tolist() == [value, None, value]


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("name", NESTED)
def test_nested_values_are_never_guessed_from_text(staging: str, name: str) -> None:
    """In CSV [a, b] may be two texts, or one; rows in order have no other way."""
    sql, value = NESTED[name]
    with pytest.raises(bc.DataError, match=r"column 'v' holds arrays.*use mode='unload'"):
        column(sql, staging, mode="csv")
    with pytest.raises(bc.DataError, match="column 'v' holds arrays"):
        bc.read_data_from_athena(f"select {sql} as v from (values 1) as t(n) order by n",  # noqa: S608
                                 REGION, staging)  # fmt: skip
    limited = f"select {sql} as v from (values 1, 2) as t(n) limit 1"  # noqa: S608
    assert bc.read_data_from_athena(limited, REGION, staging)["v"].tolist() == [value]


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["csv", "unload", "auto"])
def test_null_is_not_the_empty_text(staging: str, mode: str) -> None:
    """Nor NULL, nor None."""
    found = bc.read_data_from_athena(f"{NULLS} order by n", REGION, staging)
    assert found["s"].tolist() == ["a", pd.NA, ""]
    words = "select * from (values 'NULL', 'NA', 'nan', '\\N', ' ', '') as t(s)"
    found = bc.read_data_from_athena(words, REGION, staging, mode=mode)
    assert sorted(found["s"]) == sorted(["NULL", "NA", "nan", "\\N", " ", ""])


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["csv", "unload"])
@pytest.mark.parametrize("query", ["select 1 as a -- one", "-- one\nselect 1 as a; /* ; */ -- ;"])
def test_a_comment_may_end_the_query(staging: str, mode: str, query: str) -> None:
    """What is written around the query is not taken for a part of it."""
    assert bc.read_data_from_athena(query, REGION, staging, mode=mode)["a"].tolist() == [1]


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("arrow", [True, False])
def test_many_rows_as_csv(staging: str, arrow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one page of the API holds: from the file, with pyarrow or without."""
    if not arrow:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    expressions = ", ".join(f"if(n % 3 > 0, {sql}) as {name}" for name, (sql, *_) in VALUES.items())
    query = (
        f"select n, {expressions}, time '12:34:56.789' as clock, "  # noqa: S608
        "timestamp '2020-01-01 11:00:00 UTC' as zoned "
        "from unnest(sequence(1, 3000)) as t(n) order by n"
    )
    found = bc.read_data_from_athena(query, REGION, staging)
    assert found["n"].tolist() == list(range(1, 3001))
    for name, (_, value, dtype) in VALUES.items():
        assert found[name].dtype == dtype
        assert found[name].isna().tolist() == [n % 3 == 0 for n in range(1, 3001)]
        assert found[name][0] == found[name][2998] == value
    assert found["clock"][0] == dt.time(12, 34, 56, 789_000)
    assert found["zoned"].dtype == "datetime64[ms, UTC]"
    assert found["zoned"][0] == pd.Timestamp("2020-01-01 11:00", tz="UTC")


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("count", [99, 100])
def test_rows_come_from_one_place(staging: str, count: int) -> None:
    """Few from the API, in one small page; more from the file, and not from both."""
    asked: list[int] = []

    def note(params: dict[str, Any], **_: object) -> None:
        asked.append(params.get("MaxResults", 1000))

    events = client("athena", REGION).meta.events
    events.register("provide-client-params.athena.GetQueryResults", note, unique_id="note")
    try:
        query = f"select n from unnest(sequence(1, {count})) as t(n) order by n"  # noqa: S608
        found = bc.read_data_from_athena(query, REGION, staging)
    finally:
        events.unregister("provide-client-params.athena.GetQueryResults", unique_id="note")
    assert found["n"].tolist() == list(range(1, count + 1))
    assert asked == [100]


@pytest.mark.usefixtures("s3_environment")
def test_many_rows_as_parquet(staging: str) -> None:
    """All of them, once."""
    query = (
        "select n, cast(n as varchar) as s from (select a * 10000 + b as n "
        "from unnest(sequence(0, 4)) as one(a) cross join unnest(sequence(1, 10000)) as two(b))"
    )
    found = bc.read_data_from_athena(query, REGION, staging)
    assert sorted(found["n"]) == list(range(1, 50_001))
    assert (found["s"] == found["n"].astype("string")).all()


def test_times_more_precise_than_said_are_kept() -> None:
    """Athena says milliseconds of all of them."""
    kind = column_type({"Type": "timestamp", "Precision": 3})
    cells = ["2020-01-01 00:00:00.123456", None]
    found = results._column("t", kind, cells, "query")  # noqa: SLF001
    assert found.dtype == "datetime64[us]"
    assert found[0] == pd.Timestamp("2020-01-01 00:00:00.123456")
    with pytest.raises(bc.DataError, match=r"query, column 't': 'soon' is no timestamp\(3\)"):
        results._column("t", kind, [cells[0], "soon"], "query")  # noqa: SLF001


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


@pytest.mark.parametrize("query", [NULLS, f"{NULLS} where n > 5", "select nope from (values 1) t"])
@pytest.mark.parametrize("mode", ["unload", "auto"])
def test_unload_leaves_nothing_behind(s3_bucket: str, query: str, mode: str) -> None:
    """Also when it fails; what was there before stays."""
    client("s3").put_object(Bucket=s3_bucket, Key="athena/batcat-unload/mine", Body=b"1")
    staging = f"s3://{s3_bucket}/athena"
    if "nope" in query:
        with pytest.raises(bc.ExecutionError, match=r"query [-\w]+ failed: .*'nope'"):
            bc.read_data_from_athena(query, REGION, staging, mode=mode)
    else:
        bc.read_data_from_athena(query, REGION, staging, mode=mode)
    left = [key for key in keys(s3_bucket) if mode == "unload" or not key.endswith(".csv")]
    assert left == ["athena/batcat-unload/mine"]


def test_a_workgroup_may_put_results_elsewhere(s3_bucket: str) -> None:
    """What it left there is deleted there, and encrypted as it says while it lasts."""
    s3, athena, group = client("s3"), client("athena", REGION), f"g{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=f"other-{s3_bucket}")
    settings = {
        "OutputLocation": f"s3://other-{s3_bucket}/enforced/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": "alias/mine"},
    }
    athena.create_work_group(
        Name=group,
        Configuration={"ResultConfiguration": settings, "EnforceWorkGroupConfiguration": True},
    )
    for mode in ("unload", "csv"):
        found = bc.read_data_from_athena(
            NULLS, REGION, f"s3://{s3_bucket}/mine/", workgroup=group, mode=mode
        )
        assert sorted(found["n"]) == [1, 2, 3]
        left = keys(f"other-{s3_bucket}")
        assert len(left) == (0 if mode == "unload" else 1)
        assert keys(s3_bucket) == []
    kept = s3.head_object(Bucket=f"other-{s3_bucket}", Key=left[0])
    assert kept["ServerSideEncryption"] == "aws:kms"
    many = "select n from unnest(sequence(1, 500)) as t(n) order by n"
    for place in (f"s3://{s3_bucket}/mine/", None):  # of so many, the file is read
        found = bc.read_data_from_athena(many, REGION, place, workgroup=group, mode="csv")
        assert found["n"].tolist() == list(range(1, 501))
    assert keys(s3_bucket) == []
    for key in keys(f"other-{s3_bucket}"):
        s3.delete_object(Bucket=f"other-{s3_bucket}", Key=key)
    s3.delete_bucket(Bucket=f"other-{s3_bucket}")


def test_leftovers_that_cannot_be_deleted_are_named(s3_bucket: str, told: list[str]) -> None:
    """The rows are there all the same."""
    events = client("s3", REGION).meta.events

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteObjects")

    events.register("before-call.s3.DeleteObjects", refuse, unique_id="refuse")
    try:
        found = bc.read_data_from_athena(NULLS, REGION, f"s3://{s3_bucket}/", mode="unload")
    finally:
        events.unregister("before-call.s3.DeleteObjects", unique_id="refuse")
    assert len(found) == 3
    assert any("batcat-unload/" in line and "is left behind: " in line for line in told)


@pytest.mark.usefixtures("s3_environment")
def test_a_refused_unload_becomes_csv(staging: str, asked: list[dict[str, Any]]) -> None:
    """Parquet has no type for a time, for example; nothing was scanned yet."""
    query = "select time '12:00:00' as t, n from (values 1) as t(n)"
    found = bc.read_data_from_athena(query, REGION, staging)
    assert found["t"].tolist() == [dt.time(12)]
    assert [request["QueryString"].split()[0] for request in asked] == [
        "SELECT",
        "UNLOAD",
        "select",
    ]


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "time '12:00:00'",
            "column 'v' is of type time, which UNLOAD cannot write; use mode='csv'",
        ),
        ("timestamp '2020-01-01 12:00:00 UTC'", "column 'v' is of type timestamp with time zone"),
        (
            "timestamp '2020-01-01 12:00:00.123456'",
            "column 'v' holds times finer than milliseconds",
        ),
        ("timestamp '2020-01-01 12:00:00'", "column 'v' holds times of whole seconds"),
    ],
    ids=["time", "zone", "microseconds", "seconds"],
)
def test_what_unload_cannot_write_is_named(staging: str, sql: str, message: str) -> None:
    """Unless the mode is ours to choose: then the rows come the other way, whole."""
    with pytest.raises(bc.DataError, match=re.escape(message)):
        column(sql, staging, mode="unload")
    assert column(sql, staging).isna().tolist() == [False, True, False]


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
@pytest.mark.parametrize("mode", ["csv", "unload"])
def test_a_query_that_never_ends_is_cancelled(staging: str, mode: str) -> None:
    """At the limit; the message says what to do."""
    known = set(queries())
    with pytest.raises(bc.ExecutionError, match=r"not ended within 0\.5 s and is cancelled .*time"):
        bc.read_data_from_athena(ENDLESS, REGION, staging, mode=mode, timeout=0.5)
    mine = [identity for identity in queries() if identity not in known]
    assert len(mine) == (1 if mode == "csv" else 2)
    assert "CANCELLED" in {state(identity) for identity in mine}
    assert not {"RUNNING", "QUEUED"} & {state(identity) for identity in mine}


@pytest.mark.usefixtures("s3_environment")
def test_a_query_that_someone_cancels_is_an_error(staging: str) -> None:
    """And not an empty result."""
    athena = client("athena", REGION)

    def stop(parsed: dict[str, Any], **_: object) -> None:
        if parsed["QueryExecution"]["Status"]["State"] == "RUNNING":
            athena.stop_query_execution(
                QueryExecutionId=parsed["QueryExecution"]["QueryExecutionId"]
            )

    athena.meta.events.register("after-call.athena.GetQueryExecution", stop, unique_id="stop")
    try:
        with pytest.raises(bc.ExecutionError, match=r"query [-\w]+ was cancelled: .*run it again"):
            bc.read_data_from_athena(ENDLESS, REGION, staging)
    finally:
        athena.meta.events.unregister("after-call.athena.GetQueryExecution", unique_id="stop")


def test_ctrl_c_cancels_the_query(local_s3: Any, staging: str) -> None:
    """In a process of its own, with a real signal."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in local_s3.environment.items():
            patch.setenv(variable, value)
        known = set(queries())
        call = f"bc.read_data_from_athena({ENDLESS!r}, {REGION!r}, {staging!r})"
        code = f"import batcat_runtime as bc; {call}"
        with subprocess.Popen(
            [sys.executable, "-c", code], env=os.environ, stderr=subprocess.PIPE, text=True
        ) as process:
            mine: list[str] = []
            looked = threading.Event()
            while not mine or state(mine[0]) != "RUNNING":
                mine = [identity for identity in queries() if identity not in known]
                assert process.poll() is None
                looked.wait(0.02)
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=30)
        assert "KeyboardInterrupt" in error
        assert [state(identity) for identity in mine] == ["CANCELLED"]


@pytest.mark.usefixtures("s3_environment")
def test_ctrl_c_while_a_query_is_started_cancels_it(staging: str) -> None:
    """Athena may have begun with it before its answer arrived."""
    athena, known = client("athena", REGION), set(queries())
    pressed: list[bool] = []

    def press(**_: object) -> None:
        if not pressed:
            pressed.append(True)
            raise KeyboardInterrupt

    athena.meta.events.register("after-call.athena.StartQueryExecution", press, unique_id="press")
    try:
        with pytest.raises(KeyboardInterrupt):
            bc.read_data_from_athena(ENDLESS, REGION, staging)
    finally:
        athena.meta.events.unregister("after-call.athena.StartQueryExecution", unique_id="press")
    mine = [identity for identity in queries() if identity not in known]
    assert [state(identity) for identity in mine] == ["CANCELLED"]


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


def test_statements_without_rows(s3_bucket: str) -> None:
    """Tables are made, filled and listed in the same way."""
    staging, name = f"s3://{s3_bucket}/results/", f"d{uuid.uuid4().hex}"

    def run(query: str) -> pd.DataFrame:
        return bc.read_data_from_athena(query, REGION, staging, database=name)

    assert run(f"create database {name}").empty
    run(f"create table made with (format = 'PARQUET', external_location = 's3://{s3_bucket}/made/')"
        " as select 1 as a")  # fmt: skip
    run("insert into made select 2")
    assert sorted(run("select * from made")["a"]) == [1, 2]
    shown = run("show tables")
    assert shown.iloc[:, 0].tolist() == ["made"]


def test_what_statements_tell_is_a_table(s3_bucket: str) -> None:
    """One text a row, of which each column is a part; blanks that fill it up are none."""
    base, folder = f"d{uuid.uuid4().hex}", f"s3://{s3_bucket}/"

    def run(query: str) -> pd.DataFrame:
        return bc.read_data_from_athena(query, REGION, f"{folder}athena/", database=base)

    run(f"create database {base}")
    run(
        "create external table kept (id bigint comment 'a number', s array<string>) "
        f"partitioned by (day string) stored as parquet location '{folder}kept/'"
    )
    run("alter table kept add partition (day = '2026-03-01') partition (day = '2026-03-02')")
    described = run("describe kept")
    assert list(described.columns) == ["col_name", "data_type", "comment"]
    assert described.iloc[:3].to_numpy().tolist() == [
        ["id", "bigint", "a number"], ["s", "array<string>", ""], ["day", "string", ""],
    ]  # fmt: skip
    assert described["col_name"].tolist()[3:] == [
        "", "# Partition Information", "# col_name", "", "day",
    ]  # fmt: skip
    assert run("show columns in kept")["field"].tolist() == ["id", "s", "day"]
    days = ["day=2026-03-01", "day=2026-03-02"]
    assert run("show partitions kept")["partition"].tolist() == days
    text = run("show create table kept")["createtab_stmt"].tolist()
    assert text[0].startswith("CREATE EXTERNAL TABLE")
    assert text[1].startswith("  `id` bigint")


def test_rows_of_statements_have_all_columns() -> None:
    """A row that says less has NULL; what says more loses nothing."""
    parted = results._parted  # noqa: SLF001
    assert parted(["EXTERNAL\tTRUE"], 2) == ["EXTERNAL", "TRUE"]
    assert parted(["alone "], 2) == ["alone", None]
    assert parted(["a\tb\tc"], 2) == ["a", "b\tc"]
    assert parted([None], 1) == [None]
    assert parted(["a", "b "], 2) == ["a", "b"]


def test_a_broken_result_file_is_an_error() -> None:
    """Half a file is no result."""
    import io

    columns = [("a", column_type({"Type": "integer"})), ("b", column_type({"Type": "varchar"}))]
    whole = b'"a","b"\n"1",""\n,\n"2","x""y\n"\n'
    found = results._from_arrow(io.BytesIO(whole), columns, "f")  # noqa: SLF001
    assert found["a"].tolist() == [1, pd.NA, 2]
    assert found["b"].tolist() == ["", pd.NA, 'x"y\n']
    cells = results._cells(io.BytesIO(whole), 2)  # noqa: SLF001
    assert cells == [["1", None, "2"], ["", None, 'x"y\n']]
    for broken in (b'"a","b"\n"1","', b'"a","b"\n"1",x\n'):
        with pytest.raises(bc.DataError, match="CSV is broken in line 2"):
            results._cells(io.BytesIO(broken), 2)  # noqa: SLF001


@pytest.mark.parametrize(
    ("told", "dtype"),
    [
        ({"Type": "float"}, "Float32"),
        ({"Type": "char", "Precision": 3}, "string"),
        ({"Type": "timestamp", "Precision": 0}, "datetime64[ms]"),
        ({"Type": "timestamp", "Precision": 6}, "datetime64[us]"),
        ({"Type": "timestamp with time zone", "Precision": 3}, "datetime64[ms, UTC]"),
        ({"Type": "interval day to second"}, "string"),
        ({"Type": "ipaddress"}, "string"),
        ({"Type": "unknown"}, "object"),
    ],
)
def test_types_as_athena_tells_them(told: dict[str, Any], dtype: str) -> None:
    """What pandas has no type for stays text."""
    assert column_type(told).dtype == dtype


def test_a_time_that_was_there_twice_is_refused() -> None:
    """Berlin had 02:30 twice that night, and Athena tells only the name of the zone."""
    with_offset: Callable[[str, str], str] = results._with_offset  # noqa: SLF001
    assert with_offset("c", "2020-07-01 02:30:00.123 Europe/Berlin").endswith("02:30:00.123+0200")
    assert with_offset("c", "2020-07-01 02:30:00.123 UTC").endswith(" UTC")
    with pytest.raises(bc.DataError, match=r"column 'c': .* was there twice.*AT TIME ZONE 'UTC'"):
        with_offset("c", "2020-10-25 02:30:00.000 Europe/Berlin")
