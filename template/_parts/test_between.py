"""{{ script.name }}: empty rows are dropped, and the rest goes on."""

from __future__ import annotations

{% if script.queried %}from collections.abc import Callable, Iterator
{% endif %}from pathlib import Path

import pandas as pd
{%- if script.queried %}
import pytest
from batcat_runtime.deploy import load_project
from batcat_runtime.deploy.seed import fill
from batcat_runtime.emulator import LocalAws
{%- endif %}

from {{ script.name }} import {{ "ROOT, " if script.queried }}main, transform


def test_empty_rows_are_dropped() -> None:
    table = pd.DataFrame({"id": [1.0, None], "x": [None, None]})
    assert transform(table)["id"].tolist() == [1.0]


{% if script.queried -%}
{% from "template/_parts/queries.txt" import tables -%}
{{ tables(script, sources) }}
def test_it_runs_as_a_processing_job(job: Path, tables: Callable[[pd.DataFrame], None]) -> None:
    tables(pd.DataFrame({"id": [1], "x": [2]}))
    main()
    (output,) = (job / "processing" / "{{ script.name }}").glob("*.csv")
    assert output.read_text() == "id,x\n{{ "1,2\\n" * (sources | length) }}"
{% else -%}
def test_it_runs_as_a_processing_job(job: Path) -> None:
    folder = job / "processing" / "input" / "any"
    folder.mkdir(parents=True)
    (folder / "part.csv").write_text("id,x\n1,2\n")
    main()
    (output,) = (job / "processing" / "{{ script.name }}").glob("*.csv")
    assert output.read_text() == "id,x\n1,2\n"
{% endif %}