"""Improvements arrive in projects that people have edited, and nothing of theirs is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier.errors import DirtyLocalWarning

REPOSITORY = Path(__file__).resolve().parents[1]
Run = Callable[..., Any]
Files = Callable[[Path], set[str]]
OWN_STEP = '''"""My own way."""

import batcat_runtime as bc
import pandas as pd
from common import ROOT, read_folder, run_step, write_table


def transform(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns=str.lower)


def main() -> None:
    raw = read_folder(bc.processing_input_path("raw", local=ROOT / "data" / "raw"))
    path = bc.processing_output_path("preprocess", local=ROOT / "data" / "tmp" / "preprocess")
    write_table(transform(raw), path)


if __name__ == "__main__":
    run_step("preprocess", main)
'''


def git(run: Run, folder: Path, *arguments: str) -> str:
    """Run git as somebody."""
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return str(run(folder, "git", *identity, *arguments).stdout).strip()


def commit(run: Run, folder: Path, message: str) -> None:
    """Commit everything there is."""
    git(run, folder, "add", "--all")
    git(run, folder, "commit", "--quiet", "--allow-empty", f"--message={message}")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """A clone of this repository, as it is on disk: v1.0.0 now, v1.1.0 with an improved template.

    The improvement touches files of every kind: those of the template alone, those that are
    shared, and those that belong to the project's owner.
    """
    clone = tmp_path_factory.mktemp("source") / "batcat"
    git(run, REPOSITORY, "clone", "--quiet", "--no-tags", str(REPOSITORY), str(clone))
    for name in ("copier.yml", "template"):
        path = clone / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        original = REPOSITORY / name
        copy = shutil.copytree if original.is_dir() else shutil.copy
        copy(original, path)
    commit(run, clone, "old")
    git(run, clone, "tag", "v1.0.0")
    template = clone / "template"
    replace(template / "deploy" / "template.yaml.jinja", "Timeout: 30", "Timeout: 60")
    replace(template / "requirements.txt.jinja", "# Checks\n", "# Checks\nhypothesis>=6\n")
    replace(template / ".gitignore", "# Python\n", "# Python\n*.egg-info/\n")
    replace(template / "README.md.jinja", "## Run it", "## Run it in a new way")
    replace(template / "script" / "common.py", "What all steps share", "What steps share")
    for part in ("first", "last", "between", "train"):
        file = template / "_parts" / f"{part}.py"
        replace(file, "from __future__ import annotations\n", "# A better way\n")
    (template / "notebook" / "hello.py").write_text('"""New in v1.1.0."""\n', encoding="utf-8")
    commit(run, clone, "new")
    git(run, clone, "tag", "v1.1.0")
    return clone


def replace(file: Path, old: str, new: str) -> None:
    """Change a text that must be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def project(source: Path, tmp_path: Path, run: Run) -> Path:
    """A project that was generated from the older version and committed."""
    folder = tmp_path / "project"
    copier.run_copy(
        str(source),
        folder,
        data={"description": 'Says "{{ hello }}": # {% raw %} \\ é'},
        defaults=True,
        quiet=True,
        vcs_ref="v1.0.0",
        unsafe=False,
    )
    git(run, folder, "init", "--quiet")
    commit(run, folder, "Start")
    return folder


def update(project: Path, run: Run, version: str = "v1.1.0", **answers: Any) -> None:
    """Run ``copier update`` without trust, and expect no file that needs a decision."""
    copier.run_update(
        project,
        data=answers,
        defaults=True,
        overwrite=True,
        quiet=True,
        vcs_ref=version,
        unsafe=False,
    )
    assert git(run, project, "ls-files", "-u") == ""
    assert not list(project.rglob("*.rej"))


def remembered(project: Path) -> dict[str, Any]:
    """The answers file."""
    text = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def edit_as_its_owner_would(project: Path) -> None:
    """Rewrite a step, add and delete files, extend what the pipeline needs."""
    (project / "script" / "preprocess.py").write_text(OWN_STEP, encoding="utf-8")
    (project / "test" / "test_preprocess.py").unlink()
    (project / "docs" / "README.md").unlink()
    (project / "script" / "train.py").write_text('"""Mine."""\n', encoding="utf-8")
    (project / "script" / "helpers.py").write_text('"""Mine."""\n', encoding="utf-8")
    (project / "notebook" / "look.ipynb").write_text("{}\n", encoding="utf-8")
    (project / "README.md").write_text("# Mine\n", encoding="utf-8")
    for name in ("requirements.txt", "deploy/docker/requirements.txt"):
        with (project / name).open("a", encoding="utf-8") as file:
            file.write("polars>=1\n")
    replace(project / "deploy" / "config.json", '"dev": {}', '"dev": {"region": "eu-west-1"}')
    replace(project / ".gitignore", "# Secrets", "/private/\n# Secrets")


