"""The Redshift Data API."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.redshift.conftest import Session

    from batcat_runtime.emulator import LocalAws

WHERE = {"WorkgroupName": "local", "Database": "dev"}


@dataclass(frozen=True)
class Api:
    """Runs statements and waits for them."""

    client: Any

    def submit(self, sql: str, **request: Any) -> str:
        """Submit a statement; its id."""
        return str(self.client.execute_statement(Sql=sql, **{**WHERE, **request})["Id"])

    def end(self, identity: str) -> dict[str, Any]:
        """The statement when it has ended."""
        while True:
            found = self.client.describe_statement(Id=identity, WaitTimeSeconds=30)
            if found["Status"] in ("FINISHED", "FAILED", "ABORTED"):
                return dict(found)

    def run(self, sql: str, **request: Any) -> dict[str, Any]:
        """Run a statement that succeeds."""
        found = self.end(self.submit(sql, **request))
        assert found["Status"] == "FINISHED", found
        return found

    def records(self, sql: str, **request: Any) -> list[list[dict[str, Any]]]:
        """A statement's rows."""
        identity = self.run(sql, **request)["Id"]
        return list(self.client.get_statement_result(Id=identity)["Records"])


@pytest.fixture
def api(aws: LocalAws) -> Api:
    """The API of the local warehouse."""
    return Api(aws.client("redshift-data"))


def test_values_are_typed_fields(api: Api) -> None:
    """Numbers as such, all else as text, NULL as isNull."""
    sql = (
        "select 9007199254740993 as a, 'x'::varchar(5) as b, 1.5::decimal(10,2) as c, "
        "null::bigint as d, true as e, 1.5::float8 as f, timestamp '2020-01-02 03:04:05.678' as g, "
        "date '2020-01-02' as h, from_hex('00ff')::varbyte as i, json_parse('[1]') as j"
    )
    found = api.run(sql)
    assert (found["HasResultSet"], found["ResultRows"]) == (True, 1)
    answer = api.client.get_statement_result(Id=found["Id"])
    assert answer["TotalNumRows"] == 1
    assert answer["Records"] == [
        [
            {"longValue": 9007199254740993},
            {"stringValue": "x"},
            {"stringValue": "1.50"},
            {"isNull": True},
            {"booleanValue": True},
            {"doubleValue": 1.5},
            {"stringValue": "2020-01-02 03:04:05.678"},
            {"stringValue": "2020-01-02"},
            {"stringValue": "00ff"},
            {"stringValue": "[1]"},
        ]
    ]
    described = [(one["name"], one["typeName"]) for one in answer["ColumnMetadata"]]
    kinds = "int8 varchar numeric int8 bool float8 timestamp date varbyte super"
    assert described == list(zip("abcdefghij", kinds.split(), strict=True))
    assert (answer["ColumnMetadata"][2]["precision"], answer["ColumnMetadata"][2]["scale"]) == (
        10,
        2,
    )
    assert answer["ColumnMetadata"][1]["length"] == 5


def test_long_results_come_in_pages(api: Api) -> None:
    """Each tells how many rows there are in all."""
    found = api.run("select n from generate_series(1, 2500) t(n)")
    assert found["ResultRows"] == 2500
    pages = list(api.client.get_paginator("get_statement_result").paginate(Id=found["Id"]))
    assert [len(page["Records"]) for page in pages] == [1000, 1000, 500]
    assert {page["TotalNumRows"] for page in pages} == {2500}
    values = [row[0]["longValue"] for page in pages for row in page["Records"]]
    assert values == list(range(1, 2501))


def test_an_empty_result_keeps_its_columns(api: Api) -> None:
    """And has no rows."""
    found = api.run("select 1 as a, 'x'::varchar as b where false")
    answer = api.client.get_statement_result(Id=found["Id"])
    assert (answer["Records"], answer["TotalNumRows"]) == ([], 0)
    assert [one["typeName"] for one in answer["ColumnMetadata"]] == ["int4", "varchar"]


