"""What all tests of the template share: rendering it without trust, and running commands in it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import copier
import jinja2
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

Render = Callable[..., Path]
Ask = Callable[..., Mapping[str, Any]]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Git = Callable[..., str]
PROJECTS: dict[str, dict[str, Any]] = {
    "default": {},
    "long": {
        "project": "2026-domain-topic-more",
        "purpose": "batch-b",
        "steps": "clean, add_more, a_score",
        "trigger": "s3",
        "partition": "aws-cn",
        "description": 'Says "hello" \\ {{ world }}: # é',
    },
    "athena": {
        "data_sources": "athena",
        "partition": "aws-cn",
        "workflow_execution_role": "arn:aws-cn:iam::123456789012:role/of-an-account",
        "trigger": "s3",
        "licence": "none",
    },
    "redshift": {
        "data_sources": "s3, redshift",
        "example": False,
        "steps": "score",
        "trigger": "schedule",
    },
    "bare": {"example": False, "steps": "score", "trigger": "schedule", "licence": "none"},
}
"""A project of each kind, by its answers."""


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Compile each Jinja template once: that is most of what asking and rendering cost."""
    compiled: dict[tuple[Any, ...], Any] = {}
    compile_anew: Callable[..., Any] = jinja2.Environment.compile

    def compile_once(
        self: jinja2.Environment, source: Any, name: Any = None, filename: Any = None, **how: Any
    ) -> Any:
        key = (type(self), source, name, *sorted(how.items()))
        if key in compiled:
            # Copier's "yield" begins anew whenever a file's name is read.
            self.preprocess(source, name, filename)
        else:
            compiled[key] = compile_anew(self, source, name, filename, **how)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_once)
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as it is on disk, away from git, so that rendering needs no clone."""
    folder = tmp_path_factory.mktemp("template")
    shutil.copy(REPOSITORY / "copier.yml", folder)
    shutil.copytree(REPOSITORY / "template", folder / "template")
    return folder


@pytest.fixture(scope="session")
def render(template: Path) -> Render:
    """Render a project without trust; answers that are not given are the defaults."""

    def run(folder: Path, **answers: Any) -> Path:
        copier.run_copy(
            str(template), folder, data=answers, defaults=True, quiet=True, unsafe=False
        )
        return folder

    return run


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Answer the questions alone, and get all answers; no file is rendered, which is quick.

    Copier raises ValueError with the validator's message for an answer that is refused.
    """
    folder = tmp_path_factory.mktemp("questions")
    shutil.copy(REPOSITORY / "copier.yml", folder)
    shutil.copytree(REPOSITORY / "template" / "_parts", folder / "template" / "_parts")

    def run(**answers: Any) -> Mapping[str, Any]:
        worker = copier.run_copy(
            str(folder),
            folder / "nowhere",
            data=answers,
            defaults=True,
            quiet=True,
            unsafe=False,
            pretend=True,
        )
        found: Mapping[str, Any] = worker.answers.combined
        return found

    return run


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a command in a folder, with this interpreter's programs first and no AWS at all."""

    def start(
        folder: Path, *command: str, code: int | None = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "BATCAT_", "COVERAGE_", "PYTEST_"))
        }
        done = subprocess.run(
            [str(BIN / command[0]) if (BIN / command[0]).exists() else command[0], *command[1:]],
            cwd=folder,
            env={**inherited, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        if code is not None:
            assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    return start


@pytest.fixture(scope="session")
def git(run: Run) -> Git:
    """Run git in a folder as somebody; gives what it says."""
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")

    def call(folder: Path, *arguments: str) -> str:
        return str(run(folder, "git", *identity, *arguments).stdout).strip()

    return call


@pytest.fixture(scope="session")
def commit(git: Git) -> Callable[[Path, str], None]:
    """Commit everything there is."""

    def call(folder: Path, message: str) -> None:
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--allow-empty", f"--message={message}")

    return call


@pytest.fixture(scope="session")
def release(
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
    git: Git,
    commit: Callable[[Path, str], None],
) -> Path:
    """The template as it is on disk, released as v1.0.0: a small clone, for there are many."""
    folder = tmp_path_factory.mktemp("release") / "batcat"
    shutil.copytree(template, folder)
    git(folder, "init", "--quiet")
    commit(folder, "Release")
    git(folder, "tag", "v1.0.0")
    return folder


@pytest.fixture(scope="session")
def update(git: Git) -> Callable[..., None]:
    """Run ``copier update`` without trust, and expect no file that needs a decision."""

    def call(project: Path, /, version: str = "v1.1.0", **answers: Any) -> None:
        copier.run_update(
            project,
            data=answers,
            defaults=True,
            overwrite=True,
            quiet=True,
            vcs_ref=version,
            unsafe=False,
        )
        assert git(project, "ls-files", "-u") == ""
        assert not list(project.rglob("*.rej"))

    return call


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.long if name in {"long", "bare"} else ())
        for name in PROJECTS
    ],
)
def project(
    request: pytest.FixtureRequest, render: Render, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A generated project of each kind."""
    return render(tmp_path_factory.mktemp("living") / "p", **PROJECTS[request.param])


@pytest.fixture(scope="module")
def prepared(project: Path, run: Run) -> Path:
    """The project with what its pipeline needs: the example's model, or somebody's data."""
    if (project / "script" / "train.py").exists():
        run(project, "python", "script/train.py")
    else:
        (project / "data" / "raw" / "measurements.csv").write_text(
            "id,x\n1,1.5\n", encoding="utf-8"
        )
        (project / "data" / "raw" / "two.csv").write_text("id,x\n2,\n,\n", encoding="utf-8")
    return project


@pytest.fixture(scope="session")
def read_csv() -> Callable[[Path], list[dict[str, str]]]:
    """Read the rows of a CSV file."""

    def call(file: Path) -> list[dict[str, str]]:
        with file.open(encoding="utf-8", newline="") as text:
            return list(csv.DictReader(text))

    return call


@pytest.fixture(scope="session")
def check_result(read_csv: Callable[[Path], list[dict[str, str]]]) -> Callable[..., None]:
    """See that a result has a row for each row that came in: from files, and after them queries."""

    def call(project: Path, file: Path, *queried: str) -> None:
        result = read_csv(file)
        if not (project / "script" / "train.py").exists():
            assert [row["id"] for row in result] == ["1.0", "2.0", *queried]
            return
        metrics = json.loads((project / "model" / "metrics.json").read_text())
        assert len(result) == metrics["n"] == 143
        assert set(result[0]) == {"id", "probability", "prediction"}
        assert {row["prediction"] for row in result} == {"malignant", "benign"}
        assert all(0 <= float(row["probability"]) <= 1 for row in result)

    return call


@pytest.fixture
def files() -> Callable[[Path], set[str]]:
    """The files of a folder as paths below it, without what git, Python and checks leave."""
    left = {".git", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}

    def list_files(folder: Path) -> set[str]:
        found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        return {path.as_posix() for path in found if not left & set(path.parts)}

    return list_files
