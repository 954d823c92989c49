"""Build the image with whichever builder there is."""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batcat_runtime.errors import ConfigError

from . import lock
from .builders import find_builder
from .index import index_of
from .inputs import IGNORE, gather

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.deploy.project import Project

    from .builders import Builder
    from .inputs import Inputs

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


@dataclass(frozen=True)
class BuildPlan:
    """What a build would do; only the lock and the runtime's wheel have been written.

    Attributes:
        project: the project.
        inputs: what the image is made from.
        notes: what somebody should know before.
    """

    project: Project
    inputs: Inputs
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The image's name on this machine."""
        return f"{self.project.repository}:{self.inputs.tag}"


@dataclass(frozen=True)
class Built:
    """An image on this machine.

    Attributes:
        name: its name with the tag.
        id: its id, the digest of its configuration.
        size: bytes on the disk, the base included.
        builder: who built it.
    """

    name: str
    id: str
    size: int
    builder: Builder


def plan_build(
    project: Project, *, builder: str = "", base: str = "", locked: bool = False
) -> BuildPlan:
    """Bring the lock up to date and read what the image is made from.

    Args:
        project: the project.
        builder: ``docker`` or ``buildah``; empty takes whichever works, and only if it is needed.
        base: begin with this image instead of the locked one.
        locked: never change the lock, and refuse one that does not fit the requirements.

    Raises:
        ConfigError: the lock is missing or out of date and may not be changed.
        MissingError: no builder works here, or uv is missing, and the lock has to be made.
    """
    notes = []
    found = lock.read_lock(project)
    if not found.is_current:
        state = "does not fit" if found.packages else "is missing beside"
        if locked:
            raise ConfigError(
                f"{lock.PACKAGES} {state} {lock.REQUIREMENTS}; run: batcat image lock"
            )
        found = lock.lock_packages(project)
        notes.append(f"{lock.PACKAGES} is new: {len(found.packages)} packages; commit it")
    if not base and not found.base:
        if locked:
            raise ConfigError(
                f"{lock.BASE} is missing, or pins another base than the Dockerfile names; "
                "run: batcat image lock"
            )
        lock.lock_base(project, find_builder(builder))
        notes.append(f"{lock.BASE} is new; commit it")
    for name, (pinned, here) in lock.differences(found).items():
        notes.append(
            f"{name} is {pinned} in the image and {here} here, where it was tested; "
            "take the one from here with: batcat image lock"
        )
    return BuildPlan(project, gather(project, base or lock.read_lock(project).base), tuple(notes))


def build(
    plan: BuildPlan,
    *,
    builder: str = "",
    cache: bool = True,
    say: Callable[[str], None] | None = None,
) -> Built:
    """Build the image; layers that did not change come from the builder's cache.

    Args:
        plan: what to build.
        builder: ``docker`` or ``buildah``; empty takes whichever works.
        cache: take layers that were built before.
        say: gets a line for each step.

    Returns:
        The image.

    Raises:
        MissingError: no builder works here.
        DeployError: the build failed.
    """
    tool = find_builder(builder)
    with tempfile.TemporaryDirectory(prefix="batcat-image-") as scratch:
        identity = Path(scratch) / "id"
        secrets = index_of(plan.project.root).secrets(Path(scratch))
        command = _command(tool, plan, identity, secrets)
        if not cache:
            command.insert(-1, "--no-cache")
        tool.call("build the image", *command, say=say, folder=plan.project.root)
        found = identity.read_text(encoding="utf-8").strip()
    return Built(plan.name, found, _size(tool, plan.name), tool)


def _command(tool: Builder, plan: BuildPlan, identity: Path, secrets: list[str]) -> list[str]:
    # Layers come from the cache with the time they were made with, so only one that never changes
    # gives the same image everywhere. When it was really made is a label.
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "0")
    if tool.is_docker:
        own = ["buildx", "build", "--load", "--provenance=false", "--progress=plain"]
        own += ["--build-arg", f"SOURCE_DATE_EPOCH={epoch}"]
    else:
        own = ["build", "--layers", "--format=docker", "--identity-label=false"]
        own += ["--ignorefile", str(IGNORE), "--timestamp", epoch]
    labels = [f"--label={name}={value}" for name, value in plan.inputs.labels.items()]
    return [
        *own,
        *("--platform", lock.PLATFORM, "--build-arg", f"BASE={plan.inputs.base}"),
        *(f"--secret={secret}" for secret in secrets),
        *labels,
        *("--file", str(lock.FOLDER / "Dockerfile"), "--iidfile", str(identity)),
        *("--tag", plan.name, "."),
    ]


def _size(tool: Builder, name: str) -> int:
    doing = f"look at the image {name}"
    if tool.is_docker:
        return int(tool.ask(doing, "image", "inspect", "--format", "{{.Size}}", name))
    told = json.loads(tool.ask(doing, "images", "--json", name))[0]["size"]
    found = re.fullmatch(r"([\d.]+) ?([KMG]?B)", told, re.IGNORECASE)
    return int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
