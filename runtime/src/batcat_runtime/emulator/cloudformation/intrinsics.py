"""Evaluate CloudFormation's intrinsic functions.

Pure: an expression and a :class:`Scope` go in, a value comes out. While a change set is planned,
values of resources that do not exist yet are :class:`Unknown`; every function passes them on.

Source: "Intrinsic function reference" in the AWS CloudFormation template reference guide.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import NotEmulated

from .errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PLACEHOLDER = re.compile(r"\$\{(!?)([^{}]*)\}")
DYNAMIC_REFERENCE = re.compile(r"\{\{resolve:[^}]*\}\}")
NOT_DONE = (
    "Fn::Cidr",
    "Fn::ForEach",
    "Fn::GetAZs",
    "Fn::GetStackOutput",
    "Fn::Length",
    "Fn::ToJsonString",
    "Fn::Transform",
)


class NoValue:
    """``AWS::NoValue``: the property that holds it is left out."""

    def __repr__(self) -> str:
        """As templates write it."""
        return "AWS::NoValue"


NO_VALUE = NoValue()


@dataclass(frozen=True)
class Cause:
    """Why a value is not known yet: ``entity`` is ``Name`` or ``Name.Attribute``."""

    entity: str
    source: str


@dataclass(frozen=True)
class Unknown:
    """A value that is known only once the resources it comes from exist."""

    causes: frozenset[Cause]


def unknown(entity: str, source: str) -> Unknown:
    """An unknown value with one cause."""
    return Unknown(frozenset({Cause(entity, source)}))


def causes_in(value: Any) -> frozenset[Cause]:
    """Every cause of every unknown inside a value."""
    if isinstance(value, Unknown):
        return value.causes
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return frozenset().union(*(causes_in(part) for part in parts))


def _no_import(name: str) -> Any:
    raise ValidationError(f"No export named {name} found.")


def _no_resource(name: str, attribute: str | None = None) -> Any:
    what = f"{name}.{attribute}" if attribute else name
    raise ValidationError(
        f"Template format error: Unresolved dependencies [{what}]. "
        "Cannot reference resources in the Conditions block of the template"
    )


@dataclass(frozen=True)
class Scope:
    """Where names come from.

    Attributes:
        parameters: values of the template's parameters and of the pseudo parameters.
        mappings: the Mappings section.
        conditions: the Conditions section, unevaluated.
        reference: value of ``Ref`` to a resource.
        attribute: value of ``Fn::GetAtt``.
        exported: value of ``Fn::ImportValue``.
    """

    parameters: Mapping[str, Any]
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    reference: Callable[[str], Any] = _no_resource
    attribute: Callable[[str, str], Any] = _no_resource
    exported: Callable[[str], Any] = _no_import


def _text(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValidationError(f"Template error: {where} must resolve to a string, got {value!r}")


def _listed(value: Any, count: int, name: str) -> list[Any]:
    if not isinstance(value, list) or len(value) != count:
        raise ValidationError(f"Template error: {name} requires a list of {count} elements")
    return value


class Resolver:
    """Evaluates expressions in one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._conditions: dict[str, bool] = {}
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::If": self._if,
            "Fn::Equals": self._equals,
            "Fn::And": lambda terms: all(self._terms(terms, "Fn::And")),
            "Fn::Or": lambda terms: any(self._terms(terms, "Fn::Or")),
            "Fn::Not": self._not,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": self._base64,
            "Fn::ImportValue": self._import,
        }

    def resolve(self, expression: Any) -> Any:
        """Value of an expression; dictionaries and lists are walked.

        Raises:
            ValidationError: the expression is wrong.
            NotEmulated: it uses a function that is not emulated.
        """
        if isinstance(expression, dict):
            name = next(iter(expression)) if len(expression) == 1 else ""
            if name.startswith("Fn::ForEach") or name in NOT_DONE:
                raise NotEmulated(f"CloudFormation's {name}")
            if name in self._functions and not _is_plain_condition(name, expression[name]):
                return self._functions[name](expression[name])
            resolved = {key: self.resolve(value) for key, value in expression.items()}
            return {key: value for key, value in resolved.items() if value is not NO_VALUE}
        if isinstance(expression, list):
            return [v for v in map(self.resolve, expression) if v is not NO_VALUE]
        if isinstance(expression, str) and DYNAMIC_REFERENCE.search(expression):
            raise NotEmulated(f"The dynamic reference {expression}", "Pass the value in.")
        return expression

    def condition(self, name: Any) -> bool:
        """Whether a named condition holds."""
        if name not in self.scope.conditions:
            raise ValidationError(
                f"Template error: Condition {name} is not defined in the Conditions block"
            )
        if name not in self._conditions:
            self._conditions[name] = bool(self.resolve(self.scope.conditions[name]))
        return self._conditions[name]

    def _ref(self, name: Any) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.scope.parameters:
            return self.scope.parameters[name]
        return self.scope.reference(name)

    def _get_att(self, target: Any) -> Any:
        name, attribute = target.split(".", 1) if isinstance(target, str) else target
        return self.scope.attribute(name, self.resolve(attribute))

    def _sub(self, argument: Any) -> Any:
        template, variables = argument, {}
        if isinstance(argument, list):
            template, variables = _listed(argument, 2, "Fn::Sub")
        causes: set[Cause] = set()

        def value_of(match: re.Match[str]) -> str:
            literal, name = match.group(1), match.group(2).strip()
            if literal:
                return "${" + name + "}"
            if name in variables:
                value = self.resolve(variables[name])
            elif "." in name:
                value = self._get_att(name)
            else:
                value = self._ref(name)
            if isinstance(value, Unknown):
                causes.update(value.causes)
                return ""
            return _text(value, "${" + name + "} in Fn::Sub")

        text = PLACEHOLDER.sub(value_of, template)
        if DYNAMIC_REFERENCE.search(text):
            raise NotEmulated(f"The dynamic reference {text}", "Pass the value in.")
        return Unknown(frozenset(causes)) if causes else text

    def _join(self, argument: Any) -> Any:
        delimiter, parts = _listed(argument, 2, "Fn::Join")
        parts = self.resolve(parts)
        causes = causes_in(parts)
        if causes:
            return Unknown(causes)
        if not isinstance(parts, list):
            raise ValidationError("Template error: every Fn::Join object requires a list to join")
        return delimiter.join(_text(part, "every element of Fn::Join") for part in parts)

    def _select(self, argument: Any) -> Any:
        index, choices = _listed(argument, 2, "Fn::Select")
        position, choices = int(self.resolve(index)), self.resolve(choices)
        if isinstance(choices, Unknown):
            return choices
        if not 0 <= position < len(choices):
            raise ValidationError(
                f"Template error: Fn::Select cannot select nonexistent value at index {position}"
            )
        return choices[position]

    def _split(self, argument: Any) -> Any:
        delimiter, source = _listed(argument, 2, "Fn::Split")
        source = self.resolve(source)
        return (
            source if isinstance(source, Unknown) else _text(source, "Fn::Split").split(delimiter)
        )

    def _if(self, argument: Any) -> Any:
        name, yes, no = _listed(argument, 3, "Fn::If")
        return self.resolve(yes if self.condition(name) else no)

    def _equals(self, argument: Any) -> bool:
        left, right = map(self.resolve, _listed(argument, 2, "Fn::Equals"))
        return _text(left, "Fn::Equals") == _text(right, "Fn::Equals")

    def _terms(self, argument: Any, name: str) -> list[bool]:
        if not isinstance(argument, list) or not 2 <= len(argument) <= 10:  # noqa: PLR2004 - AWS's
            raise ValidationError(f"Template error: {name} requires 2 to 10 conditions")
        return [bool(self.resolve(term)) for term in argument]

    def _not(self, argument: Any) -> bool:
        (term,) = _listed(argument, 1, "Fn::Not")
        return not self.resolve(term)

    def _find_in_map(self, argument: Any) -> Any:
        if isinstance(argument, list) and len(argument) > 3:  # noqa: PLR2004 - map and two keys
            raise NotEmulated("CloudFormation's Fn::FindInMap with a DefaultValue")
        table, first, second = map(self.resolve, _listed(argument, 3, "Fn::FindInMap"))
        try:
            return self.scope.mappings[table][str(first)][str(second)]
        except KeyError:
            raise ValidationError(
                f"Template error: Unable to get mapping for {table}::{first}::{second}"
            ) from None

    def _base64(self, argument: Any) -> Any:
        value = self.resolve(argument)
        if isinstance(value, Unknown):
            return value
        return base64.b64encode(_text(value, "Fn::Base64").encode()).decode()

    def _import(self, argument: Any) -> Any:
        return self.scope.exported(_text(self.resolve(argument), "Fn::ImportValue"))


def _is_plain_condition(name: str, value: Any) -> bool:
    """Whether ``Condition`` is an ordinary key here, as in an IAM policy statement."""
    return name == "Condition" and not isinstance(value, str)
