"""Roles and policies: what they say is checked, which moto does in part."""

from __future__ import annotations

from typing import Any

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

from . import policies


def patch() -> None:
    """Put the checks before what moto does with roles and policies."""
    from moto.iam.models import IAMBackend
    from moto.iam.responses import IamResponse

    delete: Any = IAMBackend.delete_policy

    def delete_policy(self: Any, policy_arn: str) -> None:
        policy = self.get_policy(policy_arn)
        bounds = [r for r in self.get_roles() if r.permissions_boundary_arn == policy_arn]
        if policy.attachment_count or bounds:
            raise ServiceError(
                "DeleteConflict", "Cannot delete a policy attached to entities.", 409
            )
        if len(policy.versions) > 1:
            raise ServiceError(
                "DeleteConflict",
                "This policy has more than one version. Before you delete a policy, you must "
                "delete the policy's versions. The default version is deleted with the policy.",
                409,
            )
        delete(self, policy_arn)

    replace(
        IAMBackend,
        delete_policy=delete_policy,
        create_role=_checked_create(IAMBackend.create_role),
        update_assume_role_policy=_update_trust,
        put_role_policy=_checked_policy(IAMBackend.put_role_policy, 2),
        create_policy=_checked_policy(IAMBackend.create_policy, 2),
        create_policy_version=_checked_policy(IAMBackend.create_policy_version, 1),
        put_role_permissions_boundary=_checked_boundary(IAMBackend.put_role_permissions_boundary),
    )
    replace(IamResponse, update_role=_update_role)


def _checked_create(create: Any) -> Any:
    def create_role(self: Any, name: str, trust: str, path: str, boundary: Any, *more: Any) -> Any:
        check_document(trust, policies.TRUST)
        _check_boundary(self, boundary)
        return create(self, name, trust, path, boundary, *more)

    return create_role


def _checked_policy(put: Any, at: int) -> Any:
    """Check the policy document that is the argument at a place."""

    def checked(self: Any, *arguments: Any) -> Any:
        check_document(arguments[at], policies.IDENTITY)
        return put(self, *arguments)

    return checked


def _checked_boundary(put: Any) -> Any:
    def put_role_permissions_boundary(self: Any, role_name: str, boundary: str) -> None:
        _check_boundary(self, boundary)
        put(self, role_name, boundary)

    return put_role_permissions_boundary


def _update_trust(self: Any, role_name: str, policy_document: str) -> None:
    role = self.get_role(role_name)
    check_document(policy_document, policies.TRUST)
    role.assume_role_policy_document = policy_document


def _update_role(self: Any) -> Any:
    """What is not said stays as it was."""
    from moto.core.responses import EmptyResult

    role = self.backend.get_role(self._get_param("RoleName"))
    if self._get_param("Description") is not None:
        role.description = self._get_param("Description")
    if self._get_param("MaxSessionDuration") is not None:
        role.max_session_duration = self._get_param("MaxSessionDuration")
    return EmptyResult()


def check_document(document: str, kind: str) -> None:
    """Refuse a policy document that breaks the grammar.

    Raises:
        ServiceError: MalformedPolicyDocument.
    """
    try:
        policies.check(document, kind)
    except policies.PolicyError as error:
        raise ServiceError("MalformedPolicyDocument", str(error)) from error


def _check_boundary(backend: Any, arn: str | None) -> None:
    if arn and arn not in backend.managed_policies:
        raise ServiceError(
            "NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.", 404
        )
