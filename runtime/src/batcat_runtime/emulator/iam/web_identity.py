"""AssumeRoleWithWebIdentity: the token of an identity provider opens a role, without any key.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html. What
AWS says is quoted by users (configure-aws-credentials issues 721, 775 and 1446, aws-sdk-java-v2
issue 5709).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

from . import statements, tokens
from .accounts import provider_at, role_at
from .decide import Policies, Principal, Request, decide
from .request_keys import refuse_unknown, surroundings
from .sessions import check_limits, check_own

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

    from .tokens import Token

ACTION = "sts:AssumeRoleWithWebIdentity"
GRACE = 300
"""Seconds for which a token is taken after it has expired, for clocks that differ.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html.
"""


def install(world: World) -> None:
    """Put this in the place of moto's, which lets everyone in.

    Args:
        world: whose account it is.
    """
    from moto.core.responses import ActionResult
    from moto.sts.models import sts_backends
    from moto.sts.responses import TokenResponse

    def assume_role_with_web_identity(self: Any) -> Any:
        arn, name = self._get_param("RoleArn"), self._get_param("RoleSessionName")
        check_own(world, arn, "AssumeRoleWithWebIdentity")
        token = tokens.read(self._get_param("WebIdentityToken"))
        provider = check_token(world, token)
        role = role_at(world, arn)
        if role is None or not _lets_in(world, role, token, provider, name):
            raise ServiceError("AccessDenied", f"Not authorized to perform {ACTION}", 403)
        policy, seconds = self._get_param("Policy"), self._get_int_param("DurationSeconds", 3600)
        check_limits(role, policy, seconds)
        # An unsigned request names no region, so moto would take it for one of us-east-1.
        session = sts_backends[world.account][world.partition].assume_role(
            region_name=world.region,
            role_session_name=name,
            role_arn=arn,
            policy=policy,
            duration=seconds,
            external_id="",
        )
        return ActionResult(
            {
                "Credentials": session,
                "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
                "SubjectFromWebIdentityToken": token.subject,
                "Audience": token.audience,
                "Provider": token.issuer,
            }
        )

    replace(TokenResponse, assume_role_with_web_identity=assume_role_with_web_identity)


def check_token(world: World, token: Token) -> Any:
    """Find the provider of a token that is for this account, and not too old.

    Args:
        world: whose account it is.
        token: what it says.

    Returns:
        Moto's provider.

    Raises:
        ServiceError: InvalidIdentityToken or ExpiredTokenException.
    """
    provider = provider_at(world, token.provider) if token.issuer != token.provider else None
    if provider is None:
        raise ServiceError(
            "InvalidIdentityToken",
            f"No OpenIDConnect provider found in your account for {token.issuer}",
        )
    if token.audience not in provider.client_id_list:
        raise ServiceError("InvalidIdentityToken", "Incorrect token audience")
    now = int(time.time())
    if now >= token.expires + GRACE:
        raise ServiceError(
            "ExpiredTokenException",
            f"Token expired: current date/time {now} must be before the expiration date/time "
            f"{token.expires:.0f}",
        )
    return provider


def _lets_in(world: World, role: Any, token: Token, provider: Any, name: str) -> bool:
    """Whether the role's trust policy lets in whom the token is about."""
    given = {
        **surroundings(world, world.region),
        "sts:rolesessionname": (name,),
        **token.keys(),
    }
    principal = Principal(provider.arn, world.account, federated=True)
    request = Request(principal, ACTION, role.arn, given)
    trust = statements.read("trust policy", role.assume_role_policy_document)
    policies = Policies(resource=trust)
    refuse_unknown(request, policies, tokens.is_key)
    return decide(request, policies).allowed
