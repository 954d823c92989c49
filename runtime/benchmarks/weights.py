"""Print what an installation weighs, and what the first use costs beside bare boto3 and pandas.

Usage: python runtime/benchmarks/weights.py [--quick]

Each extra is installed by uv into a fresh environment without pip, as a container would be, and
weighed without bytecode; what Python adds when it compiles everything is the figure in brackets.
First uses are timed there, in turn, each in a new process that reads from the loopback S3 of
s3.py, from the first import to the result. Nothing is asserted; the figures are for people to read.
"""

from __future__ import annotations

import compileall
import statistics
import sys
import tempfile
from pathlib import Path

from measuring import REPOSITORY, megabytes, row, run, uv
from s3 import environment, serving

ROUNDS = 5 if "--quick" in sys.argv else 15
EXTRAS = {
    "": "≤ 34 MB, ≤ 8 packages",
    "[pandas]": "≤ 137 MB",
    "[arrow]": "≤ 302 MB",
    "[athena]": "-",
    "[mysql]": "-",
    "[redshift]": "-",
}
IMPORTS = {"bare": "import boto3", "ours": "import batcat_runtime"}
CLIENTS = {
    "bare": "import boto3; boto3.client('s3')",
    "ours": "from batcat_runtime.aws import client; client('s3')",
}
_GET = "boto3.client('s3').get_object(Bucket='bench', Key='first/{}')['Body'].read()"
CSV = {
    "bare": f"import io, boto3, pandas as pd; pd.read_csv(io.BytesIO({_GET.format('a.csv')}))",
    "ours": "import batcat_runtime as bc; bc.read_csv_from_bucket('bench', 'first/a.csv')",
}
PARQUET = {
    "bare": (
        f"import io, boto3, pandas as pd; pd.read_parquet(io.BytesIO({_GET.format('a.parquet')}))"
    ),
    "ours": "import batcat_runtime as bc; bc.read_parquet_from_bucket('bench', 'first/a.parquet')",
}
FIRST_USES = (
    ("import, ours - boto3", IMPORTS, "-"),
    ("client, ours - boto3", CLIENTS, "≤ +20 ms"),
    ("DataFrame from CSV, ours - boto3 + pandas", CSV, "≤ +50 ms"),
    ("DataFrame from Parquet, ours - boto3 + pandas", PARQUET, "≤ +50 ms"),
)


def main() -> None:
    """Measure everything and print one line per figure."""
    with tempfile.TemporaryDirectory(prefix="batcat-bench-") as scratch:
        folder = Path(scratch)
        pythons = {extra: installed(folder, extra, goal) for extra, goal in EXTRAS.items()}
        make_objects(folder / "objects" / "first")
        with serving(folder / "objects") as url:
            for what, codes, goal in FIRST_USES:
                first_use(pythons["[arrow]"], what, codes, url, goal)


def installed(folder: Path, extra: str, goal: str) -> Path:
    """Print what one extra weighs, and how many packages it has; returns its Python."""
    place = folder / f"fresh{extra}"
    run(uv(), "venv", "--quiet", "--python", sys.executable, place)
    python = place / "bin" / "python"
    run(uv(), "pip", "install", "--quiet", "--python", python, f"{REPOSITORY / 'runtime'}{extra}")
    site = next((place / "lib").glob("python*/site-packages"))
    size = megabytes(site)
    count = len(list(site.glob("*.dist-info")))
    compileall.compile_dir(site, quiet=2)
    row(
        f"installed batcat-runtime{extra}",
        f"{size:.1f} MB ({megabytes(site):.0f}), {count - 1} packages and itself",
        goal,
    )
    return python


def make_objects(folder: Path) -> None:
    """Write the two objects that are read."""
    import pandas as pd

    folder.mkdir(parents=True)
    frame = pd.DataFrame({"cell": ["a", "b"] * 150, "volt": [3.5, 3.6] * 150})
    frame.to_csv(folder / "a.csv", index=False)
    frame.to_parquet(folder / "a.parquet", index=False)


def first_use(python: Path, what: str, codes: dict[str, str], url: str, goal: str) -> None:
    """Print what something costs the first time, beside the same without us."""
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in codes}
    for _ in range(ROUNDS):
        for name, code in codes.items():
            figures[name].append(cost_of(python, code, url))
    for place, clock in enumerate(("CPU", "wall")):
        medians = {
            name: statistics.median(found[place] for found in pairs) * 1000
            for name, pairs in figures.items()
        }
        more = medians["ours"] - medians["bare"]
        told = f"{medians['ours']:.0f} - {medians['bare']:.0f} = {more:+.0f} ms"
        row(f"first {what}, {clock}", told, goal)


def cost_of(python: Path, code: str, url: str) -> tuple[float, float]:
    """CPU and wall seconds of some code in a new process; how Python starts is not its cost."""
    measured = (
        "import os, time; cpu, wall = time.process_time(), time.perf_counter()\n"
        f"{code}\n"
        "print(time.process_time() - cpu, time.perf_counter() - wall, flush=True)\n"
        # pyarrow's threads may abort a process that ends while they start.
        "os._exit(0)"
    )
    cpu, wall = run(python, "-c", measured, environment=environment(url)).split()
    return float(cpu), float(wall)


if __name__ == "__main__":
    main()
