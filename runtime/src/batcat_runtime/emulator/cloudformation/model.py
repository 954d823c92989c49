"""What a stack shall be: a template with parameters, evaluated as far as it can be.

The pipeline, described once: parse → cfn-lint → parameters → SAM → conditions → references →
order → supported types and properties. Only then is anything planned or created.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import NotEmulated

from . import lint, parameters, sam, schemas, template
from .errors import ValidationError
from .graph import ordered
from .intrinsics import Resolver, Scope, Unknown, unknown
from .resources import HANDLERS, check_supported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Place:
    """Where a stack lives."""

    region: str
    account: str
    partition: str

    @property
    def url_suffix(self) -> str:
        """Domain that ends service addresses in this partition."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"


@dataclass(frozen=True)
class Output:
    """One value of the Outputs section."""

    key: str
    value: str
    description: str
    export: str


@dataclass(frozen=True)
class Lookup:
    """Where values of resources come from while an expression is evaluated."""

    reference: Callable[[str], Any]
    attribute: Callable[[str, str], Any]


@dataclass(frozen=True)
class Model:
    """A template with its values.

    Attributes:
        body: template as submitted.
        original: the same, parsed.
        processed: after the transform.
        values: parameter texts.
        tags: the stack's tags.
        scope: names that do not depend on resources.
        resources: those whose condition holds, in the template's order.
        dependencies: name to the names of resources it needs.
        order: resource names, each after what it needs.
        imports: names of the exports of other stacks it uses.
    """

    place: Place
    body: str
    original: dict[str, Any]
    processed: dict[str, Any]
    values: dict[str, str]
    tags: dict[str, str]
    scope: Scope
    resources: dict[str, dict[str, Any]]
    dependencies: dict[str, frozenset[str]]
    order: tuple[str, ...]
    imports: frozenset[str]

    def properties(self, name: str, lookup: Lookup) -> dict[str, Any]:
        """Properties of one resource, evaluated, typed, with the stack's tags."""
        resource = self.resources[name]
        resolved = self._resolver(lookup).resolve(resource.get("Properties") or {})
        kind = resource["Type"]
        tagged = self._tag_property(kind) if self.tags else None
        if tagged:
            resolved = {**resolved, tagged: _with_tags(resolved.get(tagged), self.tags)}
        return schemas.coerced(self.place.region, kind, resolved)

    def outputs(self, lookup: Lookup) -> list[Output]:
        """The Outputs whose condition holds."""
        resolver = self._resolver(lookup)
        return [
            Output(
                key,
                _output_text(key, resolver.resolve(declared.get("Value"))),
                str(declared.get("Description", "")),
                str(resolver.resolve((declared.get("Export") or {}).get("Name", ""))),
            )
            for key, declared in (self.processed.get("Outputs") or {}).items()
            if "Condition" not in declared or resolver.condition(declared["Condition"])
        ]

    def _tag_property(self, kind: str) -> str | None:
        name = schemas.tag_property(self.place.region, kind)
        return name if name in HANDLERS[kind].properties else None

    def _resolver(self, lookup: Lookup) -> Resolver:
        inside = replace(self.scope, reference=lookup.reference, attribute=lookup.attribute)
        return Resolver(inside)


def _output_text(key: str, value: Any) -> str:
    if isinstance(value, Unknown):
        return "(known after apply)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValidationError(
        f"Template format error: The Value field of Output {key} must evaluate to a string."
    )


