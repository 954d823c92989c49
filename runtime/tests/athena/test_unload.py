"""UNLOAD leaves nothing behind, and gives way to CSV where it cannot write."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from runtime.tests.athena.queries import NULLS, REGION, column, keys

import batcat_runtime as bc
from batcat_runtime.aws import client


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
