"""Keep the days on which it rained. The file ``fault`` in the input makes it misbehave."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

ROOT = Path(os.environ["BATCAT_ML_ROOT"]) / "processing"


def main() -> None:
    """Read, filter, write."""
    source = ROOT / "input" / "raw"
    fault = (source / "fault").read_text().strip() if (source / "fault").exists() else ""
    sys.stdout.write(f"cleaning {sorted(file.name for file in source.iterdir())}\n")
    if fault == "hang":
        time.sleep(600)
    if fault == "nothing":
        return
    if fault:
        message = ROOT.parent / "output" / "message"
        message.parent.mkdir(parents=True, exist_ok=True)
        message.write_text("the gauge is broken")
        sys.stdout.write("the last line before the end\n")
        sys.exit(int(fault))
    lines = (source / "rain.csv").read_text().splitlines()
    kept = [lines[0], *(line for line in lines[1:] if not line.endswith(",0"))]
    target = ROOT / "clean"
    target.mkdir(parents=True, exist_ok=True)
    (target / "clean.csv").write_text("\n".join(kept) + "\n")


main()
