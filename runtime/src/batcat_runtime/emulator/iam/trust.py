"""Whom a trust policy lets in, for callers that are not services.

Services are looked at in :mod:`.assumable`.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any

from batcat_runtime.emulator.protocol import NotEmulated

from .policies import listed

ACTION = "sts:assumerole"
EXTERNAL_ID = "sts:externalid"
SESSION = re.compile(r"(arn:[^:]+):sts::(\d+):assumed-role/([^/]+)/.+")


def lets_in(document: dict[str, Any], caller: str, external_id: str | None) -> bool:
    """Whether a role may be assumed.

    Args:
        document: the role's trust policy.
        caller: ARN of who asks; it belongs to the role's account.
        external_id: the request's ExternalId.

    Raises:
        NotEmulated: it depends on a condition other than the external id, or on NotPrincipal.
    """
    effects = {
        statement["Effect"]
        for statement in listed(document["Statement"])
        if _applies(statement, caller, external_id)
    }
    return effects == {"Allow"}


def _applies(statement: dict[str, Any], caller: str, external_id: str | None) -> bool:
    for name in ("NotPrincipal", "NotAction"):
        if name in statement:
            raise NotEmulated(f"sts AssumeRole of a role whose trust policy has {name}")
    actions = [str(action).lower() for action in listed(statement["Action"])]
    return (
        any(fnmatchcase(ACTION, action) for action in actions)
        and _is_meant(statement["Principal"], caller)
        and all(
            _holds(operator, key, value, external_id)
            for operator, terms in statement.get("Condition", {}).items()
            for key, value in terms.items()
        )
    )


def _is_meant(principal: Any, caller: str) -> bool:
    names = listed(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]
    account = caller.split(":")[4]
    known = {"*", account, caller}
    session = SESSION.fullmatch(caller)
    return any(
        name in known
        or name.endswith(f":iam::{account}:root")
        or (session is not None and _is_role(name, session[2], session[3]))
        for name in names
    )


def _is_role(arn: str, account: str, role: str) -> bool:
    """Whether an ARN names a role; a session's ARN leaves the role's path out."""
    return f":iam::{account}:role/" in arn and arn.rpartition("/")[2] == role


def _holds(operator: str, key: str, value: Any, external_id: str | None) -> bool:
    if operator != "StringEquals" or key.lower() != EXTERNAL_ID:
        raise NotEmulated(f"sts AssumeRole under the trust policy's condition {operator} {key}")
    return external_id in listed(value)
