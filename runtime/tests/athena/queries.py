"""What the tests of several files ask, and what they look at afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import batcat_runtime as bc
from batcat_runtime.aws import client

if TYPE_CHECKING:
    import pandas as pd

REGION = "us-east-1"
ENDLESS = (
    "select count(*) from unnest(sequence(1, 10000)) as a(x) "
    "cross join unnest(sequence(1, 10000)) as b(y) cross join unnest(sequence(1, 10000)) as c(z) "
    "cross join unnest(sequence(1, 10000)) as d(u) "
    "where x * y % 7 = z"
)
NULLS = "select * from (values (1, 'a'), (2, null), (3, '')) as t(n, s)"


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


def column(sql: str, staging: str, **how: Any) -> pd.Series[Any]:
    """A column of a value, NULL, and the value again."""
    query = f"select case when n <> 2 then {sql} end as v from (values 1, 2, 3) as t(n)"  # noqa: S608
    found: pd.Series[Any] = bc.read_data_from_athena(query, REGION, staging, **how)["v"]
    return found
