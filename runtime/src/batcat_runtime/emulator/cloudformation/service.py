"""CloudFormation, small, strict and honest: what it takes, it does; all else is refused by name.

Why it is ours: moto drops unknown resource types and properties in silence, loses the outputs of
stacks made by change sets, and cannot show replacements.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import describe, lint, parameters, requests, template
from .changesets import ChangeSets
from .errors import ValidationError
from .registry import GONE

if TYPE_CHECKING:
    from .state import Resource, Stack

WAITING = 1.0
"""Seconds that DescribeStacks of one stack in progress waits for the end.

A stack takes a fraction of a second here, and waiters ask every 15 to 30 s: those that ask a moment
before the end would wait that long for nothing.
"""


class CloudFormation(ChangeSets):
    """The service: what reads stacks and templates; what changes them is inherited."""

    def describe_stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        """One stack, or all that are not deleted."""
        name = request.get("StackName")
        if name:
            stack = self.get(name)
            self.settle(stack, WAITING)
            return {"Stacks": [describe.stack(stack)]}
        present = [stack for stack in self.stacks() if stack.status != GONE]
        found, following = requests.page(present, request.get("NextToken"))
        return {"Stacks": [describe.stack(stack) for stack in found], **following}

    def list_stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        """Every stack, deleted ones too."""
        wanted = request.get("StackStatusFilter") or []
        matching = [s for s in self.stacks() if not wanted or s.status in wanted]
        found, following = requests.page(matching, request.get("NextToken"))
        return {"StackSummaries": [describe.summary(stack) for stack in found], **following}

    def describe_stack_events(self, request: dict[str, Any]) -> dict[str, Any]:
        """What happened to a stack, the newest first."""
        stack = self.get(request["StackName"])
        with stack.settled:
            events = list(reversed(stack.events))
        found, following = requests.page(events, request.get("NextToken"))
        return {"StackEvents": [describe.event(stack, event) for event in found], **following}

    def describe_stack_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        """Resources of one stack, which may be named by one of them."""
        logical, physical = request.get("LogicalResourceId"), request.get("PhysicalResourceId")
        stack = self._owner(request.get("StackName"), physical)
        found = [
            resource
            for resource in self._resources(stack)
            if (not logical or resource.logical_id == logical)
            and (not physical or resource.physical_id == physical)
        ]
        return {"StackResources": [describe.resource(stack, each, "Timestamp") for each in found]}

    def describe_stack_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        """One resource."""
        stack = self.get(request["StackName"])
        name = request["LogicalResourceId"]
        for resource in self._resources(stack):
            if resource.logical_id == name:
                return {"StackResourceDetail": describe.resource_detail(stack, resource)}
        raise ValidationError(f"Resource {name} does not exist for stack {stack.name}")

    def list_stack_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        """Resources of one stack."""
        stack = self.get(request["StackName"])
        found, following = requests.page(self._resources(stack), request.get("NextToken"))
        summaries = [describe.resource(stack, each, "LastUpdatedTimestamp") for each in found]
        for entry in summaries:
            del entry["StackName"], entry["StackId"]
        return {"StackResourceSummaries": summaries, **following}

    def get_template(self, request: dict[str, Any]) -> dict[str, Any]:
        """The template of a stack or of a change set, as it was sent or expanded."""
        if request.get("ChangeSetName"):
            model: Any = self._find_change_set(request)[1].model
        elif request.get("StackName"):
            model = self.get(request["StackName"]).model
        else:
            raise ValidationError("StackName is required if ChangeSetName is not specified.")
        if model is None:
            return {"TemplateBody": "", "StagesAvailable": []}
        processed = request.get("TemplateStage") == "Processed"
        body = json.dumps(model.processed) if processed else model.body
        return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}

    def get_template_summary(self, request: dict[str, Any]) -> dict[str, Any]:
        """What a template declares."""
        requests.only(request, "TemplateBody", "TemplateURL", "StackName")
        if request.get("StackName"):
            stack = self.get(request["StackName"])
            pending = [change_set.model for change_set in stack.change_sets.values()]
            model = stack.model or pending[0]
            document = model.original
        else:
            document = self._checked(request)
        metadata = document.get("Metadata")
        return {
            **_summary(document),
            "Version": document.get("AWSTemplateFormatVersion", "2010-09-09"),
            "ResourceTypes": sorted({r["Type"] for r in document["Resources"].values()}),
            **({"Metadata": json.dumps(metadata)} if metadata else {}),
        }

    def validate_template(self, request: dict[str, Any]) -> dict[str, Any]:
        """Check a template and say what it declares."""
        return _summary(self._checked(request))

    def _checked(self, request: dict[str, Any]) -> dict[str, Any]:
        region = self.place().region
        body = requests.template_body(request, self.client(region)("s3"))
        document = template.parse(body)
        template.check_sections(document)
        lint.check(body, region)
        return document

    def _owner(self, name: str | None, physical_id: str | None) -> Stack:
        if name:
            return self.get(name)
        for stack in self.stacks():
            if physical_id in [resource.physical_id for resource in self._resources(stack)]:
                return stack
        raise ValidationError(f"Stack for {physical_id} does not exist")

    def _resources(self, stack: Stack) -> list[Resource]:
        with stack.settled:
            return list(stack.resources.values())


def _summary(document: dict[str, Any]) -> dict[str, Any]:
    declared = []
    for key, entry in (document.get("Parameters") or {}).items():
        default = entry.get("Default")
        shown = {} if default is None else {"DefaultValue": parameters.shown(str(default), entry)}
        allowed = [str(choice) for choice in entry.get("AllowedValues") or []]
        declared.append(
            {
                "ParameterKey": key,
                "ParameterType": entry.get("Type", "String"),
                "NoEcho": str(entry.get("NoEcho", False)).lower() == "true",
                **shown,
                **({"Description": entry["Description"]} if "Description" in entry else {}),
                "ParameterConstraints": {"AllowedValues": allowed} if allowed else {},
            }
        )
    kinds = [(r["Type"], r.get("Properties") or {}) for r in document["Resources"].values()]
    needed, reason = requests.capabilities_of(kinds)
    return {
        "Parameters": declared,
        **({"Description": document["Description"]} if document.get("Description") else {}),
        "Capabilities": needed,
        **({"CapabilitiesReason": reason} if needed else {}),
        "DeclaredTransforms": template.transforms(document),
    }
