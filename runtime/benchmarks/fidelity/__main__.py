"""Every type on every route, ours and the peers', as docs/types.md shows it.

Usage: python -m runtime.benchmarks.fidelity [--write]

Everything runs for real against a local AWS of its own. ``--write`` puts the tables into
docs/types.md, between their markers. The peers need .tools/peers (``make fidelity`` makes it).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from batcat_runtime.emulator import LocalAws

from .cases import CASES
from .routes import BUCKET, DATABASE, REGION, SECRET, STAGING, Routes
from .table import replaced, table

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = REPOSITORY / "docs" / "types.md"
PEERS = REPOSITORY / ".tools" / "peers" / "bin" / "python"


def ours(routes: Routes) -> dict[str, dict[str, str]]:
    """Run all cases on all routes of ours."""
    return {route: {case.name: routes.cell(route, case) for case in CASES} for route in routes.all}


def peers(routes: Routes) -> dict[str, dict[str, str]]:
    """Run them on all routes of the others, in their environment, beside the same local AWS."""
    told = {
        "bucket": BUCKET, "region": REGION, "staging": STAGING, "database": DATABASE,
        "secret": SECRET, "login": routes.login,
        "known": {case.name: routes.known(case) for case in CASES},
        "endpoint": os.environ["AWS_ENDPOINT_URL"],
    }  # fmt: skip
    done = subprocess.run(
        [str(PEERS), "-m", "runtime.benchmarks.fidelity.peers"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        input=json.dumps(told),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found


def main() -> None:
    """Run all, and print or write the tables."""
    os.environ["BATCAT_LOG_LEVEL"] = "ERROR"
    with LocalAws() as aws:
        os.environ.update(aws.environment)
        routes = Routes(aws)
        told = {"ours": table(ours(routes)), "peers": table(peers(routes))}
    for text in told.values():
        print(text)
    if "--write" in sys.argv:
        page = PAGE.read_text(encoding="utf-8")
        for name, text in told.items():
            page = replaced(page, name, text)
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
