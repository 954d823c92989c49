"""Rows as Parquet: UNLOAD writes it, all machines at once; nothing of it stays in S3."""

from __future__ import annotations

import re
import uuid
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.arrow import need_arrow
from batcat_runtime.columns.series import column, table
from batcat_runtime.errors import DataError
from batcat_runtime.s3.ranges import Object
from batcat_runtime.s3.removal import leftovers_logged, remove
from batcat_runtime.s3.transfer import fetch, listing

from . import plan
from .told import column_type

if TYPE_CHECKING:
    import pandas as pd

    from batcat_runtime.columns.types import Type

    from .plan import Wanted
    from .queries import Queries


def is_possible(wanted: Wanted) -> bool:
    """Tell whether a query can be run this way at all."""
    return wanted.staging is not None and find_spec("pyarrow") is not None


def read(queries: Queries, wanted: Wanted) -> pd.DataFrame | None:
    """Run a query as UNLOAD and read what it wrote.

    The same query with LIMIT 0 runs beside it and tells names and types of the columns, which
    Parquet cannot tell when there are no rows, and not exactly when there are.

    Returns:
        The rows; None if Athena refused it before it scanned anything, and the caller left the
        mode to us.

    Raises:
        ExecutionError: it failed.
        DataError: the files are not those that Athena says it wrote, or a column is of a type
            that UNLOAD cannot write.
        MissingExtraError: pyarrow is not installed.
    """
    need_arrow()
    folder = f"{wanted.staging}batcat-unload/{uuid.uuid4().hex}/"
    traces: list[str] = []
    describing = queries.start(plan.describing(wanted), wanted.arguments)
    try:
        identity = queries.start(plan.unloading(wanted, folder), wanted.arguments)
        execution = queries.wait(identity)
        statistics = execution.get("Statistics", {})
        manifest = statistics.get("DataManifestLocation")
        traces += [manifest] if manifest else []
        failed = execution["Status"]["State"] != "SUCCEEDED"
        if failed and not wanted.forced and not statistics.get("DataScannedInBytes"):
            return None
        described = queries.wait(describing)
        traces.append(described["ResultConfiguration"]["OutputLocation"])
        if described["Status"]["State"] != "SUCCEEDED":
            queries.check(identity, execution)
        queries.check(describing, described)
        page = queries.results(describing, MaxResults=1)
        columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        if failed:
            _refuse(columns, execution["Status"].get("StateChangeReason", ""))
        queries.check(identity, execution)
        return _read_files(_written(folder, manifest, queries.region), columns)
    finally:
        queries.stop()  # first, so that nothing is written any more
        _remove(folder, traces, queries.region)


_PRECISION = re.compile(
    r"Incorrect timestamp precision for timestamp\((?P<digits>\d+)\).*column name: (?P<name>.+)",
    re.DOTALL,
)
_MILLISECONDS = 3  # digits


def _refuse(columns: list[dict[str, Any]], why: str) -> None:
    """Name a column that files of Hive, which UNLOAD writes, have no type for."""
    for one in columns:
        if one["Type"].startswith("time") and one["Type"] != "timestamp":
            raise DataError(
                f"column {one['Name']!r} is of type {one['Type']}, which UNLOAD cannot write; use "
                "mode='csv', or cast it in the query: a time to varchar, a time with a zone with "
                "CAST(… AT TIME ZONE 'UTC' AS timestamp)",
            )
    other = _PRECISION.search(why)
    if other:
        finer = int(other["digits"]) > _MILLISECONDS
        held = "finer than milliseconds" if finer else "of whole seconds"
        raise DataError(
            f"column {other['name']!r} holds times {held}, which UNLOAD cannot write; use "
            "mode='csv', or cast it to timestamp(3) in the query",
        )


def _written(folder: str, manifest: str | None, region: str | None) -> list[Object]:
    """Find the files; the manifest says which of those that are there belong to the result."""
    under = place(folder, region)
    found = {str(one): one for one in listing(under.bucket, under.key, region=region)}
    if manifest is None:
        return list(found.values())
    named = fetch(place(manifest, region)).getvalue().decode().split()
    missing = [name for name in named if name not in found]
    if missing:
        raise DataError(f"Athena says it wrote {missing[0]}, and it is not there; run it again")
    return [found[name] for name in named]


def place(address: str, region: str | None) -> Object:
    """Give the object, or folder, that an address names."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return Object(bucket, key, region=region)


def _read_files(files: list[Object], columns: list[dict[str, Any]]) -> pd.DataFrame:
    from batcat_runtime.s3 import parquet

    names = [one["Name"] for one in columns]
    kinds = [column_type(one) for one in columns]
    files = [one for one in files if one.size]
    if not files:
        return table(names, [column([], kind) for kind in kinds])
    frame = parquet.read(parquet.Wanted(None, None, [{} for _ in files], files))
    if frame.shape[1] != len(names):
        raise DataError(
            f"UNLOAD wrote {frame.shape[1]} columns of a query that has {len(names)}: "
            f"{list(frame.columns)} instead of {names}; use mode='csv'",
        )
    exact = [_as_told(frame.iloc[:, place], kind) for place, kind in enumerate(kinds)]
    return table(names, exact)


def _as_told(series: pd.Series[Any], kind: Type) -> pd.Series[Any]:
    """Give a column the type that Athena says it has, unless a value would be lost."""
    import pandas as pd

    if str(series.dtype) == kind.dtype or kind.kind not in {"integer", "timestamp"}:
        return series
    try:
        told: pd.Series[Any] = series.astype(pd.api.types.pandas_dtype(kind.dtype))
    except (TypeError, ValueError, OverflowError):
        return series
    back = told.astype(series.dtype)
    return told if back.equals(series) else series


def _remove(folder: str, traces: list[str], region: str | None) -> None:
    """Delete what UNLOAD wrote, also when it failed; say so if that is not allowed."""
    with leftovers_logged(folder):
        under = place(folder, region)
        left = {under.bucket: [one.key for one in listing(under.bucket, under.key, region=region)]}
        for one in (place(trace, region) for trace in traces):
            # Source: Amazon Athena User Guide, "Identify query output files". A workgroup may
            # have put them into another bucket.
            more = [one.key, f"{one.key}.metadata", one.key.replace("-manifest.csv", ".metadata")]
            left.setdefault(one.bucket, []).extend(more)
        for bucket, keys in left.items():
            with leftovers_logged(f"s3://{bucket}/{keys[0]}" if keys else folder):
                remove(bucket, keys, region=region)
