"""AssumeRole: the role must exist and let the caller in; moto answers for any.

GetSessionToken is for users alone (STS API reference, "must be called by using the long-term AWS
security credentials of an IAM user").

GetCallerIdentity knows the sessions that services open for jobs, functions and state machines.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from . import policies
from .callers import sessions_of
from .roles import check_document
from .trust import lets_in

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


def install(world: World) -> None:
    """Put the checks before moto's AssumeRole.

    Args:
        world: whose account it is.
    """
    from moto.iam.models import iam_backends
    from moto.sts.models import STSBackend
    from moto.sts.responses import TokenResponse

    assume: Any = TokenResponse.assume_role
    token: Any = TokenResponse.get_session_token
    identify: Any = STSBackend.get_caller_identity
    sessions = sessions_of(world)

    def get_caller_identity(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
        session = sessions.of(access_key_id)
        if session is None:
            return identify(self, access_key_id, region)  # type: ignore[no-any-return]
        return sessions.user_id(session), session.arn, world.account

    def assume_role(self: Any) -> Any:
        arn = self._get_param("RoleArn")
        check_own(world, arn, "AssumeRole")
        identity = self.backend.get_caller_identity(self.get_access_key(), self.region)
        roles = iam_backends[world.account][self.partition].roles.values()
        role = next((role for role in roles if role.arn == arn), None)
        if role is None or not lets_in(
            json.loads(role.assume_role_policy_document), identity[1], self._get_param("ExternalId")
        ):
            raise ServiceError(
                "AccessDenied",
                f"User: {identity[1]} is not authorized to perform: sts:AssumeRole on resource: "
                f"{arn}. The role must exist and its trust policy must allow it.",
                403,
            )
        check_limits(role, self._get_param("Policy"), self._get_int_param("DurationSeconds", 3600))
        return assume(self)

    def get_session_token(self: Any) -> Any:
        """Its keys are those of a user, so a role's session would become the administrator."""
        if sessions.of(self.get_access_key()) is not None:
            raise ServiceError(
                "AccessDenied", "Cannot call GetSessionToken with session credentials", 403
            )
        return token(self)

    replace(TokenResponse, assume_role=assume_role, get_session_token=get_session_token)
    replace(STSBackend, get_caller_identity=get_caller_identity)


def check_own(world: World, arn: str, operation: str) -> None:
    """Refuse what is no role of this account.

    Args:
        world: whose account it is.
        arn: the role, as the request names it.
        operation: for the message.

    Raises:
        NotEmulated: it belongs to another account.
        ServiceError: it is no role's ARN.
    """
    parts = arn.split(":", 5)
    right = len(parts) == 6 and parts[2] == "iam" and parts[5].startswith("role/")  # noqa: PLR2004 - of an ARN
    if not right:
        raise ServiceError("ValidationError", f"{arn} is invalid")
    if parts[4] != world.account:
        raise NotEmulated(f"sts {operation} of a role of another account, {arn},")


def check_limits(role: Any, policy: str | None, seconds: int) -> None:
    """Refuse a session that lasts longer than its role allows, or whose policy is none.

    Args:
        role: moto's role.
        policy: the session's own, if it has one.
        seconds: how long it lasts.

    Raises:
        ServiceError: ValidationError or MalformedPolicyDocument.
    """
    if policy is not None:
        check_document(policy, policies.IDENTITY)
    if seconds > int(role.max_session_duration or 3600):
        raise ServiceError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
