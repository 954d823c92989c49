"""IAM: roles, the policies on them, identity providers; users and groups are not emulated.

CreateServiceLinkedRole is missing because nothing here knows which services have such a role.
"""

from __future__ import annotations

_PAGE = "Marker MaxItems"

OPERATIONS: dict[str, str] = {
    "CreateRole": (
        "Path RoleName AssumeRolePolicyDocument Description MaxSessionDuration "
        "PermissionsBoundary Tags.Key Tags.Value"
    ),
    "GetRole": "RoleName",
    "DeleteRole": "RoleName",
    "ListRoles": f"PathPrefix {_PAGE}",
    "UpdateRole": "RoleName Description MaxSessionDuration",
    "UpdateRoleDescription": "RoleName Description",
    "UpdateAssumeRolePolicy": "RoleName PolicyDocument",
    "TagRole": "RoleName Tags.Key Tags.Value",
    "UntagRole": "RoleName TagKeys",
    "ListRoleTags": f"RoleName {_PAGE}",
    "PutRolePolicy": "RoleName PolicyName PolicyDocument",
    "GetRolePolicy": "RoleName PolicyName",
    "DeleteRolePolicy": "RoleName PolicyName",
    "ListRolePolicies": "RoleName",
    "AttachRolePolicy": "RoleName PolicyArn",
    "DetachRolePolicy": "RoleName PolicyArn",
    "ListAttachedRolePolicies": f"RoleName PathPrefix {_PAGE}",
    "PutRolePermissionsBoundary": "RoleName PermissionsBoundary",
    "DeleteRolePermissionsBoundary": "RoleName",
    "CreatePolicy": "PolicyName Path PolicyDocument Description Tags.Key Tags.Value",
    "GetPolicy": "PolicyArn",
    "DeletePolicy": "PolicyArn",
    "ListPolicies": f"Scope OnlyAttached PathPrefix {_PAGE}",
    "TagPolicy": "PolicyArn Tags.Key Tags.Value",
    "UntagPolicy": "PolicyArn TagKeys",
    "ListPolicyTags": f"PolicyArn {_PAGE}",
    "CreatePolicyVersion": "PolicyArn PolicyDocument SetAsDefault",
    "GetPolicyVersion": "PolicyArn VersionId",
    "DeletePolicyVersion": "PolicyArn VersionId",
    "ListPolicyVersions": "PolicyArn",
    "SetDefaultPolicyVersion": "PolicyArn VersionId",
    "SimulatePrincipalPolicy": (
        "PolicySourceArn ActionNames ResourceArns ContextEntries.ContextKeyName "
        "ContextEntries.ContextKeyValues ContextEntries.ContextKeyType=string"
    ),
    "CreateOpenIDConnectProvider": "Url ClientIDList ThumbprintList Tags.Key Tags.Value",
    "GetOpenIDConnectProvider": "OpenIDConnectProviderArn",
    "DeleteOpenIDConnectProvider": "OpenIDConnectProviderArn",
    "ListOpenIDConnectProviders": "",
    "AddClientIDToOpenIDConnectProvider": "OpenIDConnectProviderArn ClientID",
    "RemoveClientIDFromOpenIDConnectProvider": "OpenIDConnectProviderArn ClientID",
    "UpdateOpenIDConnectProviderThumbprint": "OpenIDConnectProviderArn ThumbprintList",
    "TagOpenIDConnectProvider": "OpenIDConnectProviderArn Tags.Key Tags.Value",
    "UntagOpenIDConnectProvider": "OpenIDConnectProviderArn TagKeys",
    "ListEntitiesForPolicy": "PolicyArn EntityFilter=User|Role|Group PathPrefix",
}
"""Operation to the members that have their effect."""