def test_parameters_are_bound(api: Api) -> None:
    """By name, converted by the database; texts and casts that look like places are none."""
    given = [{"name": "a", "value": "41"}, {"name": "b", "value": "it's; --"}]
    sql = "select :a::int + 1, :b, ':b', 'x'::varchar -- :c\n"
    assert api.records(sql, Parameters=given) == [
        [
            {"longValue": 42},
            {"stringValue": "it's; --"},
            {"stringValue": ":b"},
            {"stringValue": "x"},
        ]
    ]
    for parameters, named in (
        ([{"name": "b", "value": "x"}], "missing a value for :a"),
        ([*given, {"name": "c", "value": "x"}], "unused parameters: ['c']"),
    ):
        with pytest.raises(api.client.exceptions.ValidationException) as caught:
            api.submit("select :a, :b", Parameters=parameters)
        assert named in str(caught.value)


def test_a_batch_is_one_transaction(api: Api, unique: Callable[[str], str]) -> None:
    """Each part has a result of its own; one failure undoes all."""
    table = unique("t").replace("-", "_")
    api.run(f"create table {table} (a int)")

    def batch(*sqls: str) -> dict[str, Any]:
        answer = api.client.batch_execute_statement(Sqls=list(sqls), **WHERE)
        return api.end(answer["Id"])

    insert, count = f"insert into {table} values (1)", f"select count(*) from {table}"  # noqa: S608
    found = batch(insert, count)
    assert found["Status"] == "FINISHED"
    assert [part["Status"] for part in found["SubStatements"]] == ["FINISHED", "FINISHED"]
    part = found["SubStatements"][1]["Id"]
    assert api.client.get_statement_result(Id=part)["Records"] == [[{"longValue": 1}]]
    found = batch(insert, "select 1 / 0", insert)
    assert found["Status"] == "FAILED"
    assert found["Error"] == "Query #2 failed with ERROR: division by zero"
    assert [part["Status"] for part in found["SubStatements"]] == [
        "FINISHED",
        "FAILED",
        "SUBMITTED",
    ]
    assert api.records(count) == [[{"longValue": 1}]]


def test_drivers_and_the_api_see_the_same_tables(api: Api, session: Session) -> None:
    """There is one warehouse."""
    session.run("create table {t} (a int, b varchar(9) not null default 'x')")
    session.run("insert into {t} values (7)")
    session.connection.commit()
    assert api.records(f"select a from {session.table}") == [[{"longValue": 7}]]  # noqa: S608
    where = {"WorkgroupName": "local", "Database": "dev"}
    tables = api.client.list_tables(SchemaPattern="public", TablePattern=session.table, **where)
    assert tables["Tables"] == [{"name": session.table, "type": "TABLE", "schema": "public"}]
    columns = api.client.describe_table(Schema="public", Table=session.table, **where)["ColumnList"]
    assert [(one["name"], one["typeName"], one["nullable"]) for one in columns] == [
        ("a", "int4", 1),
        ("b", "varchar", 0),
    ]
    assert "dev" in api.client.list_databases(**where)["Databases"]
    assert "public" in api.client.list_schemas(**where)["Schemas"]


def test_copy_and_unload_work_here_too(api: Api, session: Session) -> None:
    """Against the local S3."""
    place = session.put("in/1.csv", "1\n2\n")
    api.run(f"create table {session.table} (a int)")
    api.run(f"copy {session.table} from '{place}' iam_role default csv")
    target = session.store.uri("un/")
    api.run(f"unload ('select * from {session.table}') to '{target}' iam_role default csv")  # noqa: S608
    assert session.body("un/0000_part_00") == b"1\n2\n"
    found = api.end(api.submit(f"copy {session.table} from 's3://x/' csv"))
    assert found["Status"] == "FAILED"
    assert found["Error"] == "ERROR: COPY needs an authorization: IAM_ROLE or CREDENTIALS"


