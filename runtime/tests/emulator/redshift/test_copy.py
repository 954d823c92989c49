"""COPY from the local S3."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.redshift.conftest import Session

    from batcat_runtime.emulator import LocalAws

COUNT = "select count(*) from {t}"
ERRORS = """
select trim(filename), line_number, trim(colname), trim(type), col_length, raw_line,
  raw_field_value, err_code, trim(err_reason)
from stl_load_errors where session = pg_backend_pid() order by starttime, line_number
"""


@pytest.fixture
def made(session: Session) -> Session:
    """A session with a table of three columns."""
    session.run("create table {t} (a bigint, b varchar(5), c decimal(10,2))")
    session.connection.commit()
    return session


def test_csv_is_loaded(made: Session) -> None:
    r"""Quoted values, empty numbers as NULL, empty texts as texts, ``\N`` as NULL."""
    place = made.put("in/1.csv", 'a,b,c\n1,"x,\ny",1.5\n2,,\n\\N,\\N,3\n')
    made.put("in/2.csv.gz", gzip.compress(b"a,b,c\n4,\xc3\xa9,4\n"))
    made.run(f"copy {{t}} from '{place}' iam_role default format as csv ignoreheader 1")
    made.run(
        f"copy {{t}} from '{made.store.uri('in/2')}' iam_role default csv gzip ignoreheader as 1"
    )
    rows = made.run("select a, b, c::varchar from {t} order by a")
    assert rows == [[1, "x,\ny", "1.50"], [2, "", None], [4, "é", "4.00"], [None, None, "3.00"]]
    assert made.run("select pg_last_copy_count()") == [[1]]


def test_delimited_text_is_loaded(made: Session) -> None:
    """A bar by default; the columns that are named, in their order."""
    place = made.put("in/t.txt", "1.5|x|7\n2|NULL|8|\n")
    made.run(f"copy {{t}} (c, b, a) from '{place}' iam_role default null as 'NULL'")
    assert made.run("select a, b from {t} order by a") == [[7, "x"], [8, None]]
    place = made.put("in/u.txt", "9\ta\\\tb\t1\n")
    made.run(f"copy {{t}} from '{place}' iam_role default delimiter '\t' escape")
    assert made.run("select b from {t} where a = 9") == [["a\tb"]]


def test_parquet_is_loaded_by_position(made: Session) -> None:
    """Whatever the file's names are."""
    table = pa.table(
        {
            "x": pa.array([2**53 + 1, None], pa.int64()),
            "y": ["é", ""],
            "z": pa.array(["1.50", None]).cast(pa.decimal128(10, 2)),
        }
    )
    place = made.put_parquet("in/p.parquet", table)
    made.run(f"copy {{t}} from '{place}' iam_role default format as parquet")
    rows = made.run("select a, b, c::varchar from {t} order by a")
    assert rows == [[2**53 + 1, "é", "1.50"], [None, "", None]]


def test_every_type_of_parquet_is_loaded(session: Session) -> None:
    """Bytes, days, moments with zone, booleans, floats with NaN."""
    session.run(
        "create table {t} (a varbyte(10), b date, c timestamp, d timestamptz, e boolean, f float8, "
        "g real, h smallint, i int)"
    )
    ticks = pa.array([1_577_934_245_678_901_000])
    table = pa.table(
        {
            "a": [b"\x00\xff"],
            "b": ticks.cast(pa.timestamp("ns")).cast(pa.date32(), safe=False),
            "c": ticks.cast(pa.timestamp("ns")).cast(pa.timestamp("us")),
            "d": ticks.cast(pa.timestamp("ns")).cast(pa.timestamp("us", "UTC")),
            "e": [True],
            "f": [float("nan")],
            "g": pa.array([0.1], pa.float32()),
            "h": pa.array([-5], pa.int16()),
            "i": pa.array([7], pa.int32()),
        }
    )
    place = session.put_parquet("in/p.parquet", table)
    session.run(f"copy {{t}} from '{place}' iam_role default format parquet")
    texts = "to_hex(a), b::varchar, c::varchar, d::varchar, e::varchar, f::varchar, g, h, i"
    ((*values, real, small, whole),) = session.run(f"select {texts} from {{t}}")  # noqa: S608
    assert values == [
        "00ff",
        "2020-01-02",
        "2020-01-02 03:04:05.678901",
        "2020-01-02 03:04:05.678901+00",
        "true",
        "NaN",
    ]
    assert (round(real, 5), small, whole) == (0.1, -5, 7)


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"a": [1]}, "Unmatched number of columns between table and file. Table columns: 3, Data"),
        ({"a": ["1"], "b": ["x"], "c": ["1"]}, "incompatible Parquet schema for column"),
        (
            {"a": [1], "b": ["ééé"], "c": pa.array(["1"]).cast(pa.decimal128(10, 2))},
            "column b is longer than the length defined in the table. Table: 5, Data: 6",
        ),
    ],
)
def test_parquet_that_does_not_fit_is_refused(
    made: Session, columns: dict[str, Any], named: str
) -> None:
    """As a whole; nothing is loaded."""
    place = made.put_parquet("in/p.parquet", pa.table(columns))
    error = made.error(f"copy {{t}} from '{place}' iam_role default format parquet")
    assert "Spectrum Scan Error" in error["M"]
    assert named in error["M"]
    assert made.run(COUNT) == [[0]]


