"""{{ script.name }}: empty rows are dropped, and the rest goes on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from {{ script.name }} import main, transform


def test_empty_rows_are_dropped() -> None:
    table = pd.DataFrame({"id": [1.0, None], "x": [None, None]})
    assert transform(table)["id"].tolist() == [1.0]


def test_it_runs_as_a_processing_job(job: Path) -> None:
    folder = job / "processing" / "input" / "any"
    folder.mkdir(parents=True)
    (folder / "part.csv").write_text("id,x\n1,2\n")
    main()
    (output,) = (job / "processing" / "{{ script.name }}").glob("*.csv")
    assert output.read_text() == "id,x\n1,2\n"
