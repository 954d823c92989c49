"""Amazon Athena: a query's rows as a DataFrame of exact types.

Large results come as Parquet (UNLOAD), small ones as rows or CSV; ``plan`` says which and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.athena import plan, results, unload
from batcat_runtime.columns.series import need_pandas
from batcat_runtime.sql import binding
from batcat_runtime.sql.limit import LIMIT, check_limit

from .queries import Queries

if TYPE_CHECKING:
    import pandas as pd

    from batcat_runtime.sql.binding import Date, Params


def read_data_from_athena(  # noqa: PLR0913 - the first five are the predecessor's
    query: str,
    region: str | None,
    s3_staging_dir: str | None,
    date_start: Date | None = None,
    date_end: Date | None = None,
    *,
    params: Params | None = None,
    database: str | None = None,
    catalog: str | None = None,
    workgroup: str | None = None,
    mode: str = "auto",
    reuse_minutes: int = 0,
    timeout: float | None = LIMIT,
    price_per_tb: float | None = None,
) -> pd.DataFrame:
    """Run a query on Amazon Athena and read its rows.

    NULL and the empty text, decimals, integers with NULL, and times keep what they are; see
    ``batcat_runtime.columns.types``. A result without rows has its columns and types, too. What was
    scanned is logged. Ctrl-C cancels the query.

    Args:
        query: SQL. Values have places: ``'{}'`` for dates, ``:name`` or ``?`` for others.
        region: AWS region; None for the environment's.
        s3_staging_dir: where Athena puts results, for example ``s3://bucket/athena/``; None if
            the workgroup says.
        date_start: fills the first ``'{}'``: a date, or how it is written, ``'2026/03/01'``.
        date_end: fills the next one.
        params: values of ``:name`` (a dictionary) or ``?`` (a list).
        database: where tables are looked for that are named without their database.
        catalog: data catalog; by default the one of AWS Glue.
        workgroup: by default ``primary``.
        mode: ``csv`` for small results, and to keep ORDER BY; ``unload`` for large ones, and for
            arrays, maps and rows; ``auto`` decides, see ``athena.plan``.
        reuse_minutes: take the result of the same query if it is not older; 0 never does. It
            needs mode ``csv``.
        timeout: seconds after which the query is cancelled; None for no limit.
        price_per_tb: what a scanned terabyte costs, to log what the query cost; by default the
            environment variable BATCAT_ATHENA_PRICE_PER_TB.

    Returns:
        The rows, in the order of the query in mode ``csv``, in any order in mode ``unload``.

    Raises:
        ConfigError: an argument is none that there is, values and places do not fit together, or
            Athena does not understand the request.
        ExecutionError: the query failed, was cancelled, or took longer than the limit.
        DataError: a value cannot be read exactly in this mode; the message names the column.
        MissingError: the staging bucket does not exist.
        AccessError: credentials are absent or do not allow it.
        MissingExtraError: pandas, or pyarrow in mode ``unload``, is not installed.
    """
    need_pandas()
    check_limit(timeout)
    bound = binding.bind(query, params, date_start, date_end, "athena")
    wanted = plan.decide(bound, mode, s3_staging_dir, reuse_minutes)
    context = {"Database": database, "Catalog": catalog}
    settings = {
        "WorkGroup": workgroup,
        "QueryExecutionContext": {name: value for name, value in context.items() if value},
        "ResultConfiguration": {"OutputLocation": wanted.staging} if wanted.staging else None,
    }
    with Queries(region, settings, timeout, price_per_tb) as queries:
        if wanted.unload:
            found = unload.read(queries, wanted)
            if found is not None:
                return found
        return results.read(queries, wanted)