def test_a_statement_can_be_cancelled(
    api: Api, until: Callable[[Callable[[], Any], str], Any]
) -> None:
    """Once; one that has ended cannot be."""
    identity = api.submit("select pg_sleep(600)")

    def running() -> bool:
        found = api.client.describe_statement(Id=identity)
        return bool(found["Status"] == "STARTED" and found["RedshiftPid"])

    until(running, "the statement to run")
    assert api.client.cancel_statement(Id=identity)["Status"] is True
    assert api.end(identity)["Status"] == "ABORTED"
    with pytest.raises(api.client.exceptions.ValidationException, match="already in ABORTED state"):
        api.client.cancel_statement(Id=identity)
    with pytest.raises(
        api.client.exceptions.ResourceNotFoundException, match="does not have result"
    ):
        api.client.get_statement_result(Id=identity)


def test_a_failure_says_why(api: Api) -> None:
    """In PostgreSQL's words, which are Redshift's."""
    found = api.end(api.submit("select * from nowhere"))
    assert (found["Status"], found["HasResultSet"]) == ("FAILED", False)
    assert found["Error"] == 'ERROR: relation "nowhere" does not exist'
    found = api.end(api.submit("select 1", Database="nowhere"))
    assert 'database "nowhere" does not exist' in found["Error"]
    found = api.end(api.submit("select top 1 * from x"))
    assert "Redshift SELECT TOP is not emulated" in found["Error"]


def test_a_secret_names_the_user(api: Api, aws: LocalAws, unique: Callable[[str], str]) -> None:
    """By ARN; a secret that does not exist is refused at once."""
    secret = aws.client("secretsmanager").create_secret(
        Name=unique("secret"), SecretString=json.dumps({"username": "reader", "password": "x"})
    )
    assert api.records("select current_user", SecretArn=secret["ARN"]) == [
        [{"stringValue": "reader"}]
    ]
    with pytest.raises(api.client.exceptions.ValidationException, match="can't find the secret"):
        api.submit("select 1", SecretArn="nothing")
    assert api.records("select current_user", DbUser="somebody") == [[{"stringValue": "somebody"}]]


def test_a_token_submits_once(api: Api, unique: Callable[[str], str]) -> None:
    """And statements are listed newest first, by name and status."""
    name, token = unique("name"), uuid.uuid4().hex
    one = api.submit("select 1", ClientToken=token, StatementName=name)
    assert api.submit("select 1", ClientToken=token, StatementName=name) == one
    api.end(one)
    two = api.end(api.submit("select 1 / 0", StatementName=f"{name}-two"))["Id"]
    listed = api.client.list_statements(StatementName=name, Status="ALL")["Statements"]
    assert [statement["Id"] for statement in listed] == [two, one]
    failed = api.client.list_statements(StatementName=name, Status="FAILED")["Statements"]
    assert [statement["Id"] for statement in failed] == [two]


@pytest.mark.parametrize(
    ("request_", "code", "named"),
    [
        ({"ClusterIdentifier": "c-1"}, "ValidationException", "either ClusterIdentifier or"),
        ({"ResultFormat": "CSV"}, "NotEmulated", "ExecuteStatement parameter ResultFormat"),
        ({"SessionKeepAliveSeconds": 60}, "NotEmulated", "SessionKeepAliveSeconds"),
        ({"WithEvent": True}, "NotEmulated", "WithEvent"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(
    api: Api, request_: dict[str, Any], code: str, named: str
) -> None:
    """At once."""
    with pytest.raises(api.client.exceptions.ClientError) as caught:
        api.submit("select 1", **request_)
    assert caught.value.response["Error"]["Code"] == code
    assert named in caught.value.response["Error"]["Message"]


def test_iam_gives_credentials_for_any_cluster_and_workgroup(aws: LocalAws) -> None:
    """Which lead to the one local warehouse."""
    cluster = aws.client("redshift").get_cluster_credentials(
        DbUser="me", DbName="dev", ClusterIdentifier="any"
    )
    assert cluster["DbUser"] == "IAM:me"
    identity = aws.client("redshift").get_cluster_credentials_with_iam(
        ClusterIdentifier="any", DurationSeconds=3600
    )
    assert identity["Expiration"] > cluster["Expiration"]
    serverless = aws.client("redshift-serverless").get_credentials(workgroupName="any")
    assert serverless["dbPassword"]