def test_an_edited_project_gets_the_improvements_and_keeps_its_edits(
    project: Path, run: Run
) -> None:
    edit_as_its_owner_would(project)
    commit(run, project, "My work")
    update(project, run)

    assert (project / "script" / "preprocess.py").read_text(encoding="utf-8") == OWN_STEP
    assert (project / "script" / "train.py").read_text(encoding="utf-8") == '"""Mine."""\n'
    assert (project / "script" / "helpers.py").exists()
    assert (project / "notebook" / "look.ipynb").exists()
    assert (project / "README.md").read_text(encoding="utf-8") == "# Mine\n"
    assert not (project / "test" / "test_preprocess.py").exists()
    assert not (project / "docs" / "README.md").exists()
    for name in ("requirements.txt", "deploy/docker/requirements.txt"):
        assert "polars>=1\n" in (project / name).read_text(encoding="utf-8")
    assert '"eu-west-1"' in (project / "deploy" / "config.json").read_text(encoding="utf-8")
    assert "/private/" in (project / ".gitignore").read_text(encoding="utf-8")

    assert "Timeout: 60" in (project / "deploy" / "template.yaml").read_text(encoding="utf-8")
    assert "hypothesis>=6\n" in (project / "requirements.txt").read_text(encoding="utf-8")
    assert "*.egg-info/" in (project / ".gitignore").read_text(encoding="utf-8")
    assert (project / "notebook" / "hello.py").exists()
    assert remembered(project)["_commit"] == "v1.1.0"


def test_what_was_deleted_stays_deleted_update_after_update(project: Path, run: Run) -> None:
    edit_as_its_owner_would(project)
    (project / "test" / "test_trigger.py").unlink()
    commit(run, project, "My work")
    update(project, run)
    commit(run, project, "Update")
    update(project, run, trigger="s3")
    for name in ("test/test_preprocess.py", "test/test_trigger.py", "docs/README.md"):
        assert not (project / name).exists()


def test_an_unedited_project_becomes_what_a_new_one_would_be_but_for_its_own_files(
    project: Path, source: Path, tmp_path: Path, run: Run, files: Files
) -> None:
    update(project, run)
    fresh = tmp_path / "fresh"
    data = {"description": remembered(project)["description"]}
    copier.run_copy(
        str(source), fresh, data=data, defaults=True, quiet=True, vcs_ref="v1.1.0", unsafe=False
    )
    assert files(project) == files(fresh)
    own = set(remembered(project)["owned"])
    for name in files(fresh) - own:
        assert (project / name).read_bytes() == (fresh / name).read_bytes(), name
    changed = git(run, project, "status", "--porcelain").splitlines()
    assert not own & {line[3:] for line in changed}


def test_an_updated_project_still_runs(project: Path, run: Run) -> None:
    update(project, run)
    run(project, "python", "script/train.py")
    run(project, "pytest", "-q", "-x", "test/test_deploy.py", "test/test_preprocess.py")
    run(project, "batcat", "run")
    assert list((project / "data" / "result").rglob("inference_*.csv"))


@pytest.mark.parametrize(
    "change",
    [
        (
            {"steps": "preprocess, add_features, inference"},
            {"script/add_features.py", "test/test_add_features.py"},
            set[str](),
        ),
        (
            {"example": False},
            set[str](),
            {"script/train.py", "test/test_train.py"},
        ),
        ({"licence": "none"}, set[str](), {"LICENSE"}),
        (
            {"purpose": "scoring"},
            {
                "deploy/setup_stepfunctions_scoring.py",
                "deploy/2026-health-screening-scoring-trigger/lambda_function.py",
            },
            {
                "deploy/setup_stepfunctions_inference.py",
                "deploy/2026-health-screening-inference-trigger/lambda_function.py",
            },
        ),
        ({"trigger": "schedule"}, set[str](), set[str]()),
    ],
    ids=["steps", "example", "licence", "purpose", "trigger"],
)
def test_another_answer_adds_and_removes_exactly_its_files_and_back(
    project: Path,
    run: Run,
    files: Files,
    change: tuple[dict[str, Any], set[str], set[str]],
) -> None:
    answers, added, removed = change
    before, answered = files(project), remembered(project)
    update(project, run, "v1.0.0", **answers)
    assert files(project) == (before | added) - removed
    assert {**remembered(project), **answers} == remembered(project)
    commit(run, project, "Other answer")

    update(project, run, "v1.0.0", **{name: answered[name] for name in answers})
    assert files(project) == before
    assert remembered(project)["owned"] == answered["owned"]


def test_the_commands_of_the_readme_update_a_project(project: Path, run: Run) -> None:
    steps = "preprocess, inference, report"
    command = ("copier", "update", "--defaults", "--quiet", "--vcs-ref=:current:")
    run(project, *command, "--data", f"steps={steps}")
    assert (project / "script" / "report.py").exists()
    assert remembered(project)["_commit"] == "v1.0.0"
    commit(run, project, "A step more")
    run(project, "copier", "update", "--defaults", "--quiet")
    assert remembered(project)["_commit"] == "v1.1.0"
    assert remembered(project)["steps"] == steps


def test_work_in_progress_in_the_template_can_be_tried(run: Run, tmp_path: Path) -> None:
    """The fixture's own promise: what is tested is the template on disk, not the last commit."""
    clone = tmp_path / "clone"
    git(run, REPOSITORY, "clone", "--quiet", "--no-tags", str(REPOSITORY), str(clone))
    (clone / "template" / "notebook" / "draft.py").write_text("", encoding="utf-8")
    with pytest.warns(DirtyLocalWarning):
        copier.run_copy(str(clone), tmp_path / "p", defaults=True, quiet=True, vcs_ref="HEAD")
    assert (tmp_path / "p" / "notebook" / "draft.py").exists()
