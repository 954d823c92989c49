"""What a check found, and what mends it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

OK, WARNING, FAILED, UNKNOWN = "ok", "warning", "failed", "unknown"


class NotLooked(Exception):  # noqa: N818 - it is no error: something cannot be known
    """A check cannot be made, and why."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: what was looked at, for example ``bucket``.
        level: ``ok``, ``warning``, ``failed``, or ``unknown`` where it cannot be looked at.
        text: what was found.
        where: file, ARN or name that it is about.
        mend: the statement or command that mends it; empty when there is nothing to mend.
    """

    check: str
    level: str
    text: str
    where: str = ""
    mend: str = ""


@dataclass(frozen=True)
class Report:
    """All that was found.

    Attributes:
        findings: in the order of the checks.
    """

    findings: tuple[Finding, ...]

    def is_well(self, *, strict: bool = False) -> bool:
        """Whether nothing stands in the way.

        Args:
            strict: take warnings for failures.
        """
        bad = (FAILED, WARNING) if strict else (FAILED,)
        return not any(finding.level in bad for finding in self.findings)


def statement(
    actions: list[str], resources: list[str], condition: dict[str, Any] | None = None
) -> str:
    """Write the statement that a policy lacks."""
    document: dict[str, Any] = {
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": resources[0] if len(resources) == 1 else resources,
    }
    if condition:
        document["Condition"] = condition
    return json.dumps(document)
