"""{{ script.name }}: what comes in is checked, and what goes out is clean."""

from __future__ import annotations

{% if script.queried %}from collections.abc import Callable, Iterator
{% endif %}from pathlib import Path

import batcat_runtime as bc
import numpy as np
import pandas as pd
import pytest
{%- if script.queried %}
from batcat_runtime.deploy import load_project
from batcat_runtime.deploy.seed import fill
from batcat_runtime.emulator import LocalAws
{%- endif %}

from {{ script.name }} import MEASURES, {{ "ROOT, " if script.queried }}main, {{ "tidy_names, " if script.queried }}transform


@pytest.fixture
def raw() -> pd.DataFrame:
    """Three tumours, measured."""
    columns = {f"{kind} {name}": [1.0, 2.0, 3.0] for kind in ("mean", "worst") for name in MEASURES}
    return pd.DataFrame({"id": [1, 2, 3], **columns})


def test_features_say_how_far_the_worst_cells_are_from_the_mean(raw: pd.DataFrame) -> None:
    raw["worst area"] = [1.0, 5.0, 3.0]
    assert transform(raw)["area_spread"].round(3).tolist() == [0.0, 0.693, 0.0]


def test_incomplete_rows_are_dropped(raw: pd.DataFrame) -> None:
    raw["mean area"] = [np.nan, -1.0, 3.0]
    assert transform(raw)["id"].tolist() == [3]


def test_a_tumour_that_comes_twice_is_kept_once(raw: pd.DataFrame) -> None:
    raw["id"] = [1, 1, 2]
    assert transform(raw)["id"].tolist() == [1, 2]


def test_a_missing_column_is_named(raw: pd.DataFrame) -> None:
    with pytest.raises(bc.DataError, match="worst_area"):
        transform(raw.drop(columns="worst area"))


def test_the_input_is_left_as_it_was(raw: pd.DataFrame) -> None:
    before = raw.copy()
    transform(raw)
    pd.testing.assert_frame_equal(raw, before)


{% if script.queried -%}
def test_what_is_missing_in_a_database_is_dropped(raw: pd.DataFrame) -> None:
    raw["mean area"] = pd.array([1.0, None, 3.0], dtype="Float64")
    assert transform(raw)["id"].tolist() == [1, 3]


{% from "template/_parts/queries.txt" import tables -%}
{{ tables(script, sources) }}
def test_it_runs_as_a_processing_job(
    job: Path, tables: Callable[[pd.DataFrame], None], raw: pd.DataFrame
) -> None:
    config = bc.get_config(ROOT / "script" / "config.json")
    days = ["2000-01-01", config["first_day"], config["last_day"]]
    tables(raw.pipe(tidy_names).assign(measured_on=days))
    main()
    (output,) = (job / "processing" / "{{ script.name }}").glob("*.csv")
    assert pd.read_csv(output)["id"].tolist() == {{ "[1, 2, 3]" if "s3" in sources else "[2, 3]" }}
{% else -%}
def test_it_runs_as_a_processing_job(job: Path, raw: pd.DataFrame) -> None:
    folder = job / "processing" / "input" / "raw"
    folder.mkdir(parents=True)
    raw.to_csv(folder / "measurements.csv", index=False)
    main()
    (output,) = (job / "processing" / "{{ script.name }}").glob("*.csv")
    assert pd.read_csv(output)["id"].tolist() == [1, 2, 3]
{% endif %}