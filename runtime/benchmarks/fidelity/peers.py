"""The same cases through the tools that people know, as they are; run in their own environment.

Reads what our process wrote (tables of Athena and Redshift) from the same local AWS. Prints, as
JSON, what became of each case on each route.
"""

from __future__ import annotations

import io
import json
import logging
import math
import sys
import time
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import awswrangler as wr
import boto3
import pandas as pd
import redshift_connector
from pyarrow import fs
from pyathena import connect
from pyathena.arrow.cursor import ArrowCursor
from pyathena.pandas.cursor import PandasCursor

from .cases import CASES, COLUMN
from .verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cases import Case

_SHORT = 40
_REDSHIFT = {
    "tinyint": "smallint",
    "double": "double precision",
    "varchar": "varchar(4096)",
    "varbinary": "varbyte(4096)",
    "null": "varchar(4096)",
}


class _NotWrittenError(Exception):
    """We refused to write a case, so that there is nothing to read."""


class Peers:
    """All routes of the others.

    Args:
        told: where everything is, as our process says it.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self._bucket: str = told["bucket"]
        self._athena = connect(s3_staging_dir=told["staging"], region_name=told["region"])

    @property
    def all(self) -> dict[str, Callable[[Case], pd.DataFrame]]:
        """The routes by name."""
        unload = {"unload_approach": True}
        return {
            "pandas CSV": self._pandas_csv,
            "pandas Parquet": self._pandas_parquet,
            "awswrangler CSV": self._wrangler_csv,
            "awswrangler Parquet": self._wrangler_parquet,
            "awswrangler Athena": self._wrangler_athena,
            "awswrangler UNLOAD": lambda case: self._wrangler_athena(
                case, **unload, s3_output=self._folder()
            ),
            "PyAthena pandas": lambda case: self._pyathena(case, PandasCursor),
            "PyAthena Arrow": lambda case: self._pyathena(case, ArrowCursor),
            "PyAthena UNLOAD": lambda case: self._pyathena(case, ArrowCursor, unload=True),
            "redshift_connector write": self._connector_writes,
            "redshift_connector fetch": self._connector_reads,
            "predecessor, Data API": self._data_api,
        }

    def cell(self, route: str, case: Case) -> str:
        """Run a case on a route."""
        try:
            found = self.all[route](case)
            nested = case.types.get(COLUMN, "").startswith(("array", "map", "row"))
            if nested and "fetch" in route and _is_json(case.expected[COLUMN], found[COLUMN]):
                return "equal, as JSON in str"
            return verdict(case.expected, found)
        except _NotWrittenError:
            return "not written"
        except Exception as error:  # noqa: BLE001 - whatever they raise is what their users get
            cause = error.__cause__ or error.__context__ or error
            told = " ".join(str(cause).split())
            return f"error: {type(error).__name__}: {told[:_SHORT]}"

    def _known(self, case: Case, where: str) -> str:
        found = self._told["known"][case.name]
        if where not in found:
            raise _NotWrittenError
        return f"select * from {found[where]}"  # noqa: S608 - our process says where

    def _pandas_csv(self, case: Case) -> pd.DataFrame:
        text = io.StringIO()
        case.frame.to_csv(text, index=False)
        text.seek(0)
        return pd.read_csv(text)

    def _pandas_parquet(self, case: Case) -> pd.DataFrame:
        file = io.BytesIO()
        case.frame.to_parquet(file, index=False)
        return pd.read_parquet(file)

    def _wrangler_csv(self, case: Case) -> pd.DataFrame:
        place = f"s3://{self._bucket}/peers.csv"
        wr.s3.to_csv(case.frame, place, index=False)
        return wr.s3.read_csv(place)

    def _wrangler_parquet(self, case: Case) -> pd.DataFrame:
        place = f"s3://{self._bucket}/peers.parquet"
        wr.s3.to_parquet(case.frame, place, index=False)
        return wr.s3.read_parquet(place)

    def _folder(self) -> str:
        return f"s3://{self._bucket}/unload/{time.monotonic_ns()}/"

    def _wrangler_athena(self, case: Case, **how: Any) -> pd.DataFrame:
        settings = {"s3_output": self._told["staging"], "athena_query_wait_polling_delay": 0.05}
        settings |= {"ctas_approach": False, **how}
        query = self._known(case, "athena")
        found: pd.DataFrame = wr.athena.read_sql_query(query, self._told["database"], **settings)
        return found.sort_values("number", ignore_index=True)

    def _pyathena(self, case: Case, cursor: Any, **how: Any) -> pd.DataFrame:
        query = self._known(case, "athena")
        done = self._athena.cursor(cursor, poll_interval=0.05, **how).execute(query)
        found: pd.DataFrame = (
            done.as_pandas() if cursor is PandasCursor else done.as_arrow().to_pandas()
        )
        return found.sort_values("number", ignore_index=True)

    def _connector_writes(self, case: Case) -> pd.DataFrame:
        columns = ", ".join(f"{one} {_sql(kind)}" for one, kind in case.types.items())
        with redshift_connector.connect(**self._told["login"], ssl=False) as connection:
            cursor = connection.cursor()
            cursor.execute("drop table if exists peers")
            cursor.execute(f"create table peers ({columns})")
            cursor.write_dataframe(case.frame, "peers")
            cursor.execute("select * from peers order by number")
            return cursor.fetch_dataframe()

    def _connector_reads(self, case: Case) -> pd.DataFrame:
        query = self._known(case, "redshift")
        with redshift_connector.connect(**self._told["login"], ssl=False) as connection:
            cursor = connection.cursor()
            cursor.execute(f"{query} order by number")
            return cursor.fetch_dataframe()

    def _data_api(self, case: Case) -> pd.DataFrame:
        """As the predecessor did: the first page, and whatever a cell holds as text."""
        client = boto3.client("redshift-data", region_name=self._told["region"])
        place = {"ClusterIdentifier": "any", "Database": "dev", "SecretArn": self._told["secret"]}
        query = f"{self._known(case, 'redshift')} order by number"
        identity = client.execute_statement(Sql=query, **place)["Id"]
        while (told := client.describe_statement(Id=identity))["Status"] not in _ENDED:
            time.sleep(0.02)
        if told["Status"] != "FINISHED":
            raise RuntimeError(told["Error"])
        page = client.get_statement_result(Id=identity)
        rows = [[str(next(iter(cell.values()))) for cell in row] for row in page["Records"]]
        frame = pd.DataFrame(rows)
        frame.columns = [one["name"] for one in page["ColumnMetadata"]]
        return frame


_ENDED = {"FINISHED", "FAILED", "ABORTED"}


def _is_json(expected: pd.Series[Any], found: pd.Series[Any]) -> bool:
    """Whether SUPER came as the text of its JSON, as our own route has it."""
    pairs = zip(expected, found, strict=True)
    return all(
        pd.isna(b) if a is None else json.loads(b) == json.loads(json.dumps(_plain(a), default=str))
        for a, b in pairs
    )


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"inf": "Infinity"}.get(str(value), "NaN")
    return value


def _sql(kind: str) -> str:
    """A type of ours as Redshift writes it."""
    if kind.startswith("timestamp"):
        return "timestamptz" if "zone" in kind else "timestamp"
    return "super" if kind.startswith(("array", "map", "row")) else _REDSHIFT.get(kind, kind)


def main() -> None:
    """Run all, and print."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    told = json.load(sys.stdin)
    # PyAthena gives Arrow's S3 no endpoint: without this, it would look for our files in AWS.
    fs.S3FileSystem = partial(fs.S3FileSystem, endpoint_override=told["endpoint"])
    peers = Peers(told)
    found = {route: {case.name: peers.cell(route, case) for case in CASES} for route in peers.all}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
