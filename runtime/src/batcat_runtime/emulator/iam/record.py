"""What was decided for sessions of roles, kept for ``batcat audit``."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .decide import Decision, Request

MOST_RESOURCES = 1000
"""How many resources are kept of one statement and action; beyond, they only count."""

DENIALS = 1000


class Record:
    """Statements that were used, and what was denied."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str, int, str, str], dict[str, int]] = {}
        self._denied: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._lock = RLock()

    def add(self, request: Request, decision: Decision) -> None:
        """Note a decision about a session of a role."""
        role = request.principal.role
        with self._lock:
            if not decision.allowed:
                key = (role, request.action, request.resource)
                if key in self._denied or len(self._denied) < DENIALS:
                    entry = self._denied.setdefault(key, {"why": decision.why, "times": 0})
                    entry["times"] += 1
                return
            for policy, statement in decision.by:
                if statement.principals is not None:
                    continue
                where = (role, policy.name, statement.index, statement.sid, request.action)
                resources = self._used.setdefault(where, {})
                if request.resource in resources or len(resources) < MOST_RESOURCES:
                    resources[request.resource] = resources.get(request.resource, 0) + 1

    def document(self) -> dict[str, Any]:
        """Everything as JSON."""
        with self._lock:
            return {
                "used": [
                    {
                        "role": role,
                        "policy": policy,
                        "statement": index,
                        "sid": sid,
                        "action": action,
                        "resources": sorted(resources),
                    }
                    for (role, policy, index, sid, action), resources in self._used.items()
                ],
                "denied": [
                    {"role": role, "action": action, "resource": resource, **told}
                    for (role, action, resource), told in self._denied.items()
                ],
            }
