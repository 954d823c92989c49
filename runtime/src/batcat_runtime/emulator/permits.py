"""Whether the policy of a topic, queue or function lets an AWS service act on it.

Source: "Policy evaluation logic" in the IAM user guide: a Deny wins, and without an Allow nothing
is allowed. Conditions under other keys than those below hold for no call made here.
"""

from __future__ import annotations

import json
import operator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from .iam.policies import listed

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": operator.eq,
    "stringlike": fnmatchcase,
    "arnequals": fnmatchcase,
    "arnlike": fnmatchcase,
    "bool": lambda value, wanted: value.lower() == wanted.lower(),
    "stringnotequals": operator.ne,
    "arnnotequals": lambda value, wanted: not fnmatchcase(value, wanted),
    "arnnotlike": lambda value, wanted: not fnmatchcase(value, wanted),
}
NEGATED = ("stringnotequals", "arnnotequals", "arnnotlike")
"""Operators that must hold for every value, not for one."""


@dataclass(frozen=True)
class Act:
    """What a service is about to do.

    Attributes:
        service: who, e.g. ``events.amazonaws.com``.
        action: what, e.g. ``sqs:SendMessage``.
        resource: ARN of what it is done to.
        source: ARN of the rule, topic, alarm or bucket that it is done for.
        account: twelve-digit account id of the source.
    """

    service: str
    action: str
    resource: str
    source: str
    account: str

    def context(self) -> dict[str, str]:
        """Values of the condition keys, in lower case."""
        return {
            "aws:sourcearn": self.source,
            "aws:sourceaccount": self.account,
            "aws:sourceowner": self.account,
            "aws:securetransport": "true",
            "aws:principalisawsservice": "true",
        }


def permits(policy: str | None, act: Act) -> bool:
    """Whether a resource's policy allows what a service is about to do.

    Args:
        policy: the policy document, or None when there is none.
        act: who does what for whom.
    """
    statements = listed(json.loads(policy).get("Statement", [])) if policy else []
    meant = [one["Effect"] for one in statements if _is_meant(one, act)]
    return "Deny" not in meant and "Allow" in meant


def _is_meant(statement: dict[str, Any], act: Act) -> bool:
    actions = [action.lower() for action in listed(statement.get("Action", []))]
    wanted = act.action.lower()
    return (
        _is_principal(statement.get("Principal"), act.service)
        and any(fnmatchcase(wanted, action) for action in actions)
        and any(fnmatchcase(act.resource, one) for one in listed(statement.get("Resource", "*")))
        and all(_holds(kind, terms, act) for kind, terms in statement.get("Condition", {}).items())
    )


def _is_principal(principal: Any, service: str) -> bool:
    if not isinstance(principal, dict):
        return bool(principal == "*")
    named = listed(principal.get("Service", []))
    return service in named or "*" in listed(principal.get("AWS", [])) or "*" in named


def _holds(kind: str, terms: dict[str, Any], act: Act) -> bool:
    name = kind.lower()
    optional = name.endswith("ifexists")
    test = TESTS.get(name.removesuffix("ifexists"))
    for key, values in terms.items():
        value = act.context().get(key.lower())
        if test is None or (value is None and not optional):
            return False
        if value is not None:
            found = [test(value, str(wanted)) for wanted in listed(values)]
            if not (all(found) if name in NEGATED else any(found)):
                return False
    return True
