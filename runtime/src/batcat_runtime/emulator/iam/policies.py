"""Whether a policy document follows the grammar of policies.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. Names of
actions and of things outside the document are not looked up.
"""

from __future__ import annotations

import json
import re
from typing import Any

VERSIONS = ("2012-10-17", "2008-10-17")
ELEMENTS = {"Version", "Id", "Statement"}
STATEMENT = {
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
}
PRINCIPALS = ("AWS", "Service", "Federated", "CanonicalUser")
SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?")
OPERATORS = re.compile(
    r"(ForAllValues:|ForAnyValue:)?"
    r"(String(Not)?(Equals(IgnoreCase)?|Like)|Numeric(Not)?Equals|Date(Not)?Equals"
    r"|(Numeric|Date)(Less|Greater)Than(Equals)?|Bool|BinaryEquals|(Not)?IpAddress"
    r"|Arn(Not)?(Equals|Like))(IfExists)?|Null"
)
"""Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html."""

IDENTITY, TRUST, RESOURCE = "identity", "trust", "resource"
"""A policy on a role; who may assume a role; a policy on a thing, such as a bucket."""


class PolicyError(ValueError):
    """The document breaks the grammar; the message says how."""


def check(text: str | bytes, kind: str) -> dict[str, Any]:
    """Read a policy document.

    Args:
        text: the document.
        kind: ``IDENTITY``, ``TRUST`` or ``RESOURCE``.

    Returns:
        The document, ``Statement`` always a list.

    Raises:
        PolicyError: it breaks the grammar.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyError(f"Policies must be valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise PolicyError("Policies must be valid JSON and the first byte must be '{'")
    _only(document, ELEMENTS)
    if document.get("Version", VERSIONS[1]) not in VERSIONS:
        raise PolicyError(f"Version must be one of {', '.join(VERSIONS)}")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise PolicyError("Missing required field Statement")
    for statement in statements:
        if not isinstance(statement, dict):
            raise PolicyError("Statement must be an object or a list of objects")
        _check_statement(statement, kind)
    return {**document, "Statement": statements}


def listed(value: Any) -> list[Any]:
    """A value that may stand alone or in a list."""
    return value if isinstance(value, list) else [value]


def _check_statement(statement: dict[str, Any], kind: str) -> None:
    _only(statement, STATEMENT)
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError("Missing required field Effect, which is Allow or Deny")
    _one_of(statement, "Action", required=True)
    _one_of(statement, "Resource", required=kind != TRUST)
    _one_of(statement, "Principal", required=kind != IDENTITY)
    if kind == TRUST:
        _check_trusted_actions(statement)
    for name in ("Principal", "NotPrincipal"):
        if name in statement:
            _check_principal(statement[name])
    condition = statement.get("Condition", {})
    if not isinstance(condition, dict):
        raise PolicyError("Condition must be an object")
    for operator, terms in condition.items():
        if not OPERATORS.fullmatch(operator) or not isinstance(terms, dict):
            raise PolicyError(f"Invalid Condition type : {operator}")


def _only(mapping: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(mapping) - known)
    if unknown:
        raise PolicyError(f"Syntax errors in policy: unknown field {', '.join(unknown)}")


def _one_of(statement: dict[str, Any], name: str, *, required: bool) -> None:
    """An element, or its opposite, and only where it belongs."""
    given = [key for key in (name, f"Not{name}") if key in statement]
    if given and not required:
        raise PolicyError(f"Has prohibited field {given[0]}")
    if required and len(given) != 1:
        raise PolicyError(f"Missing required field {name}" if not given else "Syntax errors")
    if name == "Principal":
        return
    for key in given:
        values = listed(statement[key])
        if not values or not all(isinstance(value, str) and value for value in values):
            raise PolicyError(f"{key} must be text or a list of texts")
        if name == "Action" and not all(_is_action(value) for value in values):
            raise PolicyError("Actions must be prefaced by a vendor, e.g. s3:GetObject")


def _is_action(value: str) -> bool:
    return value == "*" or re.fullmatch(r"[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+", value) is not None


def _check_trusted_actions(statement: dict[str, Any]) -> None:
    actions = listed(statement.get("Action", "sts:"))
    if not all(action.lower().startswith("sts:") for action in actions):
        raise PolicyError("AssumeRole policy may only specify STS AssumeRole actions.")


def _check_principal(principal: Any) -> None:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or set(principal) - set(PRINCIPALS):
        raise PolicyError(
            f"Invalid principal in policy: it is * or an object of {', '.join(PRINCIPALS)}"
        )
    for kind, names in principal.items():
        for name in listed(names) or [None]:
            right = isinstance(name, str) and bool(name)
            if kind == "Service" and right:
                right = name == "*" or SERVICE.fullmatch(name) is not None
            if kind == "AWS" and right:
                right = name == "*" or bool(re.fullmatch(r"\d{12}|arn:[^*]+|A[A-Z0-9]{20}", name))
            if not right:
                raise PolicyError(f'Invalid principal in policy: "{kind}":"{name}"')
