"""What would change: the stack as it stands against the model it shall become.

Pure. Whether a change replaces a resource is read from the provider schema's createOnlyProperties.
Source of the fields and of their rules: ResourceChange, ResourceChangeDetail and
ResourceTargetDefinition in the CloudFormation API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import schemas
from .errors import ValidationError
from .intrinsics import PLACEHOLDER, causes_in, unknown
from .model import Lookup, Model, nothing_known
from .state import Change, Detail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Output
    from .state import Resource

NEVER, CONDITIONALLY, ALWAYS = "Never", "Conditionally", "Always"
OTHER_ATTRIBUTES = ("Metadata", "DeletionPolicy", "UpdateReplacePolicy")
RETAINING = ("Retain", "RetainExceptOnCreate")


def plan(model: Model, standing: Mapping[str, Resource], values: Mapping[str, str]) -> list[Change]:
    """Changes that turn ``standing`` into ``model``: added and modified in order, then removed.

    Args:
        model: what the stack shall become.
        standing: its resources as they are.
        values: the parameters that it has.

    Raises:
        ValidationError: a resource has another type than before.
    """
    kinds = {name: resource["Type"] for name, resource in model.resources.items()}
    other = [name for name, old in standing.items() if kinds.get(name, old.kind) != old.kind]
    if other:
        raise ValidationError(
            "Update of resource type is not permitted. The new template modifies resource type "
            f"of the following resources: [{', '.join(other)}]"
        )
    changes: dict[str, Change] = {}
    lookup = _partly_known(model, standing, changes)
    changed = {name for name, value in model.values.items() if value != values.get(name)}
    for name in model.order:
        kind = model.resources[name]["Type"]
        if name not in standing:
            changes[name] = Change("Add", name, kind)
            continue
        change = _compare(model, standing[name], lookup, changed)
        if change.details:
            changes[name] = change
    removed = [
        Change("Remove", name, old.kind, old.physical_id, policy=_policy(old, "DeletionPolicy"))
        for name, old in standing.items()
        if name not in model.resources
    ]
    return [*changes.values(), *removed]


def outputs_of(model: Model, standing: Mapping[str, Resource]) -> list[Output]:
    """The model's outputs where no resource changes."""
    return model.outputs(_partly_known(model, standing, {}))


def create_only_changes(
    region: str, kind: str, new: Mapping[str, Any], old: Mapping[str, Any]
) -> list[str]:
    """Property paths that differ and cannot be changed in place."""
    fixed = schemas.create_only(region, kind) | schemas.conditional_create_only(region, kind)
    return sorted(path for path in fixed if _at(new, path) != _at(old, path))


def _compare(model: Model, old: Resource, lookup: Lookup, changed: set[str]) -> Change:
    name = old.logical_id
    declared = model.resources[name]
    new = model.properties(name, lookup)
    details: list[Detail] = []
    for key in dict.fromkeys([*new, *old.properties]):
        if new.get(key) != old.properties.get(key):
            details += _property_details(model, old, key, new, changed)
    for key in OTHER_ATTRIBUTES:
        if declared.get(key) != old.declared.get(key):
            details.append(Detail(key, "", NEVER, "Static", "DirectModification"))
    replacement = _replacement(details)
    policy = ""
    if replacement == "True":
        kept = _policy(old, "UpdateReplacePolicy") == "Retain"
        policy = "ReplaceAndRetain" if kept else "ReplaceAndDelete"
    return Change(
        "Modify",
        name,
        old.kind,
        old.physical_id,
        replacement,
        tuple(dict.fromkeys(detail.attribute for detail in details)),
        tuple(details),
        policy,
    )


def _property_details(
    model: Model, old: Resource, key: str, new: Mapping[str, Any], changed: set[str]
) -> Iterator[Detail]:
    attribute = "Tags" if key == "Tags" else "Properties"
    recreation = _recreation(model.place.region, old.kind, key, new, old.properties)
    causes = causes_in(new.get(key))
    for cause in sorted(causes, key=lambda cause: cause.entity):
        yield Detail(attribute, key, recreation, "Dynamic", cause.source, cause.entity)
    if causes:
        return
    before = (old.declared.get("Properties") or {}).get(key)
    after = (model.resources[old.logical_id].get("Properties") or {}).get(key)
    parameters = sorted(_references(after) & changed) if before == after else []
    for parameter in parameters:
        yield Detail(attribute, key, recreation, "Static", "ParameterReference", parameter)
    if not parameters:
        yield Detail(attribute, key, recreation, "Static", "DirectModification")


def _recreation(
    region: str, kind: str, key: str, new: Mapping[str, Any], old: Mapping[str, Any]
) -> str:
    def touched(paths: frozenset[str]) -> bool:
        own = [path for path in paths if path.split("/", 1)[0] == key]
        return any(_at(new, path) != _at(old, path) for path in own)

    if touched(schemas.create_only(region, kind)):
        return ALWAYS
    return CONDITIONALLY if touched(schemas.conditional_create_only(region, kind)) else NEVER


def _replacement(details: list[Detail]) -> str:
    if any(d.recreation == ALWAYS and d.evaluation == "Static" for d in details):
        return "True"
    return "Conditional" if any(d.recreation != NEVER for d in details) else "False"


def _partly_known(
    model: Model, standing: Mapping[str, Resource], changes: Mapping[str, Change]
) -> Lookup:
    """Values of resources that stay as they are; what a change may alter is unknown."""
    nothing = nothing_known(model.resources)

    def reference(name: str) -> Any:
        nothing.reference(name)
        change = changes.get(name)
        stays = change is None or (change.action == "Modify" and change.replacement == "False")
        if name in standing and stays:
            return standing[name].physical_id
        return unknown(name, "ResourceReference")

    def attribute(name: str, key: str) -> Any:
        nothing.attribute(name, key)
        change = changes.get(name)
        stays = change is None or (change.action == "Modify" and "Properties" not in change.scope)
        if name in standing and stays:
            return standing[name].attributes[key]
        return unknown(f"{name}.{key}", "ResourceAttribute")

    return Lookup(reference, attribute)


def _policy(resource: Resource, key: str) -> str:
    return "Retain" if resource.declared.get(key) in RETAINING else "Delete"


def _at(properties: Mapping[str, Any], path: str) -> Any:
    value: Any = properties
    for part in path.split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _references(expression: Any) -> set[str]:
    """Names an expression refers to with ``Ref`` or in ``Fn::Sub``."""
    found: set[str] = set()
    if isinstance(expression, dict):
        if isinstance(expression.get("Ref"), str):
            found.add(expression["Ref"])
        text = expression.get("Fn::Sub")
        text = text[0] if isinstance(text, list) else text
        if isinstance(text, str):
            found |= {match.group(2) for match in PLACEHOLDER.finditer(text)}
    parts = expression.values() if isinstance(expression, dict) else expression
    if isinstance(expression, (dict, list)):
        for part in parts:
            found |= _references(part)
    return found
