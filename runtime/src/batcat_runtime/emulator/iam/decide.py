"""Whether a request is allowed: AWS's policy evaluation within one account; pure.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
and reference_policies_evaluation-logic_policy-eval-basics.html: a Deny anywhere ends it; else one
Allow is enough, in the caller's policies or in the resource's; a permissions boundary and a session
policy must allow as well, unless the resource's policy allows the session itself.

What is said of a denial: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .matching import is_like

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .matching import Context
    from .statements import Policy, Principals, Statement

IDENTITY, RESOURCE = "an identity-based policy", "a resource-based policy"
BOUNDARY, SESSION = "a permissions boundary", "a session policy"
_SESSION = re.compile(r"(arn:[^:]+):sts::(\d{12}):assumed-role/([^/]+)/.+")


@dataclass(frozen=True)
class Principal:
    """Who asks.

    Attributes:
        arn: of the session, the user or the identity provider, or the name of a service.
        account: the account it belongs to.
        role: ARN of the role that the session is of, or nothing.
        service: whether it is a service of AWS.
        federated: whether it is someone whom an identity provider knows.
    """

    arn: str
    account: str
    role: str = ""
    service: bool = False
    federated: bool = False


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        principal: who asks.
        action: e.g. ``s3:GetObject``.
        resource: its ARN, or ``*``.
        context: keys in lower case to their values.
    """

    principal: Principal
    action: str
    resource: str
    context: Context


@dataclass(frozen=True)
class Policies:
    """What a decision rests on.

    Attributes:
        identity: the policies of the role; None for an administrator, who may do everything that
            is not denied.
        boundary: the role's permissions boundary.
        session: policy of the session.
        resource: policy of the resource.
    """

    identity: Sequence[Policy] | None = ()
    boundary: Policy | None = None
    session: Policy | None = None
    resource: Policy | None = None

    def all(self) -> Iterator[tuple[str, Policy]]:
        """Every policy, and what kind it is."""
        yield from ((IDENTITY, policy) for policy in self.identity or ())
        for kind, policy in (
            (BOUNDARY, self.boundary),
            (SESSION, self.session),
            (RESOURCE, self.resource),
        ):
            if policy is not None:
                yield kind, policy


@dataclass(frozen=True)
class Decision:
    """What came of it.

    Attributes:
        allowed: whether the request may pass.
        by: the statements that decided, and their policies; empty when none speaks of it.
        why: the end of AWS's message for a denial.
    """

    allowed: bool
    by: tuple[tuple[Policy, Statement], ...] = ()
    why: str = ""


def decide(request: Request, policies: Policies) -> Decision:
    """Decide one request.

    Args:
        request: what is asked for.
        policies: what the decision rests on.
    """
    for kind, policy in policies.all():
        denying = _applying(request, policy, allows=False)
        if denying:
            return Decision(False, denying, f"with an explicit deny in {kind}")
    if policies.identity is None:
        return Decision(True)
    by_resource = _applying(request, policies.resource, allows=True) if policies.resource else ()
    if any(_is_direct(request.principal, one.principals) for _, one in by_resource):
        return Decision(True, by_resource)
    by_identity = tuple(
        found for policy in policies.identity for found in _applying(request, policy, allows=True)
    )
    granted = (*by_identity, *by_resource)
    if not granted:
        kind = "resource" if request.principal.service else "identity"
        return Decision(False, (), _missing(f"{kind}-based policy", request))
    for name, limit in (
        ("permissions boundary", policies.boundary),
        ("session policy", policies.session),
    ):
        if limit is not None and not _applying(request, limit, allows=True):
            return Decision(False, (), _missing(name, request))
    return Decision(True, granted)


def depends_on(request: Request, policies: Policies) -> set[str]:
    """Keys, in lower case, that the statements about an action and its resource depend on."""
    return {
        key
        for _, policy in policies.all()
        for one in policy.statements
        if one.is_about(request.action, request.resource, request.context)
        for key in one.depends_on()
    }


def _missing(kind: str, request: Request) -> str:
    return f"because no {kind} allows the {request.action} action"


def _applying(
    request: Request, policy: Policy, *, allows: bool
) -> tuple[tuple[Policy, Statement], ...]:
    return tuple(
        (policy, one)
        for one in policy.statements
        if one.allows is allows
        and one.is_about(request.action, request.resource, request.context)
        and (one.principals is None or names(one.principals, request.principal, grants=allows))
        and one.holds(request.context)
    )


def names(principals: Principals, caller: Principal, *, grants: bool) -> bool:
    """Whether a statement is about a caller.

    The account as a whole stands for everyone in it in a Deny; in an Allow it leaves it to the
    account's own policies, and grants nothing by itself.

    Args:
        principals: of the statement.
        caller: who asks.
        grants: whether the statement is an Allow.
    """
    if caller.service or caller.federated:
        kind = principals.services if caller.service else principals.federated
        found = caller.arn in kind or "*" in (*kind, *principals.aws)
    else:
        whole = () if grants and not principals.inverted else _account_names(caller)
        known = {"*", caller.arn, caller.role, *whole}
        found = any(one in known or _is_role_of(one, caller) for one in principals.aws)
    return found != principals.inverted


def _account_names(caller: Principal) -> tuple[str, str]:
    partition = caller.arn.split(":")[1]
    return caller.account, f"arn:{partition}:iam::{caller.account}:root"


def _is_role_of(name: str, caller: Principal) -> bool:
    """Whether a principal is the caller's role, whose path a session's ARN leaves out."""
    session = _SESSION.fullmatch(caller.arn)
    if session is None or caller.role:
        return False
    return is_like(name, f"{session[1]}:iam::{session[2]}:role/*") and name.endswith(
        f"/{session[3]}"
    )


def _is_direct(caller: Principal, principals: Principals | None) -> bool:
    """Whether an Allow names the session itself, or everyone, and not its role."""
    if principals is None:
        return False
    return caller.service or principals.inverted or bool({"*", caller.arn} & {*principals.aws})
