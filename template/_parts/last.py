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

ROOT = Path(__file__).resolve().parent.parent
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
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise bc.DataError(
            f"features are missing: {', '.join(missing[:3])}{more}; train the model again"
        )
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
    config = bc.get_config(ROOT / "script" / "config.json")
    model = load_model(ROOT / config["model"])
    table = bc.read_folder(bc.step_input_path(STEP, ROOT))
    result = table.pipe(predict, model, config["threshold"])
    file = bc.write_table(result, bc.step_output_path(STEP, ROOT))
    malignant = int((result["prediction"] == "malignant").sum())
    logger.info("%d rows, %d of them malignant: %s", len(result), malignant, file)


if __name__ == "__main__":
    bc.run_step(STEP, main)
