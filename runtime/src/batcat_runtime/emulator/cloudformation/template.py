"""Read a template: YAML with short-form functions, or JSON.

Source: "CloudFormation template formats" in the user guide; YAML 1.1 without aliases.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from batcat_runtime.emulator.protocol import NotEmulated

from .errors import ValidationError

SERVERLESS = "AWS::Serverless-2016-10-31"
SECTIONS = (
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Transform",
)
SECTIONS_NOT_DONE = ("Hooks", "Rules")
RESOURCE_KEYS = (
    "Condition",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdateReplacePolicy",
)
RESOURCE_KEYS_NOT_DONE = ("CreationPolicy", "UpdatePolicy")
POLICIES = ("Delete", "Retain", "RetainExceptOnCreate")
DEEPEST = 150
"""Levels that a template may have here: cfn-lint stumbles over more than 200."""


def parse(body: str) -> dict[str, Any]:
    """The template as plain dictionaries, with ``!Sub`` as ``{"Fn::Sub": …}`` and the like.

    Raises:
        ValidationError: the text is no template.
    """
    try:
        document = json.loads(body) if body.lstrip().startswith("{") else _load_yaml(body)
        levels = _levels(document)
    except RecursionError:
        levels = DEEPEST + 1
    except json.JSONDecodeError as error:
        raise ValidationError(
            f"Template format error: JSON not well-formed. (line {error.lineno}, "
            f"column {error.colno})"
        ) from error
    if levels > DEEPEST:
        raise ValidationError(
            f"Template format error: nested more than {DEEPEST} levels deep, which batcat local "
            "does not read."
        )
    if not isinstance(document, dict):
        raise ValidationError("Template format error: unsupported structure.")
    if not isinstance(document.get("Resources"), dict) or not document["Resources"]:
        raise ValidationError(
            "Template format error: At least one Resources member must be defined."
        )
    # Keys are text in CloudFormation, whatever YAML takes them for.
    template: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return template


def check_sections(document: dict[str, Any]) -> None:
    """Refuse what CloudFormation would reject, and by name what it would do and this does not."""
    for section in document:
        if section in SECTIONS_NOT_DONE:
            raise NotEmulated(f"The template section {section}")
        if section not in SECTIONS:
            raise ValidationError(f"Invalid template property or properties [{section}]")
    for name, resource in document["Resources"].items():
        if resource is None:
            raise ValidationError(
                f"Template validation error: [/Resources/{name}] 'null' values are not allowed in "
                "templates"
            )
    for transform in transforms(document):
        if transform != SERVERLESS:
            raise NotEmulated(f"The transform {transform}", f"{SERVERLESS} is.")


def check_resources(document: dict[str, Any]) -> None:
    """Refuse resource attributes and policies that are not honoured."""
    for name, resource in document["Resources"].items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise ValidationError(
                f"Template format error: [/Resources/{name}] Every Resources object must contain "
                "a Type member."
            )
        for key in resource:
            if key in RESOURCE_KEYS_NOT_DONE:
                raise NotEmulated(f"{key} of resource {name}")
            if key not in RESOURCE_KEYS:
                raise ValidationError(
                    f"Invalid template resource property '{key}' (resource {name})"
                )
        for key in ("DeletionPolicy", "UpdateReplacePolicy"):
            policy = resource.get(key, "Delete")
            if not isinstance(policy, str) or policy not in POLICIES:
                raise NotEmulated(f"{key} {policy} of resource {name}", f"Use one of {POLICIES}.")


def transforms(document: dict[str, Any]) -> list[str]:
    """Names of the transforms that a template declares."""
    declared = document.get("Transform") or []
    entries = declared if isinstance(declared, list) else [declared]
    return [entry["Name"] if isinstance(entry, dict) else entry for entry in entries]


def _levels(value: Any) -> int:
    if not isinstance(value, (dict, list)):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_levels, inner), default=0)


def _load_yaml(body: str) -> Any:
    import yaml

    try:
        return yaml.load(body, Loader=_loader())  # noqa: S506 - it derives from SafeLoader
    except yaml.YAMLError as error:
        detail = " ".join(str(error).split())
        raise ValidationError(f"Template format error: YAML not well-formed. ({detail})") from error


@lru_cache(maxsize=1)
def _loader() -> Any:
    """A YAML loader that knows the short forms and keeps dates as text."""
    import yaml

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.events.AliasEvent):
                raise ValidationError(
                    "Template error: YAML aliases are not allowed in CloudFormation templates"
                )
            return super().compose_node(parent, index)

    Loader.yaml_implicit_resolvers = {
        first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_multi_constructor("!", _construct_function)
    return Loader


def _construct_function(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    import yaml

    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if name == "Fn::GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}