def _with_tags(own: Any, stack_tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """The resource's own tags first; the stack's where the key is free."""
    tags = list(own or [])
    keys = {tag.get("Key") for tag in tags}
    return tags + [{"Key": k, "Value": v} for k, v in stack_tags.items() if k not in keys]


def build(  # noqa: PLR0913 - the inputs of a stack, each its own
    body: str,
    entries: list[dict[str, Any]],
    tags: dict[str, str],
    *,
    place: Place,
    stack_name: str,
    stack_id: str,
    previous: Mapping[str, str],
    exported: Callable[[str], Any],
) -> Model:
    """Run the whole pipeline of this module.

    Args:
        body: template text.
        entries: ``Parameters`` of the request.
        tags: the stack's tags.
        place: where the stack lives.
        stack_name: for ``AWS::StackName``.
        stack_id: for ``AWS::StackId``.
        previous: parameter texts of the stack before.
        exported: value of an export of another stack.

    Raises:
        ValidationError: AWS would refuse the template.
        NotEmulated: AWS would do it, this does not.
    """
    document = template.parse(body)
    template.check_sections(document)
    lint.check(body, place.region)
    declared = document.get("Parameters") or {}
    texts = parameters.texts(declared, parameters.given(entries, previous, declared))
    values = {name: parameters.value_of(text, declared[name]) for name, text in texts.items()}
    processed = sam.expand(document, values, place.partition, place.region)
    template.check_resources(processed)
    imports: set[str] = set()

    def import_value(name: str) -> Any:
        imports.add(name)
        return exported(name)

    scope = Scope(
        {**values, **_pseudo(place, stack_name, stack_id)},
        processed.get("Mappings") or {},
        processed.get("Conditions") or {},
        exported=import_value,
    )
    resources = _active(processed["Resources"], scope)
    _check_types(resources)
    dependencies = _dependencies(resources, scope)
    model = Model(
        place,
        body,
        document,
        processed,
        texts,
        tags,
        scope,
        resources,
        dependencies,
        ordered(dependencies),
        frozenset(),
    )
    for name in resources:
        kind = resources[name]["Type"]
        check_supported(name, kind, model.properties(name, nothing_known(resources)))
    model.outputs(nothing_known(resources))
    return replace(model, imports=frozenset(imports))


def nothing_known(resources: Mapping[str, Any]) -> Lookup:
    """Every value of a resource is unknown; other names are errors."""

    def known(name: str) -> None:
        if name not in resources:
            raise ValidationError(
                f"Template format error: Unresolved resource dependencies [{name}] in the "
                "Resources block of the template"
            )

    def reference(name: str) -> Unknown:
        known(name)
        return unknown(name, "ResourceReference")

    def attribute(name: str, key: str) -> Unknown:
        known(name)
        kind = resources[name]["Type"]
        if key not in HANDLERS[kind].attributes:
            raise NotEmulated(f"Fn::GetAtt {name}.{key}: attribute {key} of {kind}")
        return unknown(f"{name}.{key}", "ResourceAttribute")

    return Lookup(reference, attribute)


def _pseudo(place: Place, stack_name: str, stack_id: str) -> dict[str, Any]:
    return {
        "AWS::AccountId": place.account,
        "AWS::NotificationARNs": [],
        "AWS::Partition": place.partition,
        "AWS::Region": place.region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": place.url_suffix,
    }


def _active(resources: dict[str, Any], scope: Scope) -> dict[str, dict[str, Any]]:
    conditions = Resolver(scope)
    return {
        name: resource
        for name, resource in resources.items()
        if "Condition" not in resource or conditions.condition(resource["Condition"])
    }


def _dependencies(resources: dict[str, dict[str, Any]], scope: Scope) -> dict[str, frozenset[str]]:
    """What each resource needs: what its values come from, and what it says in DependsOn."""
    everything = nothing_known(resources)
    found = {}
    for name, resource in resources.items():
        needs: set[str] = set()

        def reference(target: str, needs: set[str] = needs) -> Any:
            needs.add(target)
            return everything.reference(target)

        def attribute(target: str, key: str, needs: set[str] = needs) -> Any:
            needs.add(target)
            return everything.attribute(target, key)

        inside = replace(scope, reference=reference, attribute=attribute)
        # References in Metadata count as well; they are how a template says "if it exists".
        Resolver(inside).resolve([resource.get("Properties"), resource.get("Metadata")])
        explicit = resource.get("DependsOn") or []
        for target in [explicit] if isinstance(explicit, str) else explicit:
            reference(target)
        found[name] = frozenset(needs)
    return found


def _check_types(resources: Mapping[str, Any]) -> None:
    for name, resource in resources.items():
        kind = resource["Type"]
        if kind not in HANDLERS:
            raise NotEmulated(
                f"Resource type {kind} (resource {name})",
                f"The stack was not touched. Emulated are: {', '.join(sorted(HANDLERS))}.",
            )
