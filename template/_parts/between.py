"""{{ script.name }}: say here what comes in and what goes out.

python script/{{ script.name }}.py
"""

from __future__ import annotations

import batcat_runtime as bc
import pandas as pd

from common import ROOT, read_folder, run_step, write_table

STEP = "{{ script.name }}"


def drop_empty_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Drop rows without a single value."""
    return table.dropna(how="all").reset_index(drop=True)


def transform(table: pd.DataFrame) -> pd.DataFrame:
    """Put this step together: one pure function after another."""
    return table.pipe(drop_empty_rows)


def main() -> None:
    """Read the input, transform it, write the output."""
    logger = bc.get_logger(STEP)
{%- if script.previous %}
    previous = ROOT / "data" / "tmp" / "{{ script.previous }}"
    folder = bc.processing_input_path("{{ script.previous }}", local=previous)
    table = transform(read_folder(folder, newest=not bc.in_processing_job()))
{%- else %}
    folder = bc.processing_input_path("raw", local=ROOT / "data" / "raw")
    table = transform(read_folder(folder))
{%- endif %}
{%- if script.last %}
    path = bc.processing_output_path(STEP, local=ROOT / "data" / "result")
{%- else %}
    path = bc.processing_output_path(STEP, local=ROOT / "data" / "tmp" / STEP)
{%- endif %}
    file = write_table(table, path)
    logger.info("%d rows, %d columns: %s", len(table), table.shape[1], file)


if __name__ == "__main__":
    run_step(STEP, main)
