"""Without a password or a driver, on the local AWS: IAM, serverless, and the Data API."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pandas as pd
import pytest
from runtime.tests.strategies import same

import batcat_runtime as bc
from batcat_runtime.aws import client

from .test_reading import EVERY_TYPE


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize(
    "place",
    [{"cluster": "analytics"}, {"cluster": "analytics", "db_user": "ann"}, {"workgroup": "lab"}],
)
def test_iam_leads_to_the_local_redshift(place: dict[str, Any]) -> None:
    """Endpoint and credentials come from the services; nothing else is said."""
    table = f"iam_{uuid.uuid4().hex}"
    frame = pd.DataFrame({"a": [1, 2]})
    assert bc.save_df_to_redshift(frame, None, None, table_name=table, index=False, **place) == 2
    read = bc.read_data_from_redshift(f"select a from {table} order by a", **place)  # noqa: S608
    assert read["a"].to_list() == [1, 2]


@pytest.fixture
def secret(s3_environment: None) -> str:  # noqa: ARG001 - it sets the environment
    """A secret as Redshift makes them."""
    name = f"redshift-{uuid.uuid4().hex}"
    told = {"username": "awsuser", "password": "any", "dbClusterIdentifier": "analytics"}
    client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(told))
    return name


def test_the_data_api_reads_what_the_wire_reads(secret: str) -> None:
    """The same types and values, with NULL, and without any row."""
    query = EVERY_TYPE.replace(", '{\"a\": [1, null]}'::jsonb as super", "")
    nulls = ", ".join("null" for _ in query.split(" as ")[1:])
    whole = f"select * from ({query}) as one union all select {nulls} order by i2"  # noqa: S608
    for asked in (whole, f"select * from ({query}) as one where false"):  # noqa: S608
        wire = bc.read_data_from_redshift(asked, cluster="analytics")
        api = bc.read_data_from_redshift_by_secret(secret, "us-east-1", asked)
        assert list(api.columns) == list(wire.columns)
        for name in wire.columns:
            assert same(api[name], wire[name]), name


def test_the_data_api_gives_every_page(secret: str) -> None:
    """More rows than one page holds."""
    query = "select i, repeat('x', 200) as t from generate_series(1, 20000) i order by i"
    frame = bc.read_data_from_redshift_by_secret(secret, "us-east-1", query)
    assert frame["i"].to_list() == list(range(1, 20_001))


def test_a_failing_query_says_why(secret: str) -> None:
    """As the server says it."""
    with pytest.raises(bc.MissingError, match='relation "nowhere" does not exist'):
        bc.read_data_from_redshift_by_secret(secret, "us-east-1", "select * from nowhere")
