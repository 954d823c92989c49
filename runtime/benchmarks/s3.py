"""Read from S3 beside awswrangler, and print medians and ratios.

Usage: python runtime/benchmarks/s3.py [--quick]

Both read the same objects from one loopback S3 (25 ms a request, 80 MB/s a connection), in turn,
each in a process of its own that has read everything once before. awswrangler runs as it is by
default and at its best (``use_threads=32``). Nothing is asserted; the figures are for people.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PEERS = REPOSITORY / ".tools" / "peers" / "bin" / "python"
RUNS = 3 if "--quick" in sys.argv else 7
SMALL = 200
CASES = ("small_csv", "small_parquet", "large_csv", "large_parquet")
GOALS = {
    "small_csv": ("200 small CSV", "≥ 12x and ≥ 2x"),
    "small_parquet": ("200 small Parquet", "≥ 10x and ≥ 1.7x"),
    "large_csv": ("one large CSV", "≥ 3x"),
    "large_parquet": ("one large Parquet", "≥ 1.8x"),
}


def main() -> None:
    """Measure everything and print one line per figure."""
    with tempfile.TemporaryDirectory(prefix="batcat-bench-") as scratch:
        folder = Path(scratch)
        sizes = make_objects(folder / "objects")
        with serving(folder / "objects") as url:
            reading(url, sizes)
            memory(url, sizes["large_csv"])


def row(what: str, figure: str, goal: str = "-") -> None:
    """Print one figure."""
    print(f"{what:<58} {figure:>18}   goal {goal}", flush=True)


def make_objects(folder: Path) -> dict[str, int]:
    """Write what is read; returns the size of each case in bytes."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(0)

    def rows(count: int) -> pd.DataFrame:
        numbers = {f"x{place}": random.standard_normal(count) for place in range(6)}
        cells = random.integers(0, 9999, count)
        words = {"cell": [f"cell-{number}" for number in cells], "n": np.arange(count)}
        return pd.DataFrame({**words, **numbers})

    for kind in CASES:
        (folder / kind).mkdir(parents=True)
    for number in range(SMALL):
        small = rows(300)
        small.to_csv(folder / "small_csv" / f"{number:03}.csv", index=False)
        small.to_parquet(folder / "small_parquet" / f"{number:03}.parquet", index=False)
    rows(1_100_000).to_csv(folder / "large_csv" / "all.csv", index=False)
    rows(1_400_000).to_parquet(folder / "large_parquet" / "all.parquet", index=False)
    return {kind: sum(file.stat().st_size for file in (folder / kind).iterdir()) for kind in CASES}


@contextlib.contextmanager
def serving(folder: Path) -> Any:
    """Run the loopback S3."""
    command = [sys.executable, str(HERE / "loopback_s3.py"), str(folder)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip() if server.stdout else ""
    finally:
        if server.stdin:
            server.stdin.close()
        server.wait()


class Worker:
    """A process that reads what it is told to, and says how long it took."""

    def __init__(self, python: Path | str, how: str, url: str) -> None:
        self._process = subprocess.Popen(
            [str(python), str(HERE / "s3_worker.py"), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(url),
        )

    def run(self, case: str) -> dict[str, Any]:
        """Read one case."""
        if not self._process.stdin or not self._process.stdout:
            raise SystemExit("the worker has no pipes")
        self._process.stdin.write(f"{case}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the worker ended; see its error above")
        found: dict[str, Any] = json.loads(line)
        return found

    def stop(self) -> None:
        """End it."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()


def environment(url: str) -> dict[str, str]:
    """What points any SDK at the loopback S3."""
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONWARNINGS": "ignore",
    }


def reading(url: str, sizes: dict[str, int]) -> None:
    """Time each case by each reader, in turn."""
    readers = {"ours": Worker(sys.executable, "ours", url)}
    if PEERS.exists():
        readers["default"] = Worker(PEERS, "wrangler", url)
        readers["best"] = Worker(PEERS, "wrangler32", url)
    try:
        for case in CASES:
            figures: dict[str, list[float]] = {name: [] for name in readers}
            for reader in readers.values():
                reader.run(case)
            asked(url)
            requests = {}
            for _ in range(RUNS):
                for name, reader in readers.items():
                    figures[name].append(reader.run(case)["seconds"])
                    requests[name] = asked(url)
            show(case, sizes[case], figures, requests)
    finally:
        for reader in readers.values():
            reader.stop()


def asked(url: str) -> dict[str, int]:
    """What was asked of the S3 since the last time."""
    with urllib.request.urlopen(f"{url}/_requests") as answer:  # noqa: S310 - it is ours
        found: dict[str, int] = json.load(answer)
        return found


def show(
    case: str, size: int, figures: dict[str, list[float]], requests: dict[str, dict[str, int]]
) -> None:
    """Print the medians of a case, their ratios, and the requests it took."""
    name, goal = GOALS[case]
    medians = {reader: statistics.median(seconds) for reader, seconds in figures.items()}
    told = " · ".join(f"{reader} {seconds:.2f} s" for reader, seconds in medians.items())
    row(f"{name} ({size / 1e6:.0f} MB)", told)
    ratios = [
        f"{medians[one] / medians['ours']:.1f}x" for one in ("default", "best") if one in medians
    ]
    row("  awswrangler's default and best over ours", " ".join(ratios), goal)
    for reader, found in requests.items():
        row(f"  requests, {reader}", " ".join(f"{what} {n}" for what, n in sorted(found.items())))


def memory(url: str, size: int) -> None:
    """Peak memory of a process that reads the large CSV, above what it had before."""
    readers = [("ours", sys.executable)] + ([("wrangler", PEERS)] if PEERS.exists() else [])
    for how, python in readers:
        reader = Worker(python, how, url)
        found = reader.run("memory")
        reader.stop()
        peak, frame = found["peak"], found["frame"]
        room = peak - size - frame
        row(
            f"peak memory of a large CSV, {how}: {peak / 1e6:.0f} MB",
            f"{size / 1e6:.0f} + {frame / 1e6:.0f} {room / 1e6:+.0f} MB",
            "bytes + frame + 64 MB" if how == "ours" else "-",
        )


if __name__ == "__main__":
    main()
