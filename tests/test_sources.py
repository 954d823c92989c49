"""A project installs the batcat-runtime that belongs to its template, wherever that came from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
Run = Callable[..., Any]
Git = Callable[..., str]


def runtime_line(project: Path) -> str:
    """The line of requirements.txt that installs the runtime."""
    lines = (project / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith("batcat-runtime")]
    return line


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, template: Path, git: Git) -> Path:
    """A git repository with the template and the tag v1.2.0."""
    folder = tmp_path_factory.mktemp("source") / "batcat with blank"
    shutil.copytree(template, folder)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=one")
    git(folder, "tag", "v1.2.0")
    return folder


def test_a_published_version_is_pinned(render: Callable[..., Path], tmp_path: Path) -> None:
    project = render(tmp_path / "p", runtime_version="0.3.0")
    assert runtime_line(project) == "batcat-runtime[cli,local,pandas]==0.3.0"


def test_a_local_checkout_is_installed_from_its_absolute_path(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = os.path.relpath(clone, tmp_path)
    copier.run_copy(relative, tmp_path / "p", defaults=True, quiet=True)
    url = clone.resolve().as_uri()
    assert runtime_line(tmp_path / "p") == f"batcat-runtime[cli,local,pandas] @ {url}/runtime"
    answers = yaml.safe_load((tmp_path / "p" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert answers["_src_path"] == str(clone.resolve())
    assert answers["_commit"] == "v1.2.0"


def test_a_git_url_is_installed_at_the_tag_of_the_template(clone: Path, tmp_path: Path) -> None:
    url = f"git+{clone.as_uri()}"
    copier.run_copy(url, tmp_path / "p", defaults=True, quiet=True)
    expected = f"batcat-runtime[cli,local,pandas] @ {url}@v1.2.0#subdirectory=runtime"
    assert runtime_line(tmp_path / "p") == expected


def test_between_tags_the_commit_is_named_in_full(clone: Path, tmp_path: Path, git: Git) -> None:
    git(clone, "commit", "--quiet", "--allow-empty", "--message=two")
    url = f"git+{clone.as_uri()}"
    copier.run_copy(url, tmp_path / "p", defaults=True, quiet=True, vcs_ref="HEAD")
    commit = git(clone, "rev-parse", "HEAD")
    assert f"@{commit}#subdirectory=runtime" in runtime_line(tmp_path / "p")


@pytest.mark.parametrize(
    "names",
    [
        ("gh:team/batcat", "git+https://github.com/team/batcat"),
        ("gl:team/batcat", "git+https://gitlab.com/team/batcat"),
        ("git@git.example:team/batcat.git", "git+ssh://git@git.example/team/batcat.git"),
        ("ssh://git@git.example/batcat.git", "git+ssh://git@git.example/batcat.git"),
        ("git+https://git.example/batcat", "git+https://git.example/batcat"),
        ("https://git.example/batcat.git", "git+https://git.example/batcat.git"),
    ],
)
def test_other_sources_become_urls_that_pip_knows(
    clone: Path, tmp_path: Path, run: Run, git: Git, names: tuple[str, str]
) -> None:
    source, url = names
    # git itself is told that the address lies on this machine, so nothing is fetched.
    config = tmp_path / "gitconfig"
    address = url.removeprefix("git+")
    for shape in (source, address, f"{address}.git"):
        key = f"url.{clone.as_uri()}.insteadOf"
        git(tmp_path, "config", "--file", str(config), "--add", key, shape)
    command = ("copier", "copy", "--defaults", "--quiet", source, "p")
    run(tmp_path, *command, GIT_CONFIG_GLOBAL=str(config))
    line = runtime_line(tmp_path / "p")
    assert line == f"batcat-runtime[cli,local,pandas] @ {url}@v1.2.0#subdirectory=runtime"
