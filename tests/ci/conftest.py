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
def trained(render: Callable[..., Path], run: Callable[..., Any]) -> Callable[..., Path]:
    """Make a project with a model, which is trained once for all of them."""
    first: list[Path] = []

    def make(folder: Path, **answers: Any) -> Path:
        root = render(folder / "screening", **answers)
        if first:
            for part in ("model", "data"):
                shutil.copytree(first[0] / part, root / part, dirs_exist_ok=True)
        else:
            run(root, "python", "script/train.py")
            first.append(root)
        return root

    return make


@pytest.fixture(scope="module")
def in_dev(runner: Any) -> str:
    """What the job of dev prints; it succeeds. Each module has its own runner of jobs."""
    runner.accounts.push("dev")
    code, said = runner.run("dev")
    assert code == 0, said
    return str(said)
