"""{{ script.name }}: raw measurements in, one clean row of features for each tumour out.

python script/{{ script.name }}.py
"""

from __future__ import annotations

{% if script.queried %}import os
{% endif %}from pathlib import Path

import batcat_runtime as bc
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
STEP = "{{ script.name }}"
MEASURES = ["radius", "texture", "perimeter", "area", "smoothness"]


def tidy_names(table: pd.DataFrame) -> pd.DataFrame:
    """Give columns names that are easy to type: ``mean radius`` becomes ``mean_radius``."""
    return table.rename(columns=lambda name: str(name).strip().lower().replace(" ", "_"))


def check_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Refuse a table without the columns that the features are made from."""
    needed = ["id", *(f"{kind}_{name}" for kind in ("mean", "worst") for name in MEASURES)]
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise bc.DataError(f"columns are missing: {', '.join(missing)}; check the raw data")
    return table


def clean(table: pd.DataFrame) -> pd.DataFrame:
    """Keep each tumour once, and only with complete, finite, non-negative measurements."""
    values = table.drop(columns="id").apply(pd.to_numeric, errors="coerce"){{ ".astype(float)" if script.queried }}
    sound: pd.Series[bool] = (np.isfinite(values) & (values >= 0)).all(axis="columns")
    kept = table[["id"]].join(values).loc[sound]
    return kept.drop_duplicates("id", keep="last").reset_index(drop=True)


def add_features(table: pd.DataFrame) -> pd.DataFrame:
    """Add how far the worst cells are from the mean ones, as the logarithm of a ratio."""
    spread = {
        f"{name}_spread": np.log1p(table[f"worst_{name}"]) - np.log1p(table[f"mean_{name}"])
        for name in MEASURES
    }
    return table.assign(**spread)


def transform(table: pd.DataFrame) -> pd.DataFrame:
    """Turn raw measurements into features, in training and in production alike.

    Args:
        table: ``id`` and the measurements, shape ``(n_rows, n_columns)``.

    Returns:
        ``id`` and the features, one row for each sound tumour.
    """
    return table.pipe(tidy_names).pipe(check_columns).pipe(clean).pipe(add_features)


{% if script.queried -%}
{% from "template/_parts/queries.txt" import reading -%}
{{ reading(script, sources, true) }}
{%- endif -%}
def main() -> None:
    """Read the raw data, transform it, write the features."""
    logger = bc.get_logger(STEP)
    raw = {{ 'read().drop(columns="measured_on")' if script.queried else 'bc.read_folder(bc.step_input_path(STEP, ROOT))' }}
    features = transform(raw)
    if features.empty:
        raise bc.DataError(f"none of the {len(raw)} rows is sound; check the raw data")
    file = bc.write_table(features, bc.step_output_path(STEP, ROOT))
    logger.info("%d of %d rows kept: %s", len(features), len(raw), file)


if __name__ == "__main__":
    bc.run_step(STEP, main)
