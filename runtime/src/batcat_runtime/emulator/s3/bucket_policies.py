"""Extension of moto's S3: a bucket policy's statement counts only where it applies.

moto takes an unmet condition for a refusal and does not look at most principals, so a policy that
denies plain HTTP would close its bucket to everyone. Here a request over the loopback interface
counts as secure transport. A statement with any other condition, or for named principals, is kept
but not evaluated.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

MET = {"Bool": {"aws:securetransport": "true"}}
"""Conditions whose outcome is known: operator, key in lower case, value that holds."""


def install(world: World) -> None:
    """Put the evaluation in place of moto's."""
    del world
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket
    from moto.s3.responses import S3Response

    respond: Any = S3Response._key_response  # noqa: SLF001 - the patch

    def key_response(self: Any, request: Any, full_url: str) -> Any:
        answer = respond(self, request, full_url)
        if answer == (403, {}, ""):  # moto leaves out which error it is.
            raise ServiceError("AccessDenied", "Access Denied", 403)
        return answer

    def get_permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        applying = json.dumps({"Statement": applicable(json.loads(self.policy))})
        return IAMPolicy(applying).is_action_permitted(action, resource)

    replace(FakeBucket, get_permission=get_permission)
    replace(S3Response, _key_response=key_response)


def applicable(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """Statements that hold for every request here, without their conditions."""
    statements = policy.get("Statement", [])
    return [
        {key: value for key, value in statement.items() if key != "Condition"}
        for statement in ([statements] if isinstance(statements, dict) else statements)
        if _holds(statement.get("Condition", {})) and _is_everyone(statement.get("Principal"))
    ]


def _holds(condition: dict[str, dict[str, Any]]) -> bool:
    return all(
        MET.get(operator, {}).get(key.lower()) == str(value).lower()
        for operator, terms in condition.items()
        for key, value in terms.items()
    )


def _is_everyone(principal: Any) -> bool:
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    return "*" in (named if isinstance(named, list) else [named])
