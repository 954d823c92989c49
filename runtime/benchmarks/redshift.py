"""Write to Redshift and read from it beside redshift_connector, on the local Redshift.

Usage: python runtime/benchmarks/redshift.py [--quick]

Both talk to the same server in turn, over the same driver's connection: ``write_dataframe`` and
``fetch_dataframe`` as they are, and ours, which connects anew each time. COPY and UNLOAD are
beside them: the engine behind is one machine, so what Redshift gains by many is not in their
figures. Nothing is asserted; medians and ratios are for people.
"""

from __future__ import annotations

import logging
import os
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import redshift_connector

import batcat_runtime as bc
from batcat_runtime.emulator import LocalAws
from batcat_runtime.redshift import write as writing

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 3 if "--quick" in sys.argv else 5
ENOUGH, MOST = 5.0, 41  # seconds and times, for what is short
WRITTEN = (10_000, 50_000)
READ = (1_000, 10_000, 100_000)
AT_ONCE = (500, 1_000, 2_500, 5_000, 10_000, 32_767)
TRUST = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
"Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"""
FILES = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
"Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"], "Resource": "*"}]}"""


def main() -> None:
    """Measure everything and print one line per figure."""
    bc.get_logger("batcat_runtime").setLevel(logging.WARNING)
    with LocalAws() as aws:
        os.environ.update(aws.environment)
        aws.client("s3").create_bucket(Bucket="bench")
        iam = aws.client("iam")
        role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName="bench", PolicyName="files", PolicyDocument=FILES)
        (cluster,) = aws.client("redshift").describe_clusters(ClusterIdentifier="any")["Clusters"]
        login = {"host": "127.0.0.1", "port": cluster["Endpoint"]["Port"], "password": "any"}
        login |= {"database": "dev", "user": "awsuser"}
        staging = {"staging": "s3://bench/between/", "iam_role": role["Role"]["Arn"]}
        write(login, staging)
        read(login, staging)
        statement_sizes(login)


def frame(rows: int) -> pd.DataFrame:
    """Five columns that both can write: nothing is missing."""
    start = pd.Timestamp("2026-01-01")
    return pd.DataFrame(
        {
            "n": np.arange(rows),
            "x": np.arange(rows) / 3,
            "s": [f"text {place}" for place in range(rows)],
            "t": start + pd.to_timedelta(np.arange(rows), unit="s"),
            "b": np.arange(rows) % 2 == 0,
        }
    )


def write(login: dict[str, Any], staging: dict[str, str]) -> None:
    """Time how rows are written, each time into an empty table."""
    options = {**login, "table_name": "bench_write", "index": False, "if_exists": "delete_rows"}
    bc.save_df_to_redshift(frame(1).iloc[:0], **{**options, "if_exists": "replace"})
    for rows in WRITTEN:
        data = frame(rows)

        def theirs(data: pd.DataFrame = data) -> None:
            with redshift_connector.connect(**login, ssl=False) as connection:
                cursor = connection.cursor()
                cursor.execute("delete from bench_write")
                cursor.write_dataframe(data, "bench_write")
                connection.commit()

        writing.COPY_FROM = 1
        base, inserted, copied = medians(
            theirs,
            lambda data=data: bc.save_df_to_redshift(data, **options),
            lambda data=data: bc.save_df_to_redshift(data, **options, **staging),
        )
        print(f"write {rows:>9,} rows  write_dataframe {base:8.3f} s", flush=True)
        show("INSERT", inserted, base, "≥ 3x")
        show("COPY", copied, base, "-")


def read(login: dict[str, Any], staging: dict[str, str]) -> None:
    """Time how rows are read."""
    table = {"table_name": "bench_read", "index": False, "if_exists": "replace"}
    bc.save_df_to_redshift(frame(max(READ)), **login, **table, **staging)
    for rows in READ:
        query = f"select * from bench_read limit {rows}"  # noqa: S608 - a number of ours

        def theirs(query: str = query) -> None:
            with redshift_connector.connect(**login, ssl=False) as connection:
                cursor = connection.cursor()
                cursor.execute(query)
                cursor.fetch_dataframe()

        base, plain, unloaded = medians(
            theirs,
            lambda query=query: bc.read_data_from_redshift(query, **login),
            lambda query=query: bc.read_data_from_redshift(query, **login, **staging),
        )
        print(f"read  {rows:>9,} rows  fetch_dataframe {base:8.3f} s", flush=True)
        show("over the wire", plain, base, "≥ 1x")
        show("UNLOAD", unloaded, base, "-")


def statement_sizes(login: dict[str, Any]) -> None:
    """Time inserts of several sizes: where ``insert._AT_ONCE`` comes from."""
    data = frame(20_000)
    options = {**login, "table_name": "bench_sizes", "index": False, "if_exists": "replace"}
    for values in AT_ONCE:
        chunk = values // data.shape[1]
        (took,) = medians(
            lambda chunk=chunk: bc.save_df_to_redshift(data, **options, chunksize=chunk)
        )
        print(
            f"{values:>6} values a statement {len(data) / took:>12,.0f} rows/s",
            flush=True,
        )


def medians(*runs: Callable[[], object]) -> list[float]:
    """Median seconds of some runs, in turn, so that a busy moment hits all of them."""
    took: list[list[float]] = [[] for _ in runs]
    while len(took[0]) < TIMES or (sum(map(sum, took)) < ENOUGH and len(took[0]) < MOST):
        for run, times in zip(runs, took, strict=True):
            begun = time.perf_counter()
            run()
            times.append(time.perf_counter() - begun)
    return [statistics.median(times) for times in took]


def show(what: str, took: float, base: float, goal: str) -> None:
    """Print one figure and its ratio."""
    print(f"{'':>22} ours, {what:<13} {took:8.3f} s {base / took:7.1f}x   goal {goal}", flush=True)


if __name__ == "__main__":
    main()
