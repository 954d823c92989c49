"""Values of a template's parameters: given, previous or default, and checked.

Source of the constraints: "CloudFormation template Parameters syntax" in the user guide. The
messages for AllowedValues, AllowedPattern and ConstraintDescription are CloudFormation's; those
for lengths and bounds follow the same form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import NotEmulated

from .errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TYPES = ("String", "Number", "CommaDelimitedList", "List<Number>", "List<String>")
HIDDEN = "****"


def given(
    entries: Iterable[Mapping[str, Any]], previous: Mapping[str, str], declared: Mapping[str, Any]
) -> dict[str, str]:
    """Parameter texts by name, from a request's ``Parameters``.

    Args:
        entries: ``{"ParameterKey", "ParameterValue" | "UsePreviousValue"}`` as in the API.
        previous: values of the stack before, empty for a new one.
        declared: the template's Parameters section.

    Raises:
        ValidationError: a name is not declared, or there is no previous value.
    """
    values = {}
    strange = sorted({e["ParameterKey"] for e in entries} - set(declared))
    if strange:
        raise ValidationError(f"Parameters: [{', '.join(strange)}] do not exist in the template")
    for entry in entries:
        key = entry["ParameterKey"]
        if "ResolvedValue" in entry:
            raise NotEmulated(f"ResolvedValue of parameter {key}")
        if not entry.get("UsePreviousValue"):
            values[key] = entry.get("ParameterValue", "")
        elif key in previous:
            values[key] = previous[key]
        else:
            raise ValidationError(
                f"Invalid input for parameter key {key}. "
                "Cannot specify usePreviousValue as true for a parameter key not in the "
                "previous template"
            )
    return values


def texts(declared: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """Every declared parameter's text: the given one, else its default.

    Raises:
        ValidationError: a value is missing or breaks a constraint.
        NotEmulated: a parameter's type is looked up in an account.
    """
    result = {}
    missing = [k for k, d in declared.items() if k not in values and "Default" not in d]
    if missing:
        raise ValidationError(f"Parameters: [{', '.join(missing)}] must have values")
    for key, declaration in declared.items():
        if declaration.get("Type", "String") not in TYPES:
            raise NotEmulated(
                f"Parameter {key} of type {declaration['Type']}", f"Use one of {', '.join(TYPES)}."
            )
        text = values[key] if key in values else _default_text(declaration["Default"])
        _check(key, text, declaration)
        result[key] = text
    return result


def _default_text(default: Any) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    return str(default)


def value_of(text: str, declaration: Mapping[str, Any]) -> Any:
    """What ``Ref`` gives for a parameter: text, or a list of texts."""
    if declaration.get("Type", "String") in ("String", "Number"):
        return text
    return [part.strip() for part in text.split(",")] if text else []


def shown(text: str, declaration: Mapping[str, Any]) -> str:
    """The text as DescribeStacks shows it; NoEcho hides it."""
    return HIDDEN if str(declaration.get("NoEcho", "")).lower() == "true" else text


def _check(key: str, text: str, declaration: Mapping[str, Any]) -> None:
    kind = declaration.get("Type", "String")
    value = value_of(text, declaration)
    for item in value if isinstance(value, list) else [value]:
        fault = _fault(item, kind, declaration)
        if fault and "ConstraintDescription" in declaration:
            reason = declaration["ConstraintDescription"]
            raise ValidationError(f"Parameter {key} failed to satisfy constraint: {reason}")
        if fault:
            raise ValidationError(f"Parameter '{key}' {fault}")


def _fault(item: str, kind: str, declaration: Mapping[str, Any]) -> str | None:
    allowed = [_default_text(choice) for choice in declaration.get("AllowedValues", [])]
    if allowed and item not in allowed:
        return "must be one of AllowedValues"
    pattern = declaration.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, item):
        return f"must match pattern {pattern}"
    if "Number" in kind:
        return _number_fault(item, declaration)
    if kind == "String":
        if "MinLength" in declaration and len(item) < int(declaration["MinLength"]):
            return f"must contain at least {declaration['MinLength']} characters"
        if "MaxLength" in declaration and len(item) > int(declaration["MaxLength"]):
            return f"must contain at most {declaration['MaxLength']} characters"
    return None


def _number_fault(item: str, declaration: Mapping[str, Any]) -> str | None:
    try:
        number = float(item)
    except ValueError:
        return "must be a number"
    if "MinValue" in declaration and number < float(declaration["MinValue"]):
        return f"must be a number not less than {declaration['MinValue']}"
    if "MaxValue" in declaration and number > float(declaration["MaxValue"]):
        return f"must be a number not greater than {declaration['MaxValue']}"
    return None
