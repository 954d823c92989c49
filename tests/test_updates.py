"""Improvements arrive in projects that people have edited, and nothing of theirs is lost."""

from __future__ import annotations

import json
import re
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
Git = Callable[..., str]
Commit = Callable[[Path, str], None]
Update = Callable[..., None]
Files = Callable[[Path], set[str]]
ROLE = {"workflow_execution_role": "arn:aws-cn:iam::111122223333:role/workflow"}
OTHER_ANSWERS = {
    "project": "2027-retail-churn",
    "description": "Who leaves",
    "author": "Ada Lovelace",
    "purpose": "scoring",
    "steps": "clean, score",
    "data_sources": "athena, redshift",
    "partition": "aws-cn",
    "region": "cn-northwest-1",
    "result_bucket": "churn-results",
    **ROLE,
    "trigger": "schedule",
    "schedule_expression": "rate(1 day)",
    "python_version": "3.11",
    "ci": "gitlab",
    "package_index_url": "https://packages.example.org/simple",
    "licence": "Apache-2.0",
    "runtime_version": "0.3.0",
}
OWN_STEP = '''"""My own way."""

from pathlib import Path

import batcat_runtime as bc
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent


def transform(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns=str.lower)


def main() -> None:
    raw = bc.read_folder(bc.step_input_path("preprocess", ROOT))
    bc.write_table(transform(raw), bc.step_output_path("preprocess", ROOT))


if __name__ == "__main__":
    bc.run_step("preprocess", main)
'''


@pytest.fixture(scope="module")
def source(
    tmp_path_factory: pytest.TempPathFactory, release: Path, commit: Commit, git: Git
) -> Path:
    """The template as it is on disk is v1.0.0; v1.1.0 has an improved one.

    The improvement touches files of every kind: those of the template alone, those that are
    shared, and those that belong to the project's owner.
    """
    clone = Path(shutil.copytree(release, tmp_path_factory.mktemp("source") / "batcat"))
    template = clone / "template"
    replace(template / "deploy" / "template.yaml.jinja", "Timeout: 30", "Timeout: 60")
    replace(template / "requirements.txt.jinja", "ruff>=0.9\n", "ruff>=0.10\nxdoctest>=1\n")
    image = template / "deploy" / "docker" / "{% if example %}requirements.txt{% endif %}"
    replace(image, "scikit-learn>=1.5\n", "scikit-learn>=1.6\n")
    replace(template / ".gitignore", "# Python\n", "# Python\n*.egg-info/\n")
    replace(template / "README.md.jinja", "## Run it", "## Run it in a new way")
    replace(template / "test" / "conftest.py", "that all tests share", "that tests share")
    for part in ("first", "last", "between", "train"):
        file = template / "_parts" / f"{part}.py"
        replace(file, "from __future__ import annotations\n", "# A better way\n")
    (template / "notebook" / "hello.py").write_text('"""New in v1.1.0."""\n', encoding="utf-8")
    commit(clone, "new")
    git(clone, "tag", "v1.1.0")
    return clone


