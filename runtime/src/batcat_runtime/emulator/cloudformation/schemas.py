"""What the resource provider schemas say of a resource type.

cfn-lint ships the schemas that CloudFormation itself registers; they tell which properties force
a replacement, which hold tags, and what type each value has.
Source: "Resource type schema" in the AWS CloudFormation CLI user guide (createOnlyProperties,
conditionalCreateOnlyProperties, primaryIdentifier, tagging).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .checker import CHECKER

PROPERTIES = "/properties/"


@lru_cache(maxsize=256)
def schema(region: str, resource_type: str) -> dict[str, Any]:
    """Resource provider schema of a type in a region; empty when there is none."""
    found: dict[str, Any] = CHECKER.ask("schema", region=region, resource_type=resource_type)
    return found


def _named(document: dict[str, Any], key: str) -> frozenset[str]:
    return frozenset(path.removeprefix(PROPERTIES) for path in document.get(key) or ())


def create_only(region: str, resource_type: str) -> frozenset[str]:
    """Property paths (``A`` or ``A/B``) whose change forces a replacement."""
    return _named(schema(region, resource_type), "createOnlyProperties")


def conditional_create_only(region: str, resource_type: str) -> frozenset[str]:
    """Property paths whose change may force a replacement."""
    return _named(schema(region, resource_type), "conditionalCreateOnlyProperties")


def name_property(region: str, resource_type: str) -> str | None:
    """The property by which a template may name the resource, if a rename replaces it."""
    own = f"{resource_type.rsplit('::', 1)[-1]}Name"
    fixed = create_only(region, resource_type)
    return next((name for name in (own, "Name") if name in fixed), None)


def tag_property(region: str, resource_type: str) -> str | None:
    """The property in which the type takes a list of tags, if it takes one."""
    document = schema(region, resource_type)
    tagging = document.get("tagging") or {}
    name = str(tagging.get("tagProperty", f"{PROPERTIES}Tags")).removeprefix(PROPERTIES)
    tags = (document.get("properties") or {}).get(name) or {}
    return name if tagging.get("taggable") and tags.get("type") == "array" else None


def coerced(region: str, resource_type: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Properties with scalars in the schema's types, as CloudFormation passes them on.

    ``"true"`` becomes True and ``30`` becomes ``"30"`` where the schema says so; what does not
    convert is left for the service to refuse.
    """
    document = schema(region, resource_type)
    value: dict[str, Any] = _coerce(properties, document, document)
    return value


def _coerce(value: Any, shape: Any, document: dict[str, Any]) -> Any:
    while isinstance(shape, dict) and "$ref" in shape:
        shape = document.get("definitions", {}).get(shape["$ref"].rsplit("/", 1)[-1])
    if not isinstance(shape, dict):
        return value
    if isinstance(value, dict):
        known = shape.get("properties") or {}
        patterns = list((shape.get("patternProperties") or {}).values())
        other = patterns[0] if len(patterns) == 1 else None
        return {k: _coerce(v, known.get(k, other), document) for k, v in value.items()}
    if isinstance(value, list):
        return [_coerce(item, shape.get("items"), document) for item in value]
    return _scalar(value, shape.get("type"))


def _scalar(value: Any, wanted: Any) -> Any:
    if isinstance(wanted, list) and "string" in wanted:
        wanted = "string"
    if wanted == "boolean" and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if wanted in ("integer", "number") and isinstance(value, str):
        return _number(value, wanted)
    if wanted == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if wanted == "string" and isinstance(value, (int, float)):
        return str(value)
    return value


def _number(text: str, wanted: str) -> int | float | str:
    """A whole number stays one: JSON's ``number`` holds both, and a service may want an integer."""
    try:
        return int(text)
    except ValueError:
        if wanted == "integer":
            return text
    try:
        return float(text)
    except ValueError:
        return text
