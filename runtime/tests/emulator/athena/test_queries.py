"""Athena's API: states, results, parameters, reuse, cancellation, workgroups."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from batcat_runtime.emulator import LocalAws
from batcat_runtime.emulator.athena.runner import QUERIES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runtime.tests.emulator.athena.conftest import Queries
    from runtime.tests.emulator.conftest import Store

ENDLESS = (
    "SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x), UNNEST(sequence(1, 10000)) b(y), "
    "UNNEST(sequence(1, 10000)) c(z), UNNEST(sequence(1, 10000)) d(u) WHERE x * y % 7 = z"
)


def refusal(queries: Queries, sql: str, **request: Any) -> tuple[str, str]:
    """Code and message of the error that starting a query gets."""
    with pytest.raises(queries.athena.exceptions.ClientError) as caught:
        queries.start(sql, **request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_result_is_rows_types_and_a_file(queries: Queries, store: Store) -> None:
    """The first row holds the names; in the file NULL is empty and text is quoted."""
    sql = (
        "SELECT 1 AS a, 'x \"y\"' AS b, CAST(NULL AS varchar) AS c, '' AS d, "
        "CAST('1.50' AS decimal(10,2)) AS e, 1e20 AS f, true, date '2020-01-02' AS g"
    )
    found = queries.run(sql)
    identity = found["QueryExecutionId"]
    assert queries.result(identity) == [
        ["a", "b", "c", "d", "e", "f", "_col6", "g"],
        ["1", 'x "y"', None, "", "1.50", "1.0E20", "true", "2020-01-02"],
    ]
    assert found["ResultConfiguration"]["OutputLocation"] == store.uri(f"out/{identity}.csv")
    assert store.text(f"out/{identity}.csv") == (
        '"a","b","c","d","e","f","_col6","g"\n'
        '"1","x ""y""",,"","1.50","1.0E20","true","2020-01-02"\n'
    )
    answer = queries.athena.get_query_results(QueryExecutionId=identity)
    columns = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(one["Type"], one["Precision"], one["Scale"]) for one in columns] == [
        ("integer", 10, 0),
        ("varchar", 2147483647, 0),
        ("varchar", 2147483647, 0),
        ("varchar", 2147483647, 0),
        ("decimal", 10, 2),
        ("double", 17, 0),
        ("boolean", 0, 0),
        ("date", 0, 0),
    ]
    assert (found["StatementType"], found["SubstatementType"]) == ("DML", "SELECT")


def test_long_results_come_in_pages(queries: Queries) -> None:
    """A thousand rows at most, the names among them; nothing is lost or told twice."""
    identity = queries.run("SELECT x FROM UNNEST(sequence(1, 2500)) AS t(x)")["QueryExecutionId"]
    first = queries.athena.get_query_results(QueryExecutionId=identity)
    assert len(first["ResultSet"]["Rows"]) == 1000
    rows = queries.result(identity)
    assert rows[0] == ["x"]
    assert sorted(int(row[0] or 0) for row in rows[1:]) == list(range(1, 2501))
    few = queries.athena.get_query_results(QueryExecutionId=identity, MaxResults=1)
    assert [one["VarCharValue"] for one in few["ResultSet"]["Rows"][0]["Data"]] == ["x"]


def test_an_empty_result_keeps_its_columns(queries: Queries) -> None:
    """Names and types, and no rows."""
    identity = queries.run("SELECT 1 AS a, 'x' AS b WHERE false")["QueryExecutionId"]
    answer = queries.athena.get_query_results(QueryExecutionId=identity)["ResultSet"]
    assert len(answer["Rows"]) == 1
    assert [one["Type"] for one in answer["ResultSetMetadata"]["ColumnInfo"]] == [
        "integer",
        "varchar",
    ]


def test_parameters_are_values_in_the_places_of_question_marks(queries: Queries) -> None:
    """One in a text or a comment is no place; a value is one SQL value and nothing more."""
    sql = "SELECT ?, '?' /* ? */, ? -- ?\n"
    assert queries.rows(sql, ExecutionParameters=["'it''s'", "DATE '2020-01-01'"]) == [
        ["it's", "?", "2020-01-01"]
    ]
    assert (
        "expected 1 but found 2" in refusal(queries, "SELECT ?", ExecutionParameters=["1", "2"])[1]
    )
    for attack in ("1; DROP TABLE x", "1 UNION SELECT 2", "1, 2", "(SELECT 1)", "name"):
        code, message = refusal(queries, "SELECT ?", ExecutionParameters=[attack])
        assert code == "InvalidRequestException"
        assert "not one SQL value" in message


