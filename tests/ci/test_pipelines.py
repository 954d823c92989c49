"""The pipelines are linted, and do the same; what a change must pass is executed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .pipelines import GITHUB, GITLAB, KINDS, jobs, own

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Any]

LINTERS = Path(__file__).resolve().parents[2] / ".tools" / "lint" / "bin"


def test_all_pipelines_do_the_same(projects: dict[str, Path]) -> None:
    first, *others = [
        {stage: own(commands) for stage, commands in jobs(projects[kind]).items()} for kind in KINDS
    ]
    assert all(other == first for other in others)
    assert first["check"] == [
        "ruff format --check .",
        "ruff check .",
        "mypy",
        "pytest",
        "cfn-lint deploy/template.yaml",
        "batcat check",
    ]


@pytest.mark.parametrize(
    ("kind", "file", "command"),
    [
        ("github", GITHUB, "check-jsonschema --builtin-schema vendor.github-workflows"),
        ("github", GITHUB, "zizmor --offline --no-progress"),
        (
            "gitlab",
            GITLAB,
            "check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci",
        ),
    ],
    ids=["github-schema", "github-security", "gitlab-schema"],
)
def test_linters_find_nothing(
    projects: dict[str, Path], run: Run, kind: str, file: str, command: str
) -> None:
    program, *options = command.split()
    run(projects[kind], str(LINTERS / program), *options, file)


def test_actions_are_pinned_by_commit(projects: dict[str, Path]) -> None:
    text = (projects["github"] / GITHUB).read_text(encoding="utf-8")
    used = re.findall(r"uses: (.+)", text)
    assert used
    for one in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


def test_shell_in_pipelines_is_sound(projects: dict[str, Path], run: Run, tmp_path: Path) -> None:
    for kind, root in projects.items():
        for stage, commands in jobs(root).items():
            script = tmp_path / f"{kind}-{stage}.sh"
            script.write_text("\n".join(["#!/bin/bash", *commands, ""]), encoding="utf-8")
            run(root, str(LINTERS / "shellcheck"), str(script))


def test_a_change_passes_its_check(
    trained: Callable[..., Path], run: Run, commit: Any, git: Any, tmp_path: Path
) -> None:
    """Every command of the job, in a clone, which has nothing that git does not."""
    root = trained(tmp_path, ci="github")
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "Start")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(root), str(clone))
    for command in own(jobs(clone)["check"]):
        run(clone, *shlex.split(command))
