"""SimulatePrincipalPolicy, which moto lacks: the decision of a role's call without the call.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html: of the
condition keys only those that are handed in count, and policies of resources do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import ServiceError

from .accounts import boundary, identity_policies, role_at
from .decide import Decision, Policies, Principal, Request, decide

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

    from .statements import Policy


def install(world: World) -> None:
    """Give moto's IAM the operation.

    Args:
        world: whose roles they are.
    """
    from moto.core.responses import ActionResult
    from moto.iam.responses import IamResponse

    def simulate_principal_policy(self: Any) -> Any:
        arn = self._get_param("PolicySourceArn")
        entries = self._get_param("ContextEntries", [])
        results = simulate(
            world,
            arn,
            self._get_param("ActionNames", []),
            self._get_param("ResourceArns", []) or ["*"],
            {one["ContextKeyName"].lower(): tuple(one["ContextKeyValues"]) for one in entries},
        )
        return ActionResult({"EvaluationResults": results, "IsTruncated": False})

    responses: Any = IamResponse
    responses.simulate_principal_policy = simulate_principal_policy


def simulate(
    world: World,
    arn: str,
    actions: list[str],
    resources: list[str],
    context: dict[str, tuple[str, ...]],
) -> list[dict[str, Any]]:
    """Decide each action on each resource.

    Args:
        world: whose roles they are.
        arn: of the role.
        actions: for example ``s3:GetObject``.
        resources: ARNs, or ``*``.
        context: condition keys in lower case to their values.

    Raises:
        ServiceError: there is no such role.
    """
    role = role_at(world, arn)
    if role is None:
        raise ServiceError("NoSuchEntity", f"The role with ARN {arn} cannot be found.", 404)
    limit = boundary(world, role)
    principal = Principal(arn, world.account, arn)
    return [
        _result(Request(principal, action, resource, context), identity_policies(role), limit)
        for action in actions
        for resource in resources
    ]


def _result(request: Request, identity: tuple[Policy, ...], limit: Policy | None) -> dict[str, Any]:
    result: dict[str, Any] = {
        "EvalActionName": request.action,
        "EvalResourceName": request.resource,
        "EvalDecision": _word(decide(request, Policies(identity, limit))),
        "MatchedStatements": [],
        "MissingContextValues": [],
    }
    if limit is not None:
        allowed = decide(request, Policies((limit,))).allowed
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
    return result


def _word(decision: Decision) -> str:
    if decision.allowed:
        return "allowed"
    return "explicitDeny" if decision.by else "implicitDeny"
