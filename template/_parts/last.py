"""{{ script.name }}: features in, a probability and a prediction for each tumour out.

python script/{{ script.name }}.py
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import batcat_runtime as bc
import joblib
import numpy as np
import pandas as pd
from sklearn.exceptions import InconsistentVersionWarning

from common import ROOT, read_folder, run_step, write_table

STEP = "{{ script.name }}"


def load_model(file: Path) -> Any:
    """Load the model that script/train.py saved.

    Raises:
        MissingError: it has not been trained yet.
        DataError: another version of scikit-learn trained it, so its predictions may differ.
    """
    if not file.exists():
        raise bc.MissingError(f"model {file} does not exist; run: python script/train.py")
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return joblib.load(file)
        except InconsistentVersionWarning as error:
            raise bc.DataError(
                f"model {file} was trained with scikit-learn {error.original_sklearn_version} and "
                f"this is {error.current_sklearn_version}; run: python script/train.py"
            ) from error


def select_features(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Take the columns the model was trained on, in its order."""
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise bc.DataError(f"features are missing: {', '.join(missing)}; train the model again")
    return table[names]


def predict(table: pd.DataFrame, model: Any, threshold: float) -> pd.DataFrame:
    """Predict how likely each tumour is malignant.

    Args:
        table: ``id`` and the features, shape ``(n_rows, n_columns)``.
        model: a classifier whose second class is the malignant one.
        threshold: probability from which a tumour counts as malignant, 0 to 1.

    Returns:
        ``id``, ``probability`` and ``prediction``, shape ``(n_rows, 3)``.
    """
    features = table.pipe(select_features, list(model.feature_names_in_))
    probability = model.predict_proba(features)[:, 1]
    return pd.DataFrame(
        {
            "id": table["id"],
            "probability": probability.round(6),
            "prediction": np.where(probability >= threshold, "malignant", "benign"),
        }
    )


def main() -> None:
    """Read the features, predict, write the predictions."""
    logger = bc.get_logger(STEP)
    config = bc.get_config(str(ROOT / "script" / "config.json"))
    model = load_model(ROOT / config["model"])
    previous = ROOT / "data" / "tmp" / "{{ script.previous }}"
    folder = bc.processing_input_path("{{ script.previous }}", local=previous)
    table = read_folder(folder, newest=not bc.in_processing_job())
    result = table.pipe(predict, model, config["threshold"])
    path = bc.processing_output_path(STEP, local=ROOT / "data" / "result")
    file = write_table(result, path)
    malignant = int((result["prediction"] == "malignant").sum())
    logger.info("%d rows, %d of them malignant: %s", len(result), malignant, file)


if __name__ == "__main__":
    run_step(STEP, main)
