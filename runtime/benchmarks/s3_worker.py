"""Read from the loopback S3 by one reader; see s3.py. Cases come in lines, figures go out."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PLACES = {
    "small_csv": "small_csv/",
    "small_parquet": "small_parquet/",
    "large_csv": "large_csv/all.csv",
    "large_parquet": "large_parquet/all.parquet",
}


def reader(how: str) -> Callable[[str], Any]:
    """What reads a case."""
    if how == "ours":
        import batcat_runtime as bc

        def ours(case: str) -> Any:
            read = bc.read_csv_from_bucket if "csv" in case else bc.read_parquet_from_bucket
            return read("bench", PLACES[case])

        return ours
    import awswrangler as wr

    options = {"use_threads": 32} if how == "wrangler32" else {}

    def theirs(case: str) -> Any:
        read = wr.s3.read_csv if "csv" in case else wr.s3.read_parquet
        return read(f"s3://bench/{PLACES[case]}", **options)

    return theirs


def peak_of(read: Callable[[str], Any]) -> dict[str, float]:
    """Read the large CSV and watch the process's memory."""
    read("small_csv")  # everything is imported and connected
    before = resident()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark anew
    frame = read("large_csv")
    peak = high_water()
    return {"peak": peak - before, "frame": float(frame.memory_usage(deep=True).sum())}


def resident() -> float:
    """Bytes of memory now."""
    return status("VmRSS")


def high_water() -> float:
    """Bytes of memory at most."""
    return status("VmHWM")


def status(name: str) -> float:
    """A figure of /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(float(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def main() -> None:
    """Read the cases that standard input names."""
    read = reader(sys.argv[1])
    for line in sys.stdin:
        case = line.strip()
        if case == "memory":
            print(json.dumps(peak_of(read)), flush=True)
            continue
        start = time.perf_counter()
        found = read(case)
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "rows": len(found)}), flush=True)
        del found


if __name__ == "__main__":
    main()
