"""A generated project is lived in: its own checks and tests pass, and its steps run alone.

Its pipeline runs, too: in ``test_permissions``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]
CheckResult = Callable[..., None]
ReadCsv = Callable[..., list[dict[str, str]]]


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where mypy keeps what it learnt about libraries, for all projects of this module."""
    return tmp_path_factory.getbasetemp() / "mypy"


def test_it_is_formatted_and_lints_and_types_hold(project: Path, run: Run, caches: Path) -> None:
    run(project, "ruff", "format", "--check", "--diff", ".")
    run(project, "ruff", "check", ".")
    run(project, "mypy", "--cache-dir", str(caches))


def test_its_own_tests_pass(project: Path, run: Run) -> None:
    assert " passed" in run(project, "pytest", "-q", "-p", "no:cacheprovider").stdout


@pytest.mark.parametrize(("module", "package"), [("yaml", "PyYAML"), ("nowhere", "nowhere")])
def test_a_package_that_the_image_lacks_is_named(
    render: Callable[..., Path], tmp_path: Path, run: Run, module: str, package: str
) -> None:
    project = render(tmp_path / "p", steps="score", example=False)
    helper, step = project / "script" / "helper.py", project / "script" / "score.py"
    helper.write_text(f"import json\nimport {module}.more\n", encoding="utf-8")
    step.write_text(f"{step.read_text(encoding='utf-8')}\nimport helper\n", encoding="utf-8")
    (project / "script" / "train.py").write_text("import torch\n", encoding="utf-8")
    command = ("pytest", "-q", "-p", "no:cacheprovider", "test/test_deploy.py")
    told = run(project, *command, code=1).stdout
    assert f"script/helper.py imports {module}; add to deploy/docker/requirements.txt" in told
    assert f"requirements.txt the line: {package}\n" in told
    with (project / "deploy" / "docker" / "requirements.txt").open("a") as file:
        file.write(f"{package}>=1\n")
    run(project, *command)


def test_each_step_runs_alone(prepared: Path, run: Run, check_result: CheckResult) -> None:
    config = json.loads((prepared / "deploy" / "config.json").read_text())
    for step in config["steps"]:
        run(prepared, "python", f"script/{step}.py")
    (result,) = (prepared / "data" / "result").glob("*.csv")
    check_result(prepared, result)
    result.unlink()


def test_what_training_measured_is_worth_having(prepared: Path, read_csv: ReadCsv) -> None:
    if not (prepared / "script" / "train.py").exists():
        assert not list((prepared / "model").glob("[!.]*"))  # nothing to train, nothing left over
        return
    metrics = json.loads((prepared / "model" / "metrics.json").read_text())
    assert metrics["accuracy"] > 0.95
    assert metrics["roc_auc"] > 0.98
    assert metrics["log_loss"] < 0.15
    labelled = read_csv(prepared / "data" / "train" / "train.csv")
    unseen = read_csv(prepared / "data" / "test" / "test.csv")
    assert len(labelled) + len(unseen) == 569
    assert not {row["id"] for row in labelled} & {row["id"] for row in unseen}
    assert "malignant" not in read_csv(prepared / "data" / "raw" / "measurements.csv")[0]


def test_everything_generated_can_be_committed_and_no_data_is(project: Path, run: Run) -> None:
    run(project, "git", "init", "--quiet")
    run(project, "git", "add", "--all")
    tracked = run(project, "git", "ls-files").stdout.splitlines()
    assert "data/raw/.gitkeep" in tracked
    assert "deploy/docker/wheels/.gitkeep" in tracked
    assert not [name for name in tracked if name.startswith("data/") and name.endswith(".csv")]
