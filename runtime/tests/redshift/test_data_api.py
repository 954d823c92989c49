"""The Data API: every page, counted; every status; exact types."""

from __future__ import annotations

import base64
import datetime as dt
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import batcat_runtime as bc

from .services import Services

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = '{"username": "u", "password": "hunter2", "dbClusterIdentifier": "c1", "dbname": "prod"}'


class DataApi:
    """A Data API with one result (shapes: botocore, redshift-data).

    Attributes:
        columns: name and description of each column.
        pages: rows of each page, as the service has them.
        statuses: what it says each time it is asked; the last for ever.
        error: why a query failed.
        total: rows that it says there are; None for as many as there are.
        faults: answers to give before the proper ones, by operation.
    """

    def __init__(self) -> None:
        self.columns: dict[str, dict[str, Any]] = {"a": {"typeName": "int8"}}
        self.pages: list[list[list[dict[str, Any]]]] = [[[{"longValue": 1}]]]
        self.statuses = ["SUBMITTED", "STARTED", "FINISHED"]
        self.error = ""
        self.total: int | None = None
        self.faults: dict[str, list[tuple[int, Any]]] = {}
        self.services = Services(self.answer)
        self.looked = threading.Event()

    def answer(self, name: str, parameters: dict[str, Any]) -> tuple[int, Any]:
        """Answer a request."""
        if self.faults.get(name):
            return self.faults[name].pop(0)
        if name == "GetSecretValue":
            return 200, {"SecretString": SECRET, "VersionId": "v" * 32, "ARN": "arn", "Name": "s"}
        if name == "DescribeStatement":
            self.looked.set()
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            return 200, {"Id": "q", "Status": status, "Error": self.error, "HasResultSet": True}
        if name == "GetStatementResult":
            place = int(parameters.get("NextToken", 0))
            rows = sum(map(len, self.pages)) if self.total is None else self.total
            more = {"NextToken": str(place + 1)} if place + 1 < len(self.pages) else {}
            described = [{"name": one, "label": one, **told} for one, told in self.columns.items()]
            page = {"Records": self.pages[place], "ColumnMetadata": described, **more}
            return 200, {**page, "TotalNumRows": rows}
        return 200, {"Id": "q", "Status": True} if name == "CancelStatement" else {"Id": "q"}

    def read(self, query: str = "select a from t", **options: Any) -> pd.DataFrame:
        """``read_data_from_redshift_by_secret``."""
        return bc.read_data_from_redshift_by_secret("s", "eu-west-1", query, **options)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[DataApi]:
    """A Data API that AWS_ENDPOINT_URL leads to."""
    made = DataApi()
    with made.services as services:
        monkeypatch.setenv("AWS_ENDPOINT_URL", services.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield made


def test_every_page_is_read(api: DataApi) -> None:
    """Also empty ones in between, and in their order."""
    api.pages = [
        [[{"longValue": n}] for n in range(start, stop)]
        for start, stop in ((0, 3), (3, 3), (3, 5), (5, 6))
    ]
    assert api.read()["a"].to_list() == list(range(6))
    (asked,) = api.services.named("ExecuteStatement")
    assert (asked["Database"], asked["ClusterIdentifier"], asked["SecretArn"]) == (
        "prod",
        "c1",
        "s",
    )


@pytest.mark.parametrize("total", [0, 2, 5])
def test_missing_rows_are_an_error(api: DataApi, total: int) -> None:
    """The service counts them, and so do we."""
    api.pages, api.total = [[[{"longValue": 1}]]], total
    with pytest.raises(bc.DataError, match=f"has {total} rows, and its pages held 1"):
        api.read()


TYPED: dict[str, tuple[dict[str, Any], dict[str, Any], str, Any]] = {
    "bool": ({}, {"booleanValue": True}, "boolean", True),
    "int2": ({}, {"longValue": 7}, "Int16", 7),
    "int4": ({}, {"longValue": 7}, "Int32", 7),
    "int8": ({}, {"longValue": 2**53 + 1}, "Int64", 2**53 + 1),
    "float4": ({}, {"doubleValue": 1.5}, "Float32", 1.5),
    "float8": ({}, {"stringValue": "-Infinity"}, "Float64", float("-inf")),
    "numeric": (
        {"precision": 38, "scale": 2},
        {"stringValue": "123456789012345678901234567890123456.78"},
        "object",
        Decimal("123456789012345678901234567890123456.78"),
    ),
    "varchar": ({}, {"stringValue": ""}, "string", ""),
    "bpchar": ({}, {"stringValue": "x "}, "string", "x "),
    "date": ({}, {"stringValue": "2026-02-28"}, "object", dt.date(2026, 2, 28)),
    "time": ({}, {"stringValue": "01:02:03.000004"}, "object", dt.time(1, 2, 3, 4)),
    "timetz": (
        {},
        {"stringValue": "01:02:03+00"},
        "object",
        dt.time(1, 2, 3, tzinfo=dt.timezone.utc),
    ),
    "timestamp": (
        {},
        {"stringValue": "2026-01-01 00:00:00.123456"},
        "datetime64[us]",
        pd.Timestamp("2026-01-01 00:00:00.123456"),
    ),
    "timestamptz": (
        {},
        {"stringValue": "2026-01-01 00:00:00+00"},
        "datetime64[us, UTC]",
        pd.Timestamp("2026-01-01", tz="UTC"),
    ),
    "varbyte": ({}, {"blobValue": base64.b64encode(b"\xff\0").decode()}, "object", b"\xff\0"),
    "super": ({}, {"stringValue": '{"a": 1}'}, "string", '{"a": 1}'),
    "geometry": ({}, {"stringValue": "0101"}, "string", "0101"),
}


@pytest.mark.parametrize("name", TYPED)
def test_types_are_exact(api: DataApi, name: str) -> None:
    """With NULL beside a value, and without any row."""
    described, cell, dtype, value = TYPED[name]
    api.columns = {"x": {"typeName": name, **described}}
    api.pages = [[[cell], [{"isNull": True}]]]
    series = api.read()["x"]
    assert str(series.dtype) == dtype
    assert series[0] == value
    assert type(series[0]) is not float or name.startswith("float")
    assert pd.isna(series[1])
    api.pages, api.statuses = [[]], ["FINISHED"]
    empty = api.read()
    assert (list(empty.columns), str(empty["x"].dtype), len(empty)) == (["x"], dtype, 0)


@pytest.mark.parametrize(
    ("status", "reason", "error", "told"),
    [
        ("FAILED", 'ERROR: relation "t" does not exist', bc.MissingError, "does not exist"),
        ("FAILED", "ERROR: permission denied for relation t", bc.AccessError, "is granted"),
        ("FAILED", "ERROR: syntax error at or near x", bc.ExecutionError, "syntax error"),
        ("ABORTED", "", bc.ExecutionError, "ABORTED.*cancelled it"),
    ],
)
def test_a_query_that_ends_badly_is_an_error_with_the_reason(
    api: DataApi, status: str, reason: str, error: type[Exception], told: str
) -> None:
    """Whatever it had begun to answer."""
    api.statuses, api.error = ["STARTED", status], reason
    with pytest.raises(error, match=told):
        api.read()
    assert not api.services.named("GetStatementResult")


def test_a_query_that_never_ends_is_cancelled_at_its_limit(api: DataApi) -> None:
    """And says so."""
    api.statuses = ["STARTED"]
    with pytest.raises(bc.ExecutionError, match=r"longer than 0\.2 s and was cancelled"):
        api.read(timeout=0.2)
    assert api.services.named("CancelStatement") == [{"Id": "q"}]


def test_what_nobody_waits_for_is_cancelled(api: DataApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """When Ctrl-C ends the waiting."""

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    api.statuses = ["STARTED"]
    monkeypatch.setattr("batcat_runtime.redshift.data_api.time.sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        api.read()
    assert api.services.named("CancelStatement") == [{"Id": "q"}]


def test_looks_begin_at_once_and_grow_rarer(api: DataApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to ``delay``."""
    pauses: list[float] = []
    monkeypatch.setattr("batcat_runtime.redshift.data_api.time.sleep", pauses.append)
    api.statuses = [*["STARTED"] * 20, "FINISHED"]
    api.read(delay=2)
    assert pauses[0] == 0.05
    assert pauses == sorted(pauses)
    assert max(pauses) == 2


def test_a_request_that_is_repeated_starts_one_query(api: DataApi) -> None:
    """Throttled or lost, it goes again with the same token."""
    api.faults["ExecuteStatement"] = [
        (400, {"__type": "ThrottlingException", "message": "slow down"}),
        (500, {"__type": "InternalServerException", "Message": "x"}),
    ]
    assert len(api.read()) == 1
    tokens = {one["ClientToken"] for one in api.services.named("ExecuteStatement")}
    assert len(api.services.named("ExecuteStatement")) == 3
    assert len(tokens) == 1


def test_values_are_bound_as_parameters(api: DataApi) -> None:
    """Never written into the query."""
    evil = "'; drop table t; --"
    api.read(
        "select a from t where d >= '{}' and x = :x", date_start="2026-01-01", params={"x": evil}
    )
    (asked,) = api.services.named("ExecuteStatement")
    assert {one["value"] for one in asked["Parameters"]} == {"2026-01-01", evil}
    assert evil not in asked["Sql"]


def test_the_place_can_be_said(api: DataApi) -> None:
    """A workgroup; then the secret itself need not be read."""
    api.read(workgroup="work", database="dev")
    (asked,) = api.services.named("ExecuteStatement")
    assert asked["WorkgroupName"] == "work"
    assert "ClusterIdentifier" not in asked
    assert not api.services.named("GetSecretValue")
    with pytest.raises(bc.ConfigError, match="not both"):
        api.read(workgroup="work", cluster="c1")
    with pytest.raises(bc.ConfigError, match="the query is empty"):
        api.read(" ", workgroup="work", database="dev")


def test_a_refused_request_says_why(api: DataApi) -> None:
    """Such as a cluster that does not exist."""
    api.faults["ExecuteStatement"] = [
        (400, {"__type": "ValidationException", "Message": "Redshift endpoint doesn't exist"})
    ]
    with pytest.raises(bc.ConfigError, match="endpoint doesn't exist"):
        api.read()
    api.faults["GetStatementResult"] = [
        (400, {"__type": "ResourceNotFoundException", "Message": "Query does not exist."})
    ]
    with pytest.raises(bc.MissingError, match="Query does not exist"):
        api.read()
    api.faults["ExecuteStatement"] = [
        (400, {"__type": "ActiveStatementsExceededException", "Message": "too many"})
    ]
    with pytest.raises(bc.ExecutionError, match="too many"):
        api.read()


@pytest.mark.parametrize("step", ["Execute", "Describe", "GetStatementResult"])
@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException"])
def test_credentials_that_expire_on_the_way_are_an_error(
    api: DataApi, step: str, code: str
) -> None:
    """With what to do; nothing goes on that nobody waits for."""
    expired = (403, {"__type": code, "message": "The security token included is expired"})
    operation = step if step.endswith("Result") else f"{step}Statement"
    api.faults[operation] = [expired] * 9
    with pytest.raises(bc.AccessError, match="cannot read from Redshift c1"):
        api.read()
    cancelled = [{"Id": "q"}] if step == "Describe" else []
    assert api.services.named("CancelStatement") == cancelled


def test_a_limit_that_is_none_is_refused(api: DataApi) -> None:
    """Before anything is sent."""
    with pytest.raises(bc.ConfigError, match="timeout is 0"):
        api.read(timeout=0)
    assert not api.services.named("ExecuteStatement")
