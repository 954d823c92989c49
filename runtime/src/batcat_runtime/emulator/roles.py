"""Whether a service may assume a role, as far as IAM here can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .world import World


def assumable(world: World, arn: str, principal: str) -> bool:
    """Whether the role exists and its trust policy lets a service assume it.

    A role of another account cannot be looked up: the account of a local AWS is made up, so a
    real role's ARN is taken as it is.

    Args:
        world: where IAM is reached.
        arn: role ARN, ``arn:…:iam::<account>:role/<path and name>``.
        principal: e.g. ``sagemaker.amazonaws.com``.
    """
    account, _, path = arn.split(":", 4)[4].partition(":")
    if account != world.account:
        return True
    iam = world.client("iam")
    try:
        role = iam.get_role(RoleName=path.rpartition("/")[2])["Role"]
    except iam.exceptions.NoSuchEntityException:
        return False
    statements = role["AssumeRolePolicyDocument"].get("Statement", [])
    return any(
        _allows(statement, principal)
        for statement in (statements if isinstance(statements, list) else [statements])
    )


def _allows(statement: dict[str, Any], principal: str) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    actions = _listed(statement.get("Action", []))
    if not any(action in ("sts:AssumeRole", "sts:*", "*") for action in actions):
        return False
    trusted = statement.get("Principal", {})
    services = _listed(trusted.get("Service", [])) if isinstance(trusted, dict) else [trusted]
    return principal in services or "*" in services


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
