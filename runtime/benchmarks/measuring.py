"""What several benchmarks share: rows of figures, medians, commands, and weights of folders."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
RUNS = 5


def row(what: str, figure: str, goal: str = "-") -> None:
    """Print one figure."""
    print(f"{what:<58} {figure:>18}   goal {goal}", flush=True)


def seconds(action: Callable[[], object], runs: int = RUNS) -> float:
    """Median wall time of an action, in seconds, after one warm-up."""
    action()
    return statistics.median(once(action) for _ in range(runs))


def once(action: Callable[[], object]) -> float:
    """Wall time of an action, in seconds."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def run(
    *command: str | Path, cwd: Path | None = None, environment: dict[str, str] | None = None
) -> str:
    """Run a command with this environment's programs; returns what it printed."""
    variables = dict(os.environ) if environment is None else environment
    if environment is None:
        variables.pop("AWS_ENDPOINT_URL", None)
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**variables, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def uv() -> str:
    """Where uv is."""
    return shutil.which("uv") or str(BIN / "uv")


def megabytes(folder: Path) -> float:
    """What the files below a folder weigh, in millions of bytes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