BAD = "1,x,1.5\nq,y,2\n3,toolong,1\n4,a\n5,a,1,1\n6,a,x\n7,ok,7\n"


def test_a_rejected_row_fails_the_load_and_is_told(made: Session) -> None:
    """Nothing is loaded; the row stays known after the rollback."""
    place = made.put("in/bad.csv", "1,x,1.5\nq,y,2\n")
    error = made.error(f"copy {{t}} from '{place}' iam_role default csv")
    assert error["M"] == (
        f"Load into table '{made.table}' failed.  Check 'stl_load_errors' system table for details."
    )
    assert made.run(ERRORS) == [
        [place, 2, "a", "int8", "", "q,y,2", "q", 1207,
         "Invalid digit, Value 'q', Pos 0, Type: Long"]
    ]  # fmt: skip
    assert made.run(
        "select file_name, line_number, column_name, error_message from sys_load_error_detail "
        "where session_id = pg_backend_pid()"
    ) == [[place, 2, "a", "Invalid digit, Value 'q', Pos 0, Type: Long"]]
    assert made.run(COUNT) == [[0]]


def test_some_rows_may_be_rejected(made: Session) -> None:
    """Fewer than MAXERROR; each is told with its reason."""
    place = made.put("in/bad.csv", BAD)
    made.run(f"copy {{t}} from '{place}' iam_role default csv maxerror 6")
    made.connection.commit()
    assert made.run("select a from {t} order by a") == [[1], [7]]
    told = {(line, code) for _, line, _, _, _, _, _, code, _ in made.run(ERRORS)}
    assert told == {(2, 1207), (3, 1204), (4, 1203), (5, 1202), (6, 1209)}
    assert "failed" in made.error(f"copy {{t}} from '{place}' iam_role default csv maxerror 5")["M"]
    assert made.run("select a from {t} order by a") == [[1], [7]]


def test_texts_may_be_cut_and_lines_filled(made: Session) -> None:
    """At whole characters."""
    place = made.put("in/bad.csv", "1,ééé\n")
    made.run(f"copy {{t}} from '{place}' iam_role default csv truncatecolumns fillrecord")
    assert made.run("select a, b, c from {t}") == [[1, "éé", None]]


def test_a_manifest_names_the_objects(made: Session) -> None:
    """And no others are loaded."""
    one = made.put("in/1.csv", "1,x,1\n")
    made.put("in/2.csv", "2,x,1\n")
    entries = [{"url": one, "mandatory": True}]
    place = made.put("m.json", json.dumps({"entries": entries}))
    made.run(f"copy {{t}} from '{place}' iam_role default csv manifest")
    assert made.run("select a from {t}") == [[1]]
    entries.append({"url": made.store.uri("in/3.csv"), "mandatory": True})
    made.put("m.json", json.dumps({"entries": entries}))
    assert (
        "in/3.csv is missing"
        in made.error(f"copy {{t}} from '{place}' iam_role default csv manifest")["M"]
    )


