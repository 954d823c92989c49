"""Train the model in development; training is not part of the production pipeline.

python script/train.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import batcat_runtime as bc
import joblib
import pandas as pd
import sklearn
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from {{ step_names[0] }} import {{ "tidy_names, " if queried }}transform

ROOT = Path(__file__).resolve().parent.parent
SEED = 20260101
{%- if queried %}
MEASURED_ON = "2026-01-31"
{%- endif %}


def load_measurements() -> tuple[pd.DataFrame, pd.Series[int]]:
    """Load the breast-cancer measurements that come with scikit-learn.

    Returns:
        ``id`` and 30 measurements, shape ``(569, 31)``, and for each row 1 when malignant.
    """
    data = load_breast_cancer(as_frame=True)
    measurements = data.data.copy()
    measurements.insert(0, "id", range(1, len(measurements) + 1))
    return measurements, (data.target == 0).astype(int).rename("malignant")


def fit(features: pd.DataFrame, malignant: pd.Series[int]) -> Pipeline:
    """Fit a classifier on everything but the id."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    return model.fit(features.drop(columns="id"), malignant)


def measure(model: Pipeline, features: pd.DataFrame, malignant: pd.Series[int]) -> dict[str, Any]:
    """Measure the model on rows it has not seen."""
    probability = model.predict_proba(features.drop(columns="id"))[:, 1]
    return {
        "accuracy": round(float(accuracy_score(malignant, probability >= 0.5)), 4),
        "roc_auc": round(float(roc_auc_score(malignant, probability)), 4),
        "log_loss": round(float(log_loss(malignant, probability)), 4),
        "n": len(malignant),
        "scikit_learn": sklearn.__version__,
    }


def transform_both(
    measurements: pd.DataFrame, malignant: pd.Series[int]
) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Apply the pipeline's first step, and keep the labels of the rows that it keeps."""
    features = transform(measurements)
    labels = pd.Series(malignant.to_numpy(), index=measurements["id"])
    return features, labels.loc[features["id"]].reset_index(drop=True)


def main() -> None:
    """Split the data, fit and measure the model, save all of it."""
    logger = bc.get_logger("train")
    measurements, malignant = load_measurements()
    train_x, test_x, train_y, test_y = train_test_split(
        measurements, malignant, test_size=0.25, random_state=SEED, stratify=malignant
    )
    train_x.assign(malignant=train_y).to_csv(ROOT / "data" / "train" / "train.csv", index=False)
    test_x.assign(malignant=test_y).to_csv(ROOT / "data" / "test" / "test.csv", index=False)
    # What production would receive: measurements whose label nobody knows yet.
    {%- if queried %}
    sample = test_x.pipe(tidy_names).assign(measured_on=MEASURED_ON)
    sample.to_csv(ROOT / "data" / "raw" / "measurements.csv", index=False)
    {%- else %}
    test_x.to_csv(ROOT / "data" / "raw" / "measurements.csv", index=False)
    {%- endif %}

    model = fit(*transform_both(train_x, train_y))
    metrics = measure(model, *transform_both(test_x, test_y))
    config = bc.get_config(ROOT / "script" / "config.json")
    joblib.dump(model, ROOT / config["model"])
    (ROOT / "model" / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    logger.info("%s saved; on %d unseen rows: %s", config["model"], metrics["n"], metrics)


if __name__ == "__main__":
    main()
