"""Bring the image into ECR, unless this very image is there."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batcat_runtime.errors import DeployError

from . import repository
from .build import build
from .builders import Login
from .inputs import gather
from .lock import FOLDER, read_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.deploy.project import Project

    from .build import BuildPlan, Built
    from .repository import Pushed, Repository

_DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})")


@dataclass(frozen=True)
class Delivery:
    """How an image got into ECR.

    Attributes:
        image: where it is now.
        was_there: whether nothing had to be done.
        made_repository: whether its repository was made for it.
    """

    image: Pushed
    was_there: bool
    made_repository: bool = False


def find_pushed(plan: BuildPlan) -> Pushed | None:
    """Look for an image of the very same inputs in ECR; None when there is none."""
    return repository.find_image(plan.project, tag=plan.inputs.tag)


def has_image(project: Project) -> bool:
    """Whether the project's steps run in an image that is made here, and in this environment."""
    return not project.is_local and (project.root / FOLDER / "Dockerfile").is_file()


def pushed_uri(project: Project) -> str:
    """Find the image of the project as it is now in ECR.

    Args:
        project: the project in its environment.

    Returns:
        Its address by digest, as the stack's parameter ImageUri takes it; empty when there is
        none. ``image_uri`` in the configuration comes first.

    Raises:
        AccessError: the repository may not be read.
    """
    if project.image_uri or not has_image(project):
        return project.image_uri
    locked = read_lock(project)
    if not (locked.is_current and locked.base):
        return ""  # whatever is there was made from something else
    found = repository.find_image(project, tag=gather(project, locked.base).tag)
    return found.uri if found else ""


def push(
    plan: BuildPlan, *, builder: str = "", say: Callable[[str], None] | None = None
) -> Delivery:
    """Build the image and push it, unless one of the same inputs is in ECR.

    Args:
        plan: what to build.
        builder: ``docker`` or ``buildah``; empty takes whichever works.
        say: gets a line for each step.

    Returns:
        The image by digest.

    Raises:
        AccessError: the credentials are missing or not sufficient.
        MissingError: no builder works here.
        DeployError: the build or the push failed, or SageMaker would not run the result.
    """
    found = find_pushed(plan)
    if found is not None:
        return Delivery(found, was_there=True)
    built = build(plan, builder=builder, say=say)
    place = repository.ensure_repository(plan.project)
    if say is not None:
        say(f"Pushing to {place.uri} …")
    digest = _send(plan.project, built, place, plan.inputs.tag)
    image = repository.find_image(plan.project, digest=digest)
    if image is None:
        raise DeployError(
            f"{built.builder.name} pushed {digest}, but ECR does not have it; push again"
        )
    return Delivery(image, was_there=False, made_repository=place.is_new)


def _send(project: Project, built: Built, place: Repository, tag: str) -> str:
    """Push, and give the digest that the registry has it under."""
    tool, target = built.builder, f"{place.uri}:{tag}"
    doing = f"push the image to {target}"
    with Login(tool, place.registry, repository.token(project)) as login:
        if tool.is_docker:
            tool.call(doing, "tag", built.name, target)
            told = tool.call(doing, "push", target, environment=login)
            found = _DIGEST.search(told)
            if found is None:
                raise DeployError(f"docker did not say the digest of {target}; push again")
            return found[1]
        with tempfile.TemporaryDirectory(prefix="batcat-image-") as scratch:
            file = Path(scratch) / "digest"
            options = ["--format=v2s2", "--digestfile", str(file)]
            tool.call(doing, "push", *options, built.name, f"docker://{target}", environment=login)
            return file.read_text(encoding="utf-8").strip()