def test_copy_belongs_to_the_transaction(made: Session) -> None:
    """What is rolled back is not loaded; the same statement loads what is there then."""
    place = made.put("in/1.csv", "1,x,1\n")
    load = f"copy {{t}} from '{place}' iam_role default csv"
    made.run(load)
    made.connection.rollback()
    assert made.run(COUNT) == [[0]]
    made.put("in/1.csv", "1,x,1\n2,x,1\n")
    made.run(load)
    made.connection.commit()
    made.run(load)
    assert made.run(COUNT) == [[4]]


@pytest.mark.parametrize(
    ("rest", "named"),
    [
        ("from 's3://{}/nothing/' iam_role default csv", "The specified S3 prefix 'nothing/' does"),
        ("from 's3://no-such-bucket-here/x' iam_role default csv", "Error NoSuchBucket"),
        ("from 's3://{}/in/' csv", "COPY needs an authorization"),
        ("from 's3://{}/in/' iam_role 'nobody' csv", "Not authorized to get credentials of role"),
        (
            "from 's3://{}/in/' iam_role 'arn:aws:iam::123456789012:role/nobody' csv",
            "Not authorized to get credentials of role arn:aws:iam::123456789012:role/nobody",
        ),
        ("from 's3://{}/in/' iam_role default json 'auto'", "COPY FORMAT JSON is not emulated"),
        ("from 's3://{}/in/' iam_role default csv readratio 5", "COPY option readratio is not"),
        ("from 's3://{}/in/' iam_role default csv noload", "COPY option noload is not"),
        ("from 's3://{}/in/' iam_role default csv explicit_ids", "COPY option explicit_ids is not"),
        ("from 's3://{}/in/' iam_role default csv encrypted", "COPY option encrypted is not"),
        ("from 's3://{}/in/' iam_role default dateformat 'DD.MM.YYYY'", "DATEFORMAT 'DD.MM.YYYY'"),
        (
            "from 's3://{}/in/' iam_role default parquet truncatecolumns",
            "TRUNCATECOLUMNS argument is not supported for PARQUET based COPY",
        ),
        ("from 'dynamodb://x' iam_role default", "COPY FROM 'dynamodb://x' is not emulated"),
        ("(nope) from 's3://{}/in/' iam_role default csv", 'column "nope" of relation'),
    ],
)
def test_what_cannot_be_loaded_is_said(made: Session, rest: str, named: str) -> None:
    """And the transaction has failed, as after any error."""
    made.put("in/1.csv", "1,x,1\n")
    assert named in made.error(f"copy {{t}} {rest.format(made.store.bucket)}")["M"]
    assert made.run(COUNT) == [[0]]


def test_a_role_that_redshift_may_assume_is_taken(
    made: Session, role: Callable[[str], str], aws: LocalAws
) -> None:
    """One that trusts another service is not."""
    del aws
    place = made.put("in/1.csv", "1,x,1\n")
    made.run(f"copy {{t}} from '{place}' iam_role '{role('redshift')}' csv")
    assert made.run(COUNT) == [[1]]
    assert (
        "Not authorized"
        in made.error(f"copy {{t}} from '{place}' iam_role '{role('lambda')}' csv")["M"]
    )


def test_files_are_read_with_the_rights_that_the_order_names(
    aws: LocalAws, made: Session, unique: Callable[[str], str]
) -> None:
    """Of a role or of a key, in each of the ways to name it."""
    iam, name, place = aws.client("iam"), unique("loader"), made.put("in/1.csv", "1,x,1\n")
    who = {"Service": "redshift.amazonaws.com", "AWS": aws.account}
    trust = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    session = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="s1")["Credentials"]
    key, secret = session["AccessKeyId"], session["SecretAccessKey"]
    ways = (
        f"iam_role '{role}'",
        f"credentials 'aws_iam_role={role}'",
        f"credentials 'aws_access_key_id={key};aws_secret_access_key={secret}'",
        f"access_key_id '{key}' secret_access_key '{secret}'",
    )
    for way in ways:
        message = made.error(f"copy {{t}} from '{place}' {way} csv")["M"]
        assert f"assumed-role/{name}/" in message, way
        assert "is not authorized to perform: s3:ListBucket" in message, way
    may = {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(may))
    for way in ways:
        made.run(f"copy {{t}} from '{place}' {way} csv")
    assert made.run(COUNT) == [[len(ways)]]


def policy(*statements: dict[str, Any]) -> str:
    """A document's text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
