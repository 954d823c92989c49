"""{{ script.name }}: every row gets a probability and a prediction."""

from __future__ import annotations

from pathlib import Path

import batcat_runtime as bc
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from {{ script.name }} import load_model, predict


@pytest.fixture
def model() -> LogisticRegression:
    """A model that finds large areas malignant."""
    return LogisticRegression().fit(pd.DataFrame({"area": [1.0, 2.0, 8.0, 9.0]}), [0, 0, 1, 1])


def test_each_row_is_predicted(model: LogisticRegression) -> None:
    table = pd.DataFrame({"id": [7, 8], "area": [1.0, 9.0]})
    result = predict(table, model, threshold=0.5)
    assert list(result.columns) == ["id", "probability", "prediction"]
    assert result["id"].tolist() == [7, 8]
    assert result["prediction"].tolist() == ["benign", "malignant"]
    assert result["probability"].between(0, 1).all()


def test_the_threshold_decides(model: LogisticRegression) -> None:
    table = pd.DataFrame({"id": [7], "area": [9.0]})
    assert predict(table, model, threshold=1.0)["prediction"].tolist() == ["benign"]


def test_a_missing_feature_is_named(model: LogisticRegression) -> None:
    with pytest.raises(bc.DataError, match="area"):
        predict(pd.DataFrame({"id": [7]}), model, threshold=0.5)


def test_of_many_missing_features_a_few_are_named(model: LogisticRegression) -> None:
    model.fit(pd.DataFrame(dict.fromkeys("abcde", [1.0, 2.0])), [0, 1])
    with pytest.raises(bc.DataError, match=r"missing: a, b, c and 2 more; train"):
        predict(pd.DataFrame({"id": [7]}), model, threshold=0.5)


def test_without_a_model_it_says_how_to_train_one(tmp_path: Path) -> None:
    with pytest.raises(bc.MissingError, match=r"python script/train\.py"):
        load_model(tmp_path / "absent.joblib")
