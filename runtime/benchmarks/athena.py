"""Athena's two ways back, on the local AWS: rows and CSV, or UNLOAD to Parquet.

    python runtime/benchmarks/athena.py

Prints medians for results of several sizes, and PyAthena's beside them; ``athena.plan`` says what
follows. The engine is the same for all, one machine: what Athena gains by writing Parquet from many
is not in these figures, and neither is its queue.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING

import batcat_runtime as bc
from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (100, 1_000, 5_000, 20_000, 50_000, 200_000, 1_000_000)
TIMES = 5
REGION = "us-east-1"
STAGING = "s3://staging/athena/"


def query(rows: int) -> str:
    """A query with so many rows of five columns."""
    return (
        "select a * 1000 + b as n, cast(a as varchar) as s, b / 3.0e0 as x, "  # noqa: S608
        "cast(b as decimal(10,2)) as d, timestamp '2026-01-01 00:00:00.000' as t "
        f"from unnest(sequence(0, {max(rows // 1000, 1) - 1})) as one(a) "
        f"cross join unnest(sequence(1, {min(rows, 1000)})) as two(b)"
    )


def ours(mode: str) -> Callable[[str], object]:
    """One of our ways."""
    return lambda sql: bc.read_data_from_athena(sql, REGION, STAGING, mode=mode)


def peers() -> dict[str, Callable[[str], object]]:
    """PyAthena's cursor for pandas; its cursors for UNLOAD do not follow AWS_ENDPOINT_URL."""
    from pyathena import connect
    from pyathena.pandas.cursor import PandasCursor

    connection = connect(s3_staging_dir=STAGING, region_name=REGION, poll_interval=0.05)

    def run(sql: str) -> object:
        found: object = connection.cursor(PandasCursor).execute(sql).as_pandas()
        return found

    return {"PyAthena, 50 ms": run}


def seconds(ways: dict[str, Callable[[str], object]], sql: str) -> dict[str, float]:
    """Medians of a few runs, each way in its turn, so that what else runs slows all alike."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TIMES):
        for name, run in ways.items():
            begin = time.perf_counter()
            run(sql)
            took[name].append(time.perf_counter() - begin)
    return {name: statistics.median(found) for name, found in took.items()}


def main() -> None:
    """Measure and print."""
    ways = {"csv": ours("csv"), "unload": ours("unload")}
    with LocalAws() as aws:
        os.environ.update(aws.environment)
        os.environ["BATCAT_LOG_LEVEL"] = "WARNING"
        aws.client("s3").create_bucket(Bucket="staging")
        ways |= peers()
        print(f"{'rows':>10}", *(f"{name:>22}" for name in ways), f"{'csv / unload':>14}")
        for rows in SIZES:
            took = seconds(ways, query(rows))
            ratio = took["csv"] / took["unload"]
            told = (f"{1000 * one:>19.0f} ms" for one in took.values())
            print(f"{rows:>10}", *told, f"{ratio:>14.2f}", flush=True)


if __name__ == "__main__":
    main()