def test_a_token_starts_one_query(queries: Queries) -> None:
    """The same request gives the same query; another one is an error."""
    token = str(uuid.uuid4())
    one = queries.start("SELECT 1", ClientRequestToken=token)
    assert queries.start("SELECT 1", ClientRequestToken=token) == one
    assert "Idempotent" in refusal(queries, "SELECT 2", ClientRequestToken=token)[1]


def test_a_result_is_used_again_if_asked_for(queries: Queries) -> None:
    """The file is the same one, nothing is scanned; another question is carried out."""
    reuse = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 5}}
    first = queries.run("SELECT 41 + 1")
    second = queries.run("SELECT 41 + 1", ResultReuseConfiguration=reuse)
    assert second["QueryExecutionId"] != first["QueryExecutionId"]
    assert second["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": True}
    assert (
        second["ResultConfiguration"]["OutputLocation"]
        == first["ResultConfiguration"]["OutputLocation"]
    )
    assert queries.result(second["QueryExecutionId"]) == [["_col0"], ["42"]]
    other = queries.run("SELECT 41 + 2", ResultReuseConfiguration=reuse)
    assert other["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": False}
    again = queries.run("SELECT 41 + 1")
    assert again["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": False}


def test_a_query_can_be_stopped(
    queries: Queries, until: Callable[[Callable[[], Any], str], Any]
) -> None:
    """While it runs; it has no result."""
    identity = queries.start(ENDLESS)

    def state() -> str:
        found = queries.athena.get_query_execution(QueryExecutionId=identity)
        return str(found["QueryExecution"]["Status"]["State"])

    until(lambda: state() == "RUNNING", "the query to run")
    with pytest.raises(
        queries.athena.exceptions.InvalidRequestException,
        match=r"Query has not yet finished\. Current state: RUNNING",
    ):
        queries.athena.get_query_results(QueryExecutionId=identity)
    queries.athena.stop_query_execution(QueryExecutionId=identity)
    found = queries.end(identity)
    assert found["Status"]["State"] == "CANCELLED"
    with pytest.raises(queries.athena.exceptions.InvalidRequestException, match="CANCELLED"):
        queries.athena.get_query_results(QueryExecutionId=identity)
    assert queries.rows("SELECT 1") == [["1"]]


def test_a_query_that_is_stopped_as_it_begins_leaves_room_for_others(queries: Queries) -> None:
    """DuckDB has not begun with it yet, and would forget an interruption."""
    for _ in range(4 * QUERIES):
        identity, state = queries.start(ENDLESS), ""
        while state != "RUNNING":
            found = queries.athena.get_query_execution(QueryExecutionId=identity)
            state = found["QueryExecution"]["Status"]["State"]
        queries.athena.stop_query_execution(QueryExecutionId=identity)
    assert queries.rows("SELECT 1") == [["1"]]


def test_a_failure_says_why(queries: Queries) -> None:
    """In the state's reason and in AthenaError."""
    found = queries.end(queries.start("SELECT 1 / 0"))
    assert found["Status"]["State"] == "FAILED"
    assert found["Status"]["StateChangeReason"] == "DIVISION_BY_ZERO: Division by zero"
    assert found["Status"]["AthenaError"]["ErrorCategory"] == 2
    assert "TABLE_NOT_FOUND" in queries.failure("SELECT * FROM nothing")
    assert "SCHEMA_NOT_FOUND" in queries.failure("SELECT * FROM nowhere.nothing")


@pytest.mark.parametrize(
    ("sql", "request_", "code", "named"),
    [
        ("SELEC 1", {}, "InvalidRequestException", "mismatched input 'SELEC'"),
        ("SELECT 1 FROM", {}, "InvalidRequestException", ""),
        ("SELECT 1", {"ResultConfiguration": {}}, "InvalidRequestException", "No output location"),
        (
            "SELECT 1",
            {"ResultConfiguration": {"OutputLocation": "s3://no-such-bucket/"}},
            "InvalidRequestException",
            "Unable to verify/create output bucket no-such-bucket",
        ),
        ("SELECT 1", {"WorkGroup": "nobody"}, "InvalidRequestException", "WorkGroup nobody"),
        ("DELETE FROM t", {}, "NotEmulated", "Athena statement DELETE FROM"),
        ("EXPLAIN SELECT 1", {}, "NotEmulated", "Athena statement EXPLAIN SELECT"),
        ("SELECT soundex('a')", {}, "FAILED", "Athena function soundex"),
        (
            "SELECT 1",
            {"QueryExecutionContext": {"Catalog": "other"}},
            "NotEmulated",
            "data catalog other",
        ),
        (
            "SELECT 1",
            {"EngineConfiguration": {"MaxConcurrentDpus": 4}},
            "NotEmulated",
            "StartQueryExecution parameter EngineConfiguration",
        ),
    ],
)
def test_what_cannot_be_started_is_refused_by_name(
    queries: Queries, sql: str, request_: dict[str, Any], code: str, named: str
) -> None:
    """At once, or in the query's reason when it takes the catalog to know."""
    if code == "FAILED":
        assert named in queries.failure(sql, **request_)
        return
    found, message = refusal(queries, sql, **request_)
    assert found == code
    assert named in message


