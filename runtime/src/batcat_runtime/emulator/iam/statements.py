"""Policies read once, so that a decision only compares; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from . import conditions
from .matching import filled, is_like, keys_of
from .policies import listed

if TYPE_CHECKING:
    from .conditions import Condition
    from .matching import Context

WITH_VARIABLES = "2012-10-17"


@dataclass(frozen=True)
class Principals:
    """Who a statement of a resource's policy is about.

    Attributes:
        aws: ARNs, account ids or ``*``.
        services: e.g. ``events.amazonaws.com``.
        federated: ARNs of identity providers.
        inverted: whether everyone else is meant.
    """

    aws: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    inverted: bool = False


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes:
        index: its place in the policy, from 0.
        sid: its name, or nothing.
        allows: False for a Deny.
        actions: patterns.
        other_actions: whether all other actions are meant (NotAction).
        resources: patterns; a trust policy has none, and means its own role.
        other_resources: whether all other resources are meant (NotResource).
        principals: who; None in a policy on a role.
        conditions: all must hold.
        variables: whether ``${…}`` means something.
    """

    index: int
    sid: str
    allows: bool
    actions: tuple[str, ...]
    other_actions: bool
    resources: tuple[str, ...]
    other_resources: bool
    principals: Principals | None
    conditions: tuple[Condition, ...]
    variables: bool

    def is_about(self, action: str, resource: str, context: Context) -> bool:
        """Whether it means an action on a resource, conditions left aside."""
        if (
            any(is_like(action, one, ignore_case=True) for one in self.actions)
            == self.other_actions
        ):
            return False
        if not self.resources:
            return True
        patterns = (filled(one, context) if self.variables else one for one in self.resources)
        fits = any(one is not None and is_like(resource, one) for one in patterns)
        return fits != self.other_resources

    def holds(self, context: Context) -> bool:
        """Whether its conditions are met."""
        return all(one.holds(context, variables=self.variables) for one in self.conditions)

    def depends_on(self) -> set[str]:
        """Keys of the request, in lower case, that it depends on."""
        texts = [*self.resources, *(value for one in self.conditions for value in one.values)]
        used = {key for text in texts for key in keys_of(text)} if self.variables else set()
        return used | {one.key for one in self.conditions}


@dataclass(frozen=True)
class Policy:
    """One policy.

    Attributes:
        name: what it is called; for records and messages.
        statements: in their order.
    """

    name: str
    statements: tuple[Statement, ...]


@lru_cache(maxsize=512)
def read(name: str, text: str) -> Policy:
    """Read a policy that follows the grammar.

    Args:
        name: what it is called.
        text: the document.
    """
    document = json.loads(text)
    variables = document.get("Version") == WITH_VARIABLES
    found = listed(document.get("Statement", []))
    return Policy(name, tuple(_statement(index, one, variables) for index, one in enumerate(found)))


def _statement(index: int, one: dict[str, Any], variables: bool) -> Statement:
    return Statement(
        index=index,
        sid=one.get("Sid", ""),
        allows=one["Effect"] == "Allow",
        actions=tuple(listed(one.get("Action", one.get("NotAction", [])))),
        other_actions="NotAction" in one,
        resources=tuple(listed(one.get("Resource", one.get("NotResource", [])))),
        other_resources="NotResource" in one,
        principals=_principals(one),
        conditions=conditions.read(one.get("Condition", {})),
        variables=variables,
    )


def _principals(one: dict[str, Any]) -> Principals | None:
    if "Principal" not in one and "NotPrincipal" not in one:
        return None
    given: Any = one.get("Principal", one.get("NotPrincipal"))
    if given == "*":
        given = {"AWS": "*"}
    return Principals(
        aws=tuple(listed(given.get("AWS", []))),
        services=tuple(listed(given.get("Service", []))),
        federated=tuple(listed(given.get("Federated", []))),
        inverted="NotPrincipal" in one,
    )
