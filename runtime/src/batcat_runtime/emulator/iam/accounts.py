"""What a decision reads of moto's own state: roles, their policies, and buckets.

Over the API each decision would cost several requests; nothing here changes anything.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from . import statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batcat_runtime.emulator.world import World

    from .statements import Policy


def role_at(world: World, arn: str) -> Any:
    """Give moto's role of an ARN; None when there is none."""
    return next((role for role in _roles(world) if role.arn == arn), None)


def role_named(world: World, name: str) -> Any:
    """Give moto's role of a name; None when there is none."""
    return next((role for role in _roles(world) if role.name == name), None)


def _roles(world: World) -> Iterator[Any]:
    """Every role of every partition."""
    return (role for state in _states(world, "iam") for role in list(state.roles.values()))


def provider_at(world: World, address: str) -> Any:
    """Give moto's identity provider of an address without scheme; None when there is none."""
    held = (one for state in _states(world, "iam") for one in state.open_id_providers.values())
    return next((one for one in held if one.url == address), None)


def bucket_of(world: World, name: str) -> Any:
    """Give moto's bucket of a name; None when there is none."""
    held = (state.buckets.get(name) for state in _states(world, "s3"))
    return next((bucket for bucket in held if bucket is not None), None)


def regional(world: World, service: str, region: str) -> Any:
    """Moto's state of a service in a region; None before the first request to it."""
    models: Any = sys.modules.get(f"moto.{service}.models")
    backends = getattr(models, f"{service}_backends", None)
    return None if backends is None else backends[world.account][region]


def _states(world: World, service: str) -> list[Any]:
    """States of a service without regions, one a partition; none before the first request to it."""
    models: Any = sys.modules.get(f"moto.{service}.models")
    backends = getattr(models, f"{service}_backends", None)
    return [] if backends is None else list(backends[world.account].values())


def identity_policies(role: Any) -> tuple[Policy, ...]:
    """The policies of a role: those of its own by name, those that are attached by ARN."""
    own = [statements.read(name, text) for name, text in sorted(role.policies.items())]
    attached = [_managed(policy) for _, policy in sorted(role.managed_policies.items(), key=str)]
    return (*own, *attached)


def boundary(world: World, role: Any) -> Policy | None:
    """The permissions boundary of a role; one that is gone allows nothing."""
    arn = role.permissions_boundary_arn
    if not arn:
        return None
    known = (state.managed_policies.get(arn) for state in _states(world, "iam"))
    found = next((policy for policy in known if policy is not None), None)
    return statements.Policy(arn, ()) if found is None else _managed(found)


def _managed(policy: Any) -> Policy:
    """A managed policy in the version that counts."""
    texts = (one.document for one in policy.versions if one.version_id == policy.default_version_id)
    return statements.read(policy.arn, next(texts))
