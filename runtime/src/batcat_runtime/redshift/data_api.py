"""Queries through the Redshift Data API, with a secret: no driver, no connection.

Sources: botocore, redshift-data; Amazon Redshift Management Guide, "Using the Amazon Redshift Data
API".
"""

from __future__ import annotations

import json
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from batcat_runtime.aws import client
from batcat_runtime.columns import texts
from batcat_runtime.columns.series import column, table
from batcat_runtime.columns.types import Type, parse
from batcat_runtime.errors import AccessError, ConfigError, DataError, ExecutionError, MissingError
from batcat_runtime.logs import get_logger
from batcat_runtime.secrets import get_secret

from .answers import service_explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

_FIRST, _GROWTH, _MOST = 0.05, 1.5, 5.0  # seconds between two looks
_RUNNING = {"SUBMITTED", "PICKED", "STARTED"}


@dataclass(frozen=True)
class Place:
    """Which database, and with which secret.

    Attributes:
        secret: name or ARN of the secret; the service takes both.
        region: AWS region.
        database: name of the database.
        cluster: identifier of a cluster; None for serverless.
        workgroup: name of a serverless workgroup; None for a cluster.
    """

    secret: str
    region: str | None
    database: str
    cluster: str | None
    workgroup: str | None

    def __str__(self) -> str:
        """Name the place, for messages."""
        return f"Redshift {self.workgroup or self.cluster}, database {self.database}"


def by_secret(
    name: str, region: str | None, database: str | None, cluster: str | None, workgroup: str | None
) -> Place:
    """Decide where a query runs.

    Args:
        name: name or ARN of the secret; Redshift's own secrets name cluster and database.
        region: AWS region.
        database: name of the database; by default what the secret says, or dev.
        cluster: identifier of a cluster; by default what the secret says.
        workgroup: name of a serverless workgroup.

    Raises:
        ConfigError: neither says which cluster or workgroup.
        MissingError, AccessError, DataError: as ``get_secret``.
    """
    if cluster and workgroup:
        raise ConfigError("give cluster= or workgroup=, not both")
    if database and (cluster or workgroup):
        return Place(name, region, database, cluster, workgroup)
    told = get_secret(name, region)
    if not (cluster or workgroup):
        cluster, workgroup = _first(told, _CLUSTER), _first(told, _WORKGROUP)
        workgroup = None if cluster else workgroup
    if not (cluster or workgroup):
        raise ConfigError(
            f"secret {name!r} does not say which cluster it belongs to (dbClusterIdentifier); "
            "give cluster= or workgroup=",
        )
    chosen = database or _first(told, ("dbname", "dbName", "database")) or "dev"
    return Place(name, region, chosen, cluster, workgroup)


# Source: AWS Secrets Manager User Guide, "JSON structure of AWS Secrets Manager secrets".
_CLUSTER = ("dbClusterIdentifier", "cluster_identifier")
_WORKGROUP = ("workgroupName", "workgroup_name", "workgroup")


