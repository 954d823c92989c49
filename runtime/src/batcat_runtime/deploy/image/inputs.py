"""What an image is made from, and the tag that follows from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from batcat_runtime.deploy.git import git
from batcat_runtime.deploy.runtime_wheel import NAME, pack_wheel
from batcat_runtime.errors import ConfigError

from .lock import FOLDER, PLATFORM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from batcat_runtime.deploy.project import Project

IGNORE = FOLDER / "Dockerfile.dockerignore"
WHEELS = FOLDER / "wheels"
_SPARE = ("cli", "deploy", "emulator")  # what a container never imports
_LENGTH = 16  # hexadecimal digits of the tag: 64 bits, for the images of one repository


@dataclass(frozen=True)
class Inputs:
    """What an image is made from.

    Attributes:
        base: name of the image it begins with.
        labels: of the Open Containers Initiative, and two of batcat's own.
        tag: names the image by all of its inputs.
    """

    base: str
    labels: dict[str, str]
    tag: str


def gather(project: Project, base: str) -> Inputs:
    """Put this batcat-runtime beside the Dockerfile, and read all that the image is made from.

    Args:
        project: the project.
        base: name of the image it begins with.

    Raises:
        ConfigError: the ignore file lets everything in.
    """
    _put_wheel(project.root / WHEELS)
    labels = _labels(project, base)
    known = hashlib.sha256()
    for part in (PLATFORM, base, *(f"{name}={value}" for name, value in labels.items())):
        known.update(f"{part}\n".encode())
    for file in files(project.root):
        name = file.relative_to(project.root).as_posix()
        body = hashlib.sha256(file.read_bytes()).hexdigest()
        known.update(f"{name}\0{file.stat().st_mode & 0o111}\0{body}\n".encode())
    return Inputs(base, labels, f"content-{known.hexdigest()[:_LENGTH]}")


def files(root: Path) -> Iterator[Path]:
    """Every file that may reach the image, in one order everywhere."""
    for folder in let_in(root):
        start = root / folder
        found = [start] if start.is_file() else sorted(start.rglob("*"))
        for file in found:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file


def let_in(root: Path) -> list[str]:
    """The folders and files that the ignore file lets in.

    Raises:
        ConfigError: it does not begin by shutting everything out.
    """
    file = root / IGNORE
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    lines = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not lines or lines[0] != "*":
        raise ConfigError(
            f"{IGNORE} must begin with a line *, and then let in what the image needs, a line "
            "!folder for each; otherwise data and secrets could reach the image"
        )
    return sorted(line[1:].strip("/") for line in lines if line.startswith("!"))


def _put_wheel(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for old in folder.glob("batcat_runtime-*.whl"):
        old.unlink()
    pack_wheel(folder, without=_SPARE)


def _labels(project: Project, base: str) -> dict[str, str]:
    """Labels that are the same as long as what is in the image is."""
    image = "org.opencontainers.image"
    name, _, digest = base.partition("@")
    labels = {
        f"{image}.title": f"{project.project}-{project.purpose}",
        f"{image}.base.name": name,
        f"{image}.base.digest": digest,
        "batcat.runtime.version": version(NAME),
        "batcat.template.version": _template_version(project.root),
        **_revision(project.root),
    }
    return {label: value for label, value in sorted(labels.items()) if value}


def _template_version(root: Path) -> str:
    import yaml

    file = root / ".copier-answers.yml"
    if not file.is_file():
        return ""
    answers = yaml.safe_load(file.read_text(encoding="utf-8"))
    return str(answers.get("_commit", "")) if isinstance(answers, dict) else ""


def _revision(root: Path) -> dict[str, str]:
    """The last commit that changed what is in the image, not the last of all."""
    paths = [*let_in(root), f":(exclude){WHEELS.as_posix()}"]
    commit = git(root, "log", "-1", "--format=%H %cI", "--", *paths)
    if not commit:
        return {}
    revision, _, when = commit.partition(" ")
    changed = git(root, "status", "--porcelain", "--", *paths)
    return {
        "org.opencontainers.image.revision": f"{revision}-dirty" if changed else revision,
        "org.opencontainers.image.created": when,
    }
