"""The local Redshift, and what breaks on the way to it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.redshift import write as writing

from .relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batcat_runtime.emulator import LocalAws

_numbers = count(1)
PASSWORD = "correct-horse-battery-staple"


@pytest.fixture(scope="session")
def port(local_s3: LocalAws) -> int:
    """Where the local Redshift listens, beside the local S3."""
    (cluster,) = local_s3.client("redshift").describe_clusters(ClusterIdentifier="any")["Clusters"]
    return int(cluster["Endpoint"]["Port"])


@dataclass
class Redshift:
    """A server, and the two functions bound to it.

    Attributes:
        relay: what stands before it.
        login: keyword arguments that lead to it.
        table: the name of a table that no other test uses.
    """

    relay: Relay
    login: dict[str, Any]
    table: str = field(default_factory=lambda: f"written_{next(_numbers)}")

    @property
    def read(self) -> Callable[..., pd.DataFrame]:
        """``read_data_from_redshift``."""
        return partial(bc.read_data_from_redshift, **self.login)

    @property
    def save(self) -> Callable[..., int]:
        """``save_df_to_redshift`` into a table of this test, without the index."""
        return partial(bc.save_df_to_redshift, **self.login, table_name=self.table)

    def rows(self) -> pd.DataFrame:
        """All rows of the table."""
        return self.read(f"select * from public.{self.table} order by 1")  # noqa: S608 - the test's own

    def run(self, *statements: str) -> None:
        """Run statements as another client would."""
        import redshift_connector

        login = {**self.login, "password": "x", "ssl": False}
        with redshift_connector.connect(**login) as connection:
            connection.autocommit = True
            for statement in statements:
                connection.cursor().execute(statement)


@pytest.fixture
def redshift(port: int) -> Iterator[Redshift]:
    """The server behind a relay of this test."""
    with Relay(port) as relay:
        login = {
            "host": "127.0.0.1",
            "password": PASSWORD,
            "port": relay.port,
            "database": "dev",
            "user": "awsuser",
        }
        yield Redshift(relay, login)


TRUST = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
"Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"""
FILES = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
"Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"], "Resource": "*"}]}"""


@pytest.fixture
def staging(s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A place and a role for COPY and UNLOAD, which here is worth it for any frame."""
    monkeypatch.setattr(writing, "COPY_FROM", 1)
    name = f"redshift-{uuid.uuid4().hex}"
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    client("iam").put_role_policy(RoleName=name, PolicyName="files", PolicyDocument=FILES)
    return {"staging": f"s3://{s3_bucket}/between", "iam_role": role["Role"]["Arn"]}


def left(staging: dict[str, str]) -> list[str]:
    """Keys that lie in the bucket."""
    return bc.list_keys(staging["staging"].split("/")[2], "", "")


def statements(redshift: Redshift) -> list[bytes]:
    """Statements as they go to the server."""
    seen: list[bytes] = []

    def up(kind: bytes, body: bytes) -> None:
        if kind == b"P":
            seen.append(body.split(b"\0")[1])

    redshift.relay.up = up
    return seen


def every_type() -> pd.DataFrame:
    """A frame with a value, NULL and an edge of each type."""
    moments = pd.array(
        ["2026-01-01T00:00:00.123456", None, "9999-12-31T23:59:59.999999"], "datetime64[us]"
    )
    frame: pd.DataFrame = pd.DataFrame(
        {
            "place": pd.array([1, 2, 3], "Int64"),
            "small": pd.array([1, None, -(2**15)], "Int16"),
            "whole": pd.array([2**53 + 1, None, -(2**63)], "Int64"),
            "float": pd.arrays.FloatingArray(
                np.array([np.nan, 0, -np.inf]), np.array([False, True, False])
            ),
            "real": pd.array([1.5, None, 0.1], "Float32"),
            "truth": pd.array([True, None, False], "boolean"),
            "text": pd.array(["", None, "电池\n'\"\\"], "string"),
            "ts": moments,
            "tz": moments,
        }
    )
    frame["tz"] = frame["tz"].dt.tz_localize("UTC")
    objects: dict[str, list[Any]] = {
        "price": [Decimal("0.01"), None, Decimal(f"1{0:035}.99")],
        "day": [dt.date(1, 1, 1), None, dt.date(9999, 12, 31)],
        "raw": [b"\xff\x00", None, b""],
    }
    for name, values in objects.items():
        frame[name] = pd.Series(values, dtype=object)
    return frame
