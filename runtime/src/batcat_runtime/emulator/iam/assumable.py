"""Whether a service may assume a role, as far as IAM here can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .policies import listed

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


_ACCOUNT, _NAME = 4, 5  # places in an ARN


def assumable(world: World, arn: str, principal: str) -> bool:
    """Whether the role exists and its trust policy lets a service assume it.

    A role of another account cannot be looked up: the account of a local AWS is made up, so a
    real role's ARN is taken as it is. Conditions are not evaluated: a statement that allows under
    one allows, and one that denies under one does not deny.

    Args:
        world: where IAM is reached.
        arn: role ARN, ``arn:…:iam::<account>:role/<path and name>``.
        principal: e.g. ``sagemaker.amazonaws.com``.
    """
    parts = arn.split(":", 5)
    if len(parts) <= _NAME:
        return False
    if parts[_ACCOUNT] != world.account:
        return True
    iam = world.client("iam")
    try:
        role = iam.get_role(RoleName=parts[_NAME].rpartition("/")[2])["Role"]
    except iam.exceptions.NoSuchEntityException:
        return False
    statements = listed(role["AssumeRolePolicyDocument"].get("Statement", []))
    meant = [one for one in statements if _is_meant(one, principal)]
    denied = any(one["Effect"] == "Deny" and not one.get("Condition") for one in meant)
    return not denied and any(one["Effect"] == "Allow" for one in meant)


def _is_meant(statement: dict[str, Any], principal: str) -> bool:
    actions = {action.lower() for action in listed(statement.get("Action", []))}
    trusted = statement.get("Principal", {})
    services = listed(trusted.get("Service", [])) if isinstance(trusted, dict) else [trusted]
    return bool(actions & {"sts:assumerole", "sts:*", "*"}) and bool({principal, "*"} & {*services})
