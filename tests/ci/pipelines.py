"""The pipelines that a project may come with, and what their jobs run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("github", "gitlab", "codepipeline")
STAGES = ("check", "dev", "prod")
GITHUB, GITLAB = ".github/workflows/pipeline.yml", ".gitlab-ci.yml"
INSTALLING = ("python -m pip install", "apt-get", "jq ")
"""What commands begin with that prepare a runner, and not the project."""
SIGNING_IN = ("export", "printf")
"""What commands begin with that get credentials."""


def read(root: Path, file: str) -> dict[str, Any]:
    """A YAML file of a project."""
    document: dict[str, Any] = yaml.safe_load((root / file).read_text(encoding="utf-8"))
    return document


def jobs(root: Path) -> dict[str, list[str]]:
    """The commands of each job of a project's pipeline."""
    if (root / GITHUB).exists():
        document = read(root, GITHUB)["jobs"]
        return {
            stage: [step["run"].strip() for step in document[stage]["steps"] if "run" in step]
            for stage in STAGES
        }
    if (root / GITLAB).exists():
        document = read(root, GITLAB)
        before = document[".deploy"]["before_script"]
        scripts = {stage: document[stage]["script"] for stage in STAGES}
        return {
            name: lines if name == "check" else before + lines for name, lines in scripts.items()
        }
    return {
        stage: [
            line
            for phase in read(root, f"deploy/buildspec-{stage}.yml")["phases"].values()
            for line in phase["commands"]
        ]
        for stage in STAGES
    }


def without_installing(commands: list[str]) -> list[str]:
    """The commands but for those that prepare the runner."""
    return [one.strip() for one in commands if not one.startswith(INSTALLING)]


def own(commands: list[str]) -> list[str]:
    """The commands that are about the project, and not about the runner or its credentials."""
    return [one for one in without_installing(commands) if not one.startswith(SIGNING_IN)]
