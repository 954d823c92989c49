"""Check a template with cfn-lint, offline, as the region would.

cfn-lint holds the schemas that CloudFormation registers resource types with, so what fails here
fails in AWS: an unknown type, property, reference or attribute, a value of the wrong type.
"""

from __future__ import annotations

from functools import lru_cache

from .checker import CHECKER
from .errors import ValidationError


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
    return tuple(CHECKER.ask("findings", body=body, region=region))
