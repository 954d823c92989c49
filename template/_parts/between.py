"""{{ script.name }}: say here what comes in and what goes out.

python script/{{ script.name }}.py
"""

from __future__ import annotations

{% if script.queried %}import os
{% endif %}from pathlib import Path

import batcat_runtime as bc
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
STEP = "{{ script.name }}"


def drop_empty_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Drop rows without a single value."""
    return table.dropna(how="all").reset_index(drop=True)


def transform(table: pd.DataFrame) -> pd.DataFrame:
    """Put this step together: one pure function after another."""
    return table.pipe(drop_empty_rows)


{% if script.queried -%}
{% from "template/_parts/queries.txt" import reading -%}
{{ reading(script, sources, false) }}
{%- endif -%}
def main() -> None:
    """Read the input, transform it, write the output."""
    logger = bc.get_logger(STEP)
    table = {{ 'read()' if script.queried else 'bc.read_folder(bc.step_input_path(STEP, ROOT))' }}
    result = transform(table)
    file = bc.write_table(result, bc.step_output_path(STEP, ROOT))
    logger.info("%d of %d rows kept: %s", len(result), len(table), file)


if __name__ == "__main__":
    bc.run_step(STEP, main)
