"""Check a template with cfn-lint, in this process and offline, as the region would.

cfn-lint holds the schemas that CloudFormation registers resource types with, so what fails here
fails in AWS: an unknown type, property, reference or attribute, a value of the wrong type.
"""

from __future__ import annotations

from functools import lru_cache
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


@lru_cache(maxsize=64)
def _findings(body: str, region: str) -> tuple[str, ...]:
    from cfnlint.decode.decode import decode_str

    with _LOCK:
        template, matches = decode_str(body)
        if not matches:
            matches = list(_runner(region).validate_template(template))
    found = set()
    for match in matches:
        rule = match.rule.id
        if rule.startswith("E") and not _is_false(rule, match.message):
            found.add(f"[{rule}] {match.message} (at {_place(match)}, line {match.linenumber})")
    return tuple(sorted(found))


@lru_cache(maxsize=4)
def _runner(region: str) -> Any:
    """cfn-lint with its rules loaded, which takes ten times as long as checking a template."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn(regions=[region]))


def warm(region: str) -> None:
    """Load cfn-lint and its rules, and what it knows of the region."""
    _findings("Resources: {Warm: {Type: 'AWS::S3::Bucket'}}", region)


def _is_false(rule: str, message: str) -> bool:
    return any(rule == known and part in message for known, part, _ in FALSE_ALARMS)


def _place(match: Any) -> str:
    return "/".join(str(part) for part in match.path or ()) or "the top"
