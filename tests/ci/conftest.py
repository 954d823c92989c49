"""What the tests of the pipelines share: a project with each, and one whose model is trained."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from .pipelines import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def projects(
    render: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A project with each pipeline; no test changes them."""
    folder = tmp_path_factory.mktemp("ci")
    return {kind: render(folder / kind, ci=kind) for kind in KINDS}


@pytest.fixture(scope="session")
def trained(
    projects: dict[str, Path],
    render: Callable[..., Path],
    run: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Path]:
    """Make a project with a model, which is trained once for all of them."""
    first = tmp_path_factory.mktemp("trained") / "screening"
    shutil.copytree(projects["github"], first)
    run(first, "python", "script/train.py")

    def make(folder: Path, **answers: Any) -> Path:
        root = render(folder / "screening", **answers)
        for part in ("model", "data"):
            shutil.copytree(first / part, root / part, dirs_exist_ok=True)
        return root

    return make