def test_queries_are_listed_newest_first(queries: Queries, unique: Callable[[str], str]) -> None:
    """By workgroup, in pages; several are described at once."""
    group = unique("group")
    queries.athena.create_work_group(
        Name=group,
        Configuration={"ResultConfiguration": {"OutputLocation": queries.store.uri("group/")}},
    )
    made = [
        queries.run("SELECT 1", WorkGroup=group, ResultConfiguration={})["QueryExecutionId"]
        for _ in range(3)
    ]
    pages = queries.athena.get_paginator("list_query_executions").paginate(
        WorkGroup=group, PaginationConfig={"PageSize": 2}
    )
    assert list(pages.search("QueryExecutionIds[]")) == made[::-1]
    answer = queries.athena.batch_get_query_execution(
        QueryExecutionIds=[made[0], str(uuid.uuid4())]
    )
    assert [one["QueryExecutionId"] for one in answer["QueryExecutions"]] == [made[0]]
    assert len(answer["UnprocessedQueryExecutionIds"]) == 1


def test_a_workgroup_decides_where_results_go_and_how_much_is_read(
    queries: Queries, unique: Callable[[str], str], store: Store
) -> None:
    """An enforced location wins; a query beyond the cutoff fails."""
    group = unique("group")
    queries.athena.create_work_group(
        Name=group,
        Configuration={
            "ResultConfiguration": {"OutputLocation": store.uri("group/")},
            "EnforceWorkGroupConfiguration": True,
            "BytesScannedCutoffPerQuery": 10_000_000,
        },
    )
    found = queries.run("SELECT 1", WorkGroup=group)
    assert found["ResultConfiguration"]["OutputLocation"].startswith(store.uri("group/"))
    with pytest.raises(queries.athena.exceptions.InvalidRequestException, match="centralized"):
        queries.start(
            f"CREATE TABLE c WITH (external_location = '{store.uri('c/')}') AS SELECT 1 AS a",
            WorkGroup=group,
        )
    store.s3.put_object(Bucket=store.bucket, Key="big/a.csv", Body=b"1234567\n" * 1_400_000)
    queries.run(f"CREATE EXTERNAL TABLE big (x bigint) LOCATION '{store.uri('big/')}'")
    assert queries.rows("SELECT count(*) FROM big") == [["1400000"]]
    reason = queries.failure("SELECT count(*) FROM big", WorkGroup=group)
    assert "Bytes scanned limit was exceeded" in reason


def test_regions_share_nothing(queries: Queries, aws: LocalAws) -> None:
    """A query is found in its region only."""
    identity = queries.run("SELECT 1")["QueryExecutionId"]
    elsewhere = aws.client("athena", region_name="eu-central-1")
    with pytest.raises(elsewhere.exceptions.InvalidRequestException, match="was not found"):
        elsewhere.get_query_execution(QueryExecutionId=identity)
    assert elsewhere.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"] == []
    elsewhere.close()


def test_without_duckdb_queries_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The rest of the local AWS works, and the answer says what to install."""
    missing = "raise ModuleNotFoundError(\"No module named 'duckdb'\", name='duckdb')\n"
    (tmp_path / "duckdb.py").write_text(missing, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with LocalAws() as aws:
        aws.client("s3").create_bucket(Bucket="results")
        athena = aws.client("athena")
        with pytest.raises(ClientError, match=r"pip install 'batcat-runtime\[athena-local\]'"):
            athena.start_query_execution(
                QueryString="SELECT 1", ResultConfiguration={"OutputLocation": "s3://results/"}
            )
        assert athena.list_query_executions()["QueryExecutionIds"] == []
