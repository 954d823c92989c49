"""Check a template with cfn-lint, in this process and offline, as the region would.

cfn-lint holds the schemas that CloudFormation registers resource types with, so what fails here
fails in AWS: an unknown type, property, reference or attribute, a value of the wrong type.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from .errors import ValidationError

# cfn-lint keeps its rules' state in module globals; one template at a time.
_LOCK = Lock()
FALSE_ALARMS: tuple[tuple[str, str, str], ...] = ()
"""Known false positives as (rule, part of the message, reason)."""


def check(body: str, region: str) -> None:
    """Raise for every error cfn-lint finds; warnings and advice are left to its own command.

    Raises:
        ValidationError: names each finding with its rule, place and line.
    """
    findings = _findings(body, region)
    if findings:
        raise ValidationError("Template validation error: " + "; ".join(findings))


def _findings(body: str, region: str) -> list[str]:
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    with _LOCK:
        matches = lint(body, config=ManualArgs(regions=[region]))
    found = []
    for match in matches:
        rule = match.rule.id
        if not rule.startswith("E") or _is_false(rule, match.message):
            continue
        found.append(f"[{rule}] {match.message} (at {_place(match)}, line {match.linenumber})")
    return sorted(set(found))


def _is_false(rule: str, message: str) -> bool:
    return any(rule == known and part in message for known, part, _ in FALSE_ALARMS)


def _place(match: Any) -> str:
    return "/".join(str(part) for part in match.path or ()) or "the top"
