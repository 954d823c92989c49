"""Fixtures that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a Processing job finds at /opt/ml, empty."""
    monkeypatch.setenv("BATCAT_ML_ROOT", str(tmp_path))
    return tmp_path
