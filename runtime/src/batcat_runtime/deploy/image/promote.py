"""Bring the very image that was tried in one environment to another, byte for byte."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime.deploy.artifacts import account_of
from batcat_runtime.deploy.stack import find_stack
from batcat_runtime.errors import ConfigError, DeployError, MissingError

from . import repository
from .build import plan_build
from .push import Delivery
from .registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batcat_runtime.deploy.project import Project

_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


@dataclass(frozen=True)
class Origin:
    """The image in the environment where it was tried.

    Attributes:
        registry: where it is.
        digest: ``sha256:…``.
        tag: its tag, made of what it is made of.
        uri: its address by digest.
        is_running: whether that environment runs it now.
    """

    registry: Registry
    digest: str
    tag: str
    uri: str
    is_running: bool = True


@contextmanager
def profile(name: str) -> Iterator[None]:
    """Reach AWS with another profile for a while; an empty name changes nothing."""
    if not name:
        yield
        return
    kept = {key: os.environ.pop(key) for key in _CREDENTIALS if key in os.environ}
    before = os.environ.get("AWS_PROFILE")
    os.environ["AWS_PROFILE"] = name
    try:
        yield
    finally:
        os.environ.pop("AWS_PROFILE")
        os.environ.update(kept | ({"AWS_PROFILE": before} if before else {}))


def find_origin(source: Project) -> Origin:
    """Find the image of the project as it is here in the registry of another environment.

    It is not just any that runs there: while one waits for its approval, the next is tried.

    Args:
        source: the project in the environment it comes from.

    Returns:
        The image.

    Raises:
        AccessError: stack or registry may not be read.
        ConfigError: the lock does not fit, so no image is made of it.
        MissingError: there is no such image there.
    """
    account_of(source)
    tag = plan_build(source, locked=True).inputs.tag
    stack = find_stack(source.stack, source.region)  # in whatever state: the next may be under way
    running = stack.parameters.get("ImageUri", "") if stack else ""
    image = repository.find_image(source, tag=tag)
    if image is None:
        raise MissingError(
            f"environment {source.environment} has no image of the project as it is here ({tag}); "
            f"it runs {running or 'none of it'}. Go to the commit that was tried there, "
            f"or try this one: batcat deploy{source.option}"
        )
    place, _, digest = image.uri.partition("@")
    registry = Registry(repository.Repository(place), repository.token(source))
    return Origin(registry, digest, tag, image.uri, is_running=image.uri == running)


def promote(
    origin: Origin, target: Project, *, say: Callable[[str], None] | None = None
) -> Delivery:
    """Copy an image to another environment's repository, unless it is there.

    Args:
        origin: the image, from :func:`find_origin`.
        target: the project in the environment it goes to.
        say: gets a line for each part that is copied.

    Returns:
        The image by the same digest.

    Raises:
        AccessError: the repository may not be read, made or written.
        DeployError: the copy failed, or another image has its tag there.
    """
    there = repository.find_image(target, tag=origin.tag)
    if there is not None:
        if there.uri.endswith(origin.digest):
            return Delivery(there, was_there=True)
        raise DeployError(
            f"environment {target.environment} has another image with the tag {origin.tag} "
            f"({there.uri}); delete it there, and promote again"
        )
    manifest = origin.registry.manifest(origin.digest)
    place = repository.ensure_repository(target)
    registry = Registry(place, repository.token(target))
    for part in _parts(manifest):
        if registry.has(part["digest"]):
            continue
        if say is not None:
            say(f"Copying {part['digest'][:19]}… ({part['size'] / 1e6:.1f} MB)")
        registry.write(part["digest"], origin.registry.read(part["digest"]), part["size"])
    registry.tag(origin.tag, manifest)  # last, so that an image is there whole or not at all
    image = repository.find_image(target, digest=origin.digest)
    if image is None:
        raise DeployError(f"{origin.digest} was copied, but ECR does not have it; promote again")
    return Delivery(image, was_there=False, made_repository=place.is_new)


def check(source: Project, target: Project) -> None:
    """Refuse what cannot be a promotion.

    Raises:
        ConfigError: an environment has no registry, or both are one.
        MissingError: the target names an image of its own.
    """
    if source.is_local or target.is_local:
        raise ConfigError(
            "environment local has no registry; name two others, such as dev and prod"
        )
    if source.environment == target.environment:
        raise ConfigError(f"the image of {source.environment} is there already; name another --env")
    if target.image_uri:
        raise MissingError(
            f"environment {target.environment} names its image itself (image_uri in "
            "deploy/config.json); take that away to run what other environments run"
        )


def _parts(manifest: bytes) -> list[dict[str, Any]]:
    """Configuration and layers, each once."""
    document = json.loads(manifest)
    found = {one["digest"]: one for one in [document["config"], *document["layers"]]}
    return list(found.values())
