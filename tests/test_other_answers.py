"""Another answer changes a project exactly where it must, and the project goes on living."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

Run = Callable[..., Any]
Git = Callable[..., str]
Commit = Callable[[Path, str], None]
Update = Callable[..., None]
Files = Callable[[Path], set[str]]
MEMORY = ".copier-answers.yml"
LONG = pytest.mark.long
EXAMPLE = {"id", "probability", "prediction"}


@pytest.fixture
def generate(release: Path, tmp_path: Path, git: Git, commit: Commit) -> Callable[..., Path]:
    """Generate a project and commit it."""

    def call(**answers: Any) -> Path:
        folder = tmp_path / "project"
        copier.run_copy(str(release), folder, data=answers, defaults=True, quiet=True, unsafe=False)
        git(folder, "init", "--quiet")
        commit(folder, "Start")
        return folder

    return call


@pytest.fixture
def live(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Live in a project: lint, types, tests, and the whole pipeline; gives its one result."""

    def call(project: Path) -> Path:
        run(project, "ruff", "format", "--check", "--diff", ".")
        run(project, "ruff", "check", ".")
        run(project, "mypy", "--cache-dir", str(tmp_path_factory.getbasetemp() / "mypy"))
        run(project, "pytest", "-q", "-p", "no:cacheprovider")
        if (project / "script" / "train.py").exists():
            run(project, "python", "script/train.py")
        else:
            (project / "data" / "raw" / "a.csv").write_text("id,x\n1,1.5\n,\n", encoding="utf-8")
        outcome = json.loads(run(project, "batcat", "run", "--json").stdout)
        assert outcome["status"] == "SUCCEEDED"
        (result,) = (project / "data" / "result").rglob("*.csv")
        return result

    return call


def of_steps(*names: str) -> set[str]:
    """The files of steps."""
    return {f"script/{name}.py" for name in names} | {f"test/test_{name}.py" for name in names}


def of_purpose(purpose: str) -> set[str]:
    """The files that are named after the purpose."""
    return {
        f"deploy/setup_stepfunctions_{purpose}.py",
        f"deploy/2026-health-screening-{purpose}-trigger/lambda_function.py",
    }


def remembered(project: Path) -> dict[str, Any]:
    """The answers file."""
    return dict(yaml.safe_load((project / MEMORY).read_text(encoding="utf-8")))


def contents(project: Path, names: set[str]) -> dict[str, bytes]:
    """What files hold."""
    return {name: (project / name).read_bytes() for name in names}


ROLE = "arn:aws:iam::111122223333:role/workflow"
TEMPLATE, CONFIG = "deploy/template.yaml", "deploy/config.json"
SCHEMA = "deploy/config.schema.json"
WORKFLOW = "deploy/workflow.asl.json"
IMAGE = "deploy/docker/Dockerfile"


@pytest.mark.parametrize(
    "change",
    [
        (
            {
                "steps": "preprocess, add_features, inference",
                "licence": "none",
                "package_index_url": "https://mirror.example/simple",
                "trigger": "schedule",
                "description": "Another",
                "author": "Another",
            },
            of_steps("add_features"),
            {"LICENSE"},
            {CONFIG, SCHEMA, WORKFLOW, "requirements.txt", TEMPLATE, "pyproject.toml"},
        ),
        (
            {"purpose": "scoring"},
            of_purpose("scoring"),
            of_purpose("inference"),
            {CONFIG, TEMPLATE, "pyproject.toml"},
        ),
        pytest.param(({"licence": "none"}, set[str](), {"LICENSE"}, set[str]()), marks=LONG),
        pytest.param(
            ({"trigger": "schedule"}, set[str](), set[str](), {TEMPLATE, SCHEMA}), marks=LONG
        ),
        pytest.param(
            (
                {"package_index_url": "https://mirror.example/simple"},
                set[str](),
                set[str](),
                {"requirements.txt"},
            ),
            marks=LONG,
        ),
        pytest.param(
            (
                {"description": "Another", "author": "Another"},
                set[str](),
                set[str](),
                {TEMPLATE, CONFIG, "pyproject.toml"},
            ),
            marks=LONG,
        ),
        ({"workflow_execution_role": ROLE}, set[str](), set[str](), {TEMPLATE, CONFIG}),
        (
            {"python_version": "3.13"},
            set[str](),
            set[str](),
            {TEMPLATE, CONFIG, IMAGE, "pyproject.toml"},
        ),
        (
            {"ci": "github"},
            {".github/workflows/pipeline.yml", "deploy/ci.yaml"},
            set[str](),
            set[str](),
        ),
        ({"result_bucket": "acme-results"}, set[str](), set[str](), {TEMPLATE, CONFIG}),
        (
            {"data_sources": "s3, athena"},
            {"script/athena.sql"},
            set[str](),
            {TEMPLATE, CONFIG, SCHEMA, WORKFLOW, "requirements.txt"},
        ),
        (
            {"data_sources": "redshift"},
            {"script/redshift.sql"},
            set[str](),
            {TEMPLATE, CONFIG, SCHEMA, WORKFLOW, "requirements.txt"},
        ),
    ],
    ids=lambda change: "-".join(change[0]),
)
def test_another_answer_touches_exactly_its_files_and_can_be_taken_back(
    generate: Callable[..., Path],
    commit: Commit,
    update: Update,
    files: Files,
    change: tuple[dict[str, Any], set[str], set[str], set[str]],
) -> None:
    answers, added, removed, changed = change
    project = generate()
    names, answered = files(project), remembered(project)
    before = contents(project, names)

    update(project, "v1.0.0", **answers)
    assert files(project) == (names | added) - removed
    after = contents(project, names - removed)
    assert {name for name in after if after[name] != before[name]} == changed | {MEMORY}
    assert {**remembered(project), **answers} == remembered(project)
    commit(project, "Other answer")

    update(project, "v1.0.0", **{name: answered[name] for name in answers})
    assert files(project) == names
    assert remembered(project) == answered
    own = set(answered["owned"])
    assert contents(project, names - own - {MEMORY}) == {
        name: text for name, text in before.items() if name not in own | {MEMORY}
    }


