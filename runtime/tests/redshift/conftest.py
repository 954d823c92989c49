"""The local Redshift, and what breaks on the way to it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.redshift import write as writing

from .relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

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
    table: str = field(default_factory=lambda: f"table_{next(_numbers)}")

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


@pytest.fixture
def staging(s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A place and a role for COPY and UNLOAD, which here is worth it for any frame."""
    monkeypatch.setattr(writing, "COPY_FROM", 1)
    role = client("iam").create_role(
        RoleName=f"redshift-{uuid.uuid4().hex}", AssumeRolePolicyDocument=TRUST
    )
    return {"staging": f"s3://{s3_bucket}/between", "iam_role": role["Role"]["Arn"]}


def left(staging: dict[str, str]) -> list[str]:
    """Keys that lie in the bucket."""
    return bc.list_keys(staging["staging"].split("/")[2], "", "")