def _first(told: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((str(told[name]) for name in names if told.get(name)), None)


def read(
    text: str,
    parameters: Sequence[dict[str, str]],
    where: Place,
    longest: float,
    timeout: float | None,
) -> pd.DataFrame:
    """Run a query; see ``read_data_from_redshift_by_secret``.

    Args:
        text: the query, with ``:p1``, ``:p2``, … for parameters.
        parameters: what fills them.
        where: which database.
        longest: seconds between two looks at most.
        timeout: seconds after which it is cancelled; None for the service's own limit.
    """
    if not text.strip().rstrip(";"):
        raise ConfigError("the query is empty; it begins with select")
    advice = "check the cluster or workgroup, the secret and the region"
    with service_explained(f"read from {where}", advice):
        number = _start(text, parameters, where)
        try:
            told = _wait(number, where, longest, timeout)
        except BaseException:
            _cancel(number, where)
            raise
        if not told.get("HasResultSet", True):
            raise DataError(f"the query {number} gives no table; begin it with select")
        return _result(number, where, told)


def _api(where: Place) -> Any:
    return client("redshift-data", where.region)


def _start(text: str, parameters: Sequence[dict[str, str]], where: Place) -> str:
    """Begin a query; a request that is repeated begins it once."""
    options: dict[str, Any] = {"Parameters": list(parameters)} if parameters else {}
    if where.workgroup:
        options["WorkgroupName"] = where.workgroup
    else:
        options["ClusterIdentifier"] = where.cluster
    answer = _api(where).execute_statement(
        Sql=text,
        Database=where.database,
        SecretArn=where.secret,
        ClientToken=uuid.uuid4().hex,
        **options,
    )
    return str(answer["Id"])


def _wait(number: str, where: Place, longest: float, timeout: float | None) -> Mapping[str, Any]:
    """Wait until a query has ended well."""
    started, pause = time.monotonic(), _FIRST
    while True:
        told: dict[str, Any] = _api(where).describe_statement(Id=number)
        status = told["Status"]
        if status == "FINISHED":
            return told
        if status not in _RUNNING:
            raise _failed(number, where, told)
        passed = time.monotonic() - started
        if timeout is not None and passed >= timeout:
            raise ExecutionError(
                f"cannot read from {where}: query {number} took longer than {timeout:g} s and was "
                "cancelled; raise timeout=, or ask for less",
            )
        left = longest if timeout is None else min(longest, timeout - passed)
        time.sleep(max(min(pause, left), 0))
        pause = min(pause * _GROWTH, _MOST)


def _failed(number: str, where: Place, told: Mapping[str, Any]) -> Exception:
    reason = " ".join(str(told.get("Error") or "no reason given").split())
    message = f"cannot read from {where}: {reason} (query {number}, {told['Status']})"
    if told["Status"] == "ABORTED":
        return ExecutionError(f"{message}; somebody or a limit of the server cancelled it")
    if "does not exist" in reason:
        return MissingError(f"{message}; check the name, the schema and the database")
    if "permission denied" in reason or "authentication failed" in reason:
        return AccessError(f"{message}; check the secret and what its user is granted")
    return ExecutionError(f"{message}; correct the query")


def _cancel(number: str, where: Place) -> None:
    """Stop what may still run; what has ended by itself cannot be stopped, and need not be."""
    with suppress(Exception):
        _api(where).cancel_statement(Id=number)
        get_logger("batcat_runtime").info("%s: cancelled query %s", where, number)


def _result(number: str, where: Place, told: Mapping[str, Any]) -> pd.DataFrame:
    """Fetch all pages, and make sure that these are all rows."""
    pages = list(_pages(number, where))
    described = pages[0]["ColumnMetadata"]
    records = [record for page in pages for record in page["Records"]]
    totals = {page["TotalNumRows"] for page in pages if "TotalNumRows" in page}
    if "ResultRows" in told:
        totals.add(told["ResultRows"])
    if totals - {len(records), -1}:
        raise DataError(
            f"query {number} has {max(totals)} rows, and its pages held {len(records)}; nothing "
            "is returned. Run it again",
        )
    columns = [
        _column(one, [record[place] for record in records]) for place, one in enumerate(described)
    ]
    return table([str(one.get("label") or one.get("name", "")) for one in described], columns)


def _pages(number: str, where: Place) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page: dict[str, Any] = _api(where).get_statement_result(Id=number, **token)
        yield page
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def kind_of(described: Mapping[str, Any]) -> Type:
    """Give the type of a column by its description.

    Raises:
        DataError: it has no counterpart in pandas; the message names the column.
    """
    name = str(described.get("typeName", "")).lower()
    if name in {"numeric", "decimal"}:
        precision = int(described.get("precision") or 0)
        return Type("decimal", precision=precision, scale=int(described.get("scale") or 0))
    if name.startswith("interval"):
        raise DataError(
            f"column {described.get('name')!r} is of type {name}, which has no counterpart in "
            "pandas; cast it in the query, for example to varchar",
        )
    try:
        return parse(name, "redshift")
    except ConfigError:
        return Type("text")


def _column(described: Mapping[str, Any], cells: Sequence[Mapping[str, Any]]) -> pd.Series[Any]:
    kind = kind_of(described)
    try:
        values = [_value(cell, kind) for cell in cells]
        return column(values, kind)
    except (ValueError, ArithmeticError, TypeError) as error:
        raise DataError(
            f"column {described.get('name')!r} holds a {kind} that cannot be read: {error}; cast "
            "it in the query, for example to varchar",
        ) from error


def _value(cell: Mapping[str, Any], kind: Type) -> Any:
    """Read one value: the service gives numbers as such, or as text."""
    if cell.get("isNull"):
        return None
    (value,) = (cell[name] for name in _FIELDS if name in cell)
    if kind.kind == "binary":
        return value if isinstance(value, bytes) else bytes.fromhex(str(value))
    if kind.kind == "text":
        return value if isinstance(value, str) else json.dumps(value)
    if kind.kind == "decimal":  # as the server has it, whatever it says of its digits
        return Decimal(str(value))
    return texts.reader(kind)(value) if isinstance(value, str) else value


_FIELDS = ("stringValue", "longValue", "doubleValue", "booleanValue", "blobValue")