@pytest.mark.parametrize(
    ("begin", "change"),
    [
        pytest.param(
            {}, ("preprocess, inference, report", "report", EXAMPLE, 143), id="last", marks=LONG
        ),
        pytest.param(
            {},
            ("preprocess, add_features, inference", "inference", EXAMPLE, 143),
            id="middle",
            marks=LONG,
        ),
        pytest.param(
            {},
            ("preprocess", "preprocess", {"id", "mean_area", "area_spread"}, 143),
            id="only one left",
            marks=LONG,
        ),
        pytest.param(
            {"example": False, "steps": "load, clean, score"},
            ("load, score", "score", {"id"}, 1),
            id="one fewer",
            marks=LONG,
        ),
    ],
)
def test_a_pipeline_runs_on_after_its_steps_have_changed(
    generate: Callable[..., Path],
    update: Update,
    live: Callable[[Path], Path],
    begin: dict[str, Any],
    change: tuple[str, str, set[str], int],
) -> None:
    """What the new last step wrote is what ``batcat run`` fetches."""
    steps, result, columns, rows = change
    project = generate(**begin)
    update(project, "v1.0.0", steps=steps)
    file = live(project)
    assert file.name.startswith(f"{result}_")
    with file.open(encoding="utf-8", newline="") as text:
        table = list(csv.DictReader(text))
    assert len(table) == rows
    assert columns <= set(table[0])
    for step in set(steps.split(", ")) - {"preprocess", "inference"}:
        assert "malignant" not in (project / "script" / f"{step}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(
            {"purpose": "scoring", "trigger": "s3", "licence": "none"}, id="purpose", marks=LONG
        ),
        pytest.param(
            {"trigger": "schedule", "python_version": "3.13", "workflow_execution_role": ROLE},
            id="schedule",
            marks=LONG,
        ),
    ],
)
def test_a_project_lives_on_with_other_answers(
    generate: Callable[..., Path],
    update: Update,
    live: Callable[[Path], Path],
    answers: dict[str, Any],
) -> None:
    project = generate(example=False, steps="load, score")
    update(project, "v1.0.0", **answers)
    assert live(project).read_text(encoding="utf-8") == "id,x\n1.0,1.5\n"


@pytest.mark.parametrize(
    ("began", "advice"),
    [(True, "delete or rewrite them"), (False, "generate another project with it")],
    ids=["with", "without"],
)
def test_the_example_says_only_how_a_project_begins(
    generate: Callable[..., Path], git: Git, update: Update, began: bool, advice: str
) -> None:
    """Scripts are the owner's, so an update can neither add nor take them."""
    project = generate(example=began)
    with pytest.raises(ValueError, match=advice):
        update(project, "v1.0.0", example=not began)
    with pytest.raises(ValueError, match=advice):
        copier.run_recopy(
            project, data={"example": not began}, defaults=True, overwrite=True, quiet=True
        )
    assert git(project, "status", "--porcelain") == ""
    update(project, "v1.0.0", example=began)
    assert git(project, "status", "--porcelain") == ""


def test_a_project_of_before_reads_files_as_it_did(
    release: Path, tmp_path: Path, git: Git, commit: Commit, update: Update
) -> None:
    """Generated when nobody asked for sources, it is what it was when somebody does."""
    before = Path(shutil.copytree(release, tmp_path / "release"))
    questions = before / "copier.yml"
    asked = questions.read_text(encoding="utf-8")
    hidden = asked.replace("\ndata_sources:\n", "\ndata_sources:\n  when: false\n")
    assert hidden != asked
    questions.write_text(hidden, encoding="utf-8")
    commit(before, "Before")
    git(before, "tag", "v0.9.0")
    questions.write_text(asked, encoding="utf-8")
    commit(before, "After")
    git(before, "tag", "v1.1.0")

    project = tmp_path / "project"
    copier.run_copy(str(before), project, defaults=True, quiet=True, vcs_ref="v0.9.0", unsafe=False)
    git(project, "init", "--quiet")
    commit(project, "Start")
    assert "data_sources" not in remembered(project)
    update(project)
    assert remembered(project)["data_sources"] == ["s3"]
    assert git(project, "status", "--porcelain") == f"M {MEMORY}"


@LONG
def test_a_project_lives_on_with_another_source(
    generate: Callable[..., Path],
    render: Callable[..., Path],
    tmp_path: Path,
    run: Run,
    update: Update,
) -> None:
    """Everything but the owner's script and test is as in a project that began so."""
    project = generate(example=False, steps="load, score")
    update(project, "v1.0.0", data_sources="athena")
    fresh = render(tmp_path / "fresh", example=False, steps="load, score", data_sources="athena")
    for name in (TEMPLATE, CONFIG, SCHEMA, WORKFLOW, "script/athena.sql", "test/test_deploy.py"):
        assert (project / name).read_bytes() == (fresh / name).read_bytes()
    run(project, "pytest", "-q", "-p", "no:cacheprovider")
    (project / "data" / "raw" / "measurements.csv").write_text("id\n1\n", encoding="utf-8")
    told = run(project, "batcat", "run", code=1).stdout
    assert "give the Processing job an input" in told
    shutil.copy(fresh / "script" / "load.py", project / "script" / "load.py")
    outcome = json.loads(run(project, "batcat", "run", "--json").stdout)
    assert outcome["status"] == "SUCCEEDED"