def replace(file: Path, old: str, new: str) -> None:
    """Change a text that must be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def project(source: Path, tmp_path: Path, git: Git, commit: Commit) -> Path:
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
    git(folder, "init", "--quiet")
    commit(folder, "Start")
    return folder


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
    project: Path, commit: Commit, update: Update
) -> None:
    edit_as_its_owner_would(project)
    commit(project, "My work")
    update(project)

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
    laptop = (project / "requirements.txt").read_text(encoding="utf-8")
    assert laptop.endswith("ruff>=0.10\nxdoctest>=1\n\n# Yours below\npolars>=1\n")
    image = (project / "deploy" / "docker" / "requirements.txt").read_text(encoding="utf-8")
    assert image.endswith("scikit-learn>=1.6\n\n# Yours below\npolars>=1\n")
    assert "*.egg-info/" in (project / ".gitignore").read_text(encoding="utf-8")
    assert (project / "notebook" / "hello.py").exists()
    assert remembered(project)["_commit"] == "v1.1.0"


def test_what_was_deleted_stays_deleted_update_after_update(
    project: Path, commit: Commit, update: Update
) -> None:
    edit_as_its_owner_would(project)
    (project / "test" / "test_trigger.py").unlink()
    commit(project, "My work")
    update(project)
    commit(project, "Update")
    update(project, trigger="s3")
    for name in ("test/test_preprocess.py", "test/test_trigger.py", "docs/README.md"):
        assert not (project / name).exists()


def test_an_unedited_project_becomes_what_a_new_one_would_be_but_for_its_own_files(
    project: Path, source: Path, git: Git, update: Update, files: Files
) -> None:
    update(project)
    fresh = project.with_name("fresh")
    data = {"description": remembered(project)["description"]}
    copier.run_copy(
        str(source), fresh, data=data, defaults=True, quiet=True, vcs_ref="v1.1.0", unsafe=False
    )
    assert files(project) == files(fresh)
    own = set(remembered(project)["owned"])
    for name in files(fresh) - own:
        assert (project / name).read_bytes() == (fresh / name).read_bytes(), name
    changed = git(project, "status", "--porcelain").splitlines()
    assert not own & {line[3:] for line in changed}


@pytest.mark.long
def test_an_updated_project_still_runs(project: Path, run: Run, update: Update) -> None:
    update(project)
    run(project, "python", "script/train.py")
    run(project, "pytest", "-q", "-x", "test/test_deploy.py", "test/test_preprocess.py")
    run(project, "batcat", "run")
    assert list((project / "data" / "result").rglob("inference_*.csv"))


def test_the_commands_of_the_readme_update_a_project(
    project: Path, run: Run, commit: Commit
) -> None:
    readme = (project / "README.md").read_text(encoding="utf-8")
    add_a_step, to_the_newest = re.findall(r"`(copier update[^`]*)`", readme)
    run(project, "bash", "-c", add_a_step)
    assert (project / "script" / "report.py").exists()
    assert remembered(project)["_commit"] == "v1.0.0"
    commit(project, "A step more")
    run(project, "bash", "-c", to_the_newest)
    assert remembered(project)["_commit"] == "v1.1.0"
    assert remembered(project)["steps"] == "preprocess, inference, report"


def test_the_commands_of_the_page_on_updates_do_what_it_says(
    project: Path, run: Run, commit: Commit
) -> None:
    page = (REPOSITORY / "docs" / "updates.md").read_text(encoding="utf-8")
    to_the_newest, other_answers, look = page.split("```")[1].strip().splitlines()
    run(project, "bash", "-c", to_the_newest)
    assert remembered(project)["_commit"] == "v1.1.0"
    commit(project, "Update")
    run(project, "bash", "-c", other_answers)
    assert remembered(project)["trigger"] == "schedule"
    assert run(project, "bash", "-c", look).stdout == ""


def test_what_the_owner_sets_and_what_answers_write_do_not_meet(
    project: Path, commit: Commit, update: Update
) -> None:
    config = project / "deploy" / "config.json"
    mine = {
        "instance_type": "ml.m5.4xlarge",
        "instance_count": 3,
        "volume_size_gb": 100,
        "max_runtime_seconds": 86400,
    }
    for key, value in mine.items():
        usual = json.dumps(json.loads(config.read_text(encoding="utf-8"))[key])
        replace(config, f'"{key}": {usual}', f'"{key}": {json.dumps(value)}')
    environments = {"dev": {"account": "111122223333"}, "prod": {"instance_count": 9}}
    replace(config, '{\n    "dev": {},\n    "prod": {}\n  }', json.dumps(environments))
    commit(project, "My machines")
    update(project, **OTHER_ANSWERS)  # expects no conflict

    same_name = ("project", "purpose", "partition", "region", "python_version", *ROLE)
    assert json.loads(config.read_text(encoding="utf-8")) == {
        "$schema": "config.schema.json",
        **{name: OTHER_ANSWERS[name] for name in same_name},
        "owner": OTHER_ANSWERS["author"],
        "steps": ["clean", "score"],
        "result_s3_bucket": OTHER_ANSWERS["result_bucket"],
        "data_sources": ["athena", "redshift"],
        "athena_database": "analytics",
        "athena_workgroup": "primary",
        "redshift_warehouse": "warehouse",
        "redshift_database": "dev",
        "redshift_secret": "analytics/redshift",
        **mine,
        "environments": environments,
    }
    unchanged = {name for name in remembered(project) if name not in OTHER_ANSWERS}
    assert unchanged == {"_commit", "_src_path", "example", "owned"}


def test_work_in_progress_in_the_template_can_be_tried(git: Git, tmp_path: Path) -> None:
    """In a clone of this repository, before anything is committed."""
    clone = tmp_path / "clone"
    git(REPOSITORY, "clone", "--quiet", "--no-tags", str(REPOSITORY), str(clone))
    (clone / "template" / "notebook" / "draft.py").write_text("", encoding="utf-8")
    with pytest.warns(DirtyLocalWarning):
        copier.run_copy(str(clone), tmp_path / "p", defaults=True, quiet=True, vcs_ref="HEAD")
    assert (tmp_path / "p" / "notebook" / "draft.py").exists()
