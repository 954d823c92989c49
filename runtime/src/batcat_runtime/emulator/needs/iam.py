"""IAM: roles, policies and identity providers by their ARNs, of which a path is part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.emulator.iam.accounts import role_named
from batcat_runtime.emulator.iam.tokens import SCHEME

from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked, Keys

PREFIX = "iam"
ROLE = (
    *("CreateRole", "GetRole", "DeleteRole", "UpdateRole", "UpdateRoleDescription"),
    *("UpdateAssumeRolePolicy", "TagRole", "UntagRole", "ListRoleTags", "PutRolePolicy"),
    *("GetRolePolicy", "DeleteRolePolicy", "ListRolePolicies", "AttachRolePolicy"),
    *("DetachRolePolicy", "ListAttachedRolePolicies", "PutRolePermissionsBoundary"),
    "DeleteRolePermissionsBoundary",
)
POLICY = (
    *("GetPolicy", "DeletePolicy", "TagPolicy", "UntagPolicy", "ListPolicyTags"),
    *("CreatePolicyVersion", "GetPolicyVersion", "DeletePolicyVersion", "ListPolicyVersions"),
    *("SetDefaultPolicyVersion", "ListEntitiesForPolicy"),
)
PROVIDER = (
    *("GetOpenIDConnectProvider", "DeleteOpenIDConnectProvider", "TagOpenIDConnectProvider"),
    *("UntagOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint"),
    *("AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider"),
)
RESOURCES = {
    "ListOpenIDConnectProviders": "*",
    "ListPolicies": "*",
    "SimulatePrincipalPolicy": "{PolicySourceArn}",
    **dict.fromkeys(POLICY, "{PolicyArn}"),
    **dict.fromkeys(PROVIDER, "{OpenIDConnectProviderArn}"),
}
KEYS = frozenset({"iam:policyarn", "iam:permissionsboundary", "iam:passedtoservice"})


def _on_role(asked: Asked) -> list[Need]:
    name = asked.get("RoleName")
    role = role_named(asked.world, name)
    arn = role.arn if role else _global(asked, f"role{asked.get('Path', default='/')}{name}")
    found = [Need(f"iam:{asked.operation}", arn)]
    if asked.operation == "CreateRole" and asked.get("Tags"):
        found.append(Need("iam:TagRole", arn))
    return found


def _create_policy(asked: Asked) -> list[Need]:
    arn = _global(asked, f"policy{asked.get('Path', default='/')}{asked.get('PolicyName')}")
    tagging = [Need("iam:TagPolicy", arn)] if asked.get("Tags") else []
    return [Need("iam:CreatePolicy", arn), *tagging]


def _create_provider(asked: Asked) -> list[Need]:
    address = str(asked.get("Url", default="")).removeprefix(SCHEME)
    arn = _global(asked, f"oidc-provider/{address}")
    tagging = [Need("iam:TagOpenIDConnectProvider", arn)] if asked.get("Tags") else []
    return [Need("iam:CreateOpenIDConnectProvider", arn), *tagging]


def _list_roles(asked: Asked) -> list[Need]:
    return [Need("iam:ListRoles", _global(asked, f"role{asked.get('PathPrefix', default='/')}"))]


INSTEAD = {
    **dict.fromkeys(ROLE, _on_role),
    "CreatePolicy": _create_policy,
    "CreateOpenIDConnectProvider": _create_provider,
    "ListRoles": _list_roles,
}


def _global(asked: Asked, resource: str) -> str:
    """IAM's ARNs have no region."""
    partition = asked.arn("").split(":")[1]
    return f"arn:{partition}:iam::{asked.world.account}:{resource}"


def keys(asked: Asked) -> Keys:
    """The policy that is attached, and the boundary that is set."""
    found: Keys = {}
    if asked.operation in ("AttachRolePolicy", "DetachRolePolicy"):
        found["iam:policyarn"] = (str(asked.get("PolicyArn")),)
    if asked.get("PermissionsBoundary"):
        found["iam:permissionsboundary"] = (str(asked.get("PermissionsBoundary")),)
    return found
