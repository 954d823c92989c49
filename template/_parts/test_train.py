"""Training: a model that is measured on rows it has not seen."""

from __future__ import annotations

from train import fit, load_measurements, measure, transform_both


def test_the_measurements_are_the_published_ones() -> None:
    measurements, malignant = load_measurements()
    assert measurements.shape == (569, 31)
    assert int(malignant.sum()) == 212


def test_the_model_tells_malignant_from_benign() -> None:
    features, malignant = transform_both(*load_measurements())
    half = len(features) // 2
    model = fit(features[:half], malignant[:half])
    metrics = measure(model, features[half:], malignant[half:])
    assert metrics["accuracy"] > 0.9
    assert metrics["roc_auc"] > 0.95
    assert metrics["n"] == len(features) - half
