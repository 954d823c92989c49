"""STS. What needs no permission says so in its API reference; a web identity's token is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.emulator.iam.accounts import role_at

from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked, Keys

PREFIX = "sts"
RESOURCES = dict.fromkeys(("GetCallerIdentity", "GetSessionToken", "AssumeRoleWithWebIdentity"), "")
KEYS = frozenset({"sts:externalid", "sts:rolesessionname"})


def _assume(asked: Asked) -> list[Need]:
    """The role's trust policy is the resource's."""
    arn = str(asked.get("RoleArn", default=""))
    role = role_at(asked.world, arn)
    trust = role.assume_role_policy_document if role else None
    return [Need("sts:AssumeRole", arn, {}, trust, "trust policy")]


INSTEAD = {"AssumeRole": _assume}


def keys(asked: Asked) -> Keys:
    """What a trust policy may ask for."""
    given = {
        "sts:externalid": asked.get("ExternalId"),
        "sts:rolesessionname": asked.get("RoleSessionName"),
    }
    return {name: (value,) for name, value in given.items() if value}
