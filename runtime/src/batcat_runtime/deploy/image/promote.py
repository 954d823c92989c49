"""Bring the very image that one environment runs to another, byte for byte."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime.deploy.artifacts import account_of
from batcat_runtime.deploy.stack import deployed_stack
from batcat_runtime.errors import ConfigError, DeployError, MissingError

from . import repository
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
    """The image that an environment runs.

    Attributes:
        registry: where it is.
        digest: ``sha256:…``.
        tag: its tag, made of what it is made of.
        uri: its address by digest.
    """

    registry: Registry
    digest: str
    tag: str
    uri: str


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
    """Find the image that an environment's stack runs now.

    Args:
        source: the project in the environment it comes from.

    Returns:
        The image.

    Raises:
        AccessError: stack or registry may not be read.
        MissingError: nothing is deployed there, or the image is gone.
        DeployError: the stack does not run an image of the project's own repository.
    """
    account_of(source)
    uri = deployed_stack(source).parameters.get("ImageUri", "")
    name, _, digest = uri.partition("@")
    found = repository.find_repository(source)
    if found is None or name != found.uri or not digest:
        raise DeployError(
            f"environment {source.environment} runs the image {uri or 'of its template'}, which is "
            f"not one of its repository {source.repository} by digest; push and deploy there "
            f"first: batcat deploy{source.option}"
        )
    tag = repository.find_tag(source, digest)
    return Origin(Registry(found, repository.token(source)), digest, tag, uri)


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
