"""Stacks, resources, events and change sets in the shapes of the API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import parameters

if TYPE_CHECKING:
    from .model import Model
    from .state import Change, ChangeSet, Event, Resource, Stack

DRIFT = {"StackDriftStatus": "NOT_CHECKED"}
RESOURCE_DRIFT = {"StackResourceDriftStatus": "NOT_CHECKED"}


def _present(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if value not in (None, "")}


def stack(found: Stack) -> dict[str, Any]:
    """A ``Stack``."""
    model = found.model
    return _present(
        {
            "StackId": found.id,
            "StackName": found.name,
            "ChangeSetId": found.change_set_id,
            "Description": (model.processed.get("Description") if model else None),
            "Parameters": stack_parameters(model) if model else [],
            "CreationTime": found.created,
            "LastUpdatedTime": found.updated,
            "DeletionTime": found.deleted,
            "StackStatus": found.status,
            "StackStatusReason": found.reason,
            "DisableRollback": found.disable_rollback,
            "RollbackConfiguration": {},
            "NotificationARNs": [],
            "Capabilities": found.capabilities,
            "Outputs": [
                _present(
                    {
                        "OutputKey": output.key,
                        "OutputValue": output.value,
                        "Description": output.description,
                        "ExportName": output.export,
                    }
                )
                for output in found.outputs
            ],
            "RoleARN": found.role,
            "Tags": tag_list(found.tags),
            "EnableTerminationProtection": found.protected,
            "DriftInformation": DRIFT,
            "RetainExceptOnCreate": found.retain_except_on_create,
        }
    )


def summary(found: Stack) -> dict[str, Any]:
    """A ``StackSummary``."""
    model = found.model
    return _present(
        {
            "StackId": found.id,
            "StackName": found.name,
            "TemplateDescription": (model.processed.get("Description") if model else None),
            "CreationTime": found.created,
            "LastUpdatedTime": found.updated,
            "DeletionTime": found.deleted,
            "StackStatus": found.status,
            "StackStatusReason": found.reason,
            "DriftInformation": DRIFT,
        }
    )


def stack_parameters(model: Model) -> list[dict[str, str]]:
    """``Parameters`` with hidden values hidden."""
    declared = model.original.get("Parameters") or {}
    return [
        {"ParameterKey": key, "ParameterValue": parameters.shown(text, declared[key])}
        for key, text in model.values.items()
    ]


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """``Tags``."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def resource(owner: Stack, found: Resource, time: str) -> dict[str, Any]:
    """A resource in the three shapes the API has for it; ``time`` names its timestamp."""
    return _present(
        {
            "StackName": owner.name,
            "StackId": owner.id,
            "LogicalResourceId": found.logical_id,
            "PhysicalResourceId": found.physical_id,
            "ResourceType": found.kind,
            time: found.updated,
            "ResourceStatus": found.status,
            "ResourceStatusReason": found.reason,
            "DriftInformation": RESOURCE_DRIFT,
        }
    )


def resource_detail(owner: Stack, found: Resource) -> dict[str, Any]:
    """A ``StackResourceDetail``."""
    metadata = json.dumps(found.declared.get("Metadata") or {})
    return {**resource(owner, found, "LastUpdatedTimestamp"), "Metadata": metadata}


def event(owner: Stack, found: Event) -> dict[str, Any]:
    """A ``StackEvent``."""
    return _present(
        {
            "StackId": owner.id,
            "EventId": found.id,
            "StackName": owner.name,
            "LogicalResourceId": found.logical_id,
            "PhysicalResourceId": found.physical_id,
            "ResourceType": found.kind,
            "Timestamp": found.time,
            "ResourceStatus": found.status,
            "ResourceStatusReason": found.reason,
            "ResourceProperties": found.properties,
            "ClientRequestToken": found.token,
        }
    )


def change_set(owner: Stack, found: ChangeSet) -> dict[str, Any]:
    """A DescribeChangeSet answer without its changes."""
    return _present(
        {
            **change_set_summary(owner, found),
            "Parameters": stack_parameters(found.model),
            "NotificationARNs": [],
            "RollbackConfiguration": {},
            "Capabilities": found.capabilities,
            "Tags": tag_list(found.model.tags),
            "OnStackFailure": found.on_failure,
        }
    )


def change_set_summary(owner: Stack, found: ChangeSet) -> dict[str, Any]:
    """A ``ChangeSetSummary``."""
    return _present(
        {
            "StackId": owner.id,
            "StackName": owner.name,
            "ChangeSetId": found.id,
            "ChangeSetName": found.name,
            "ExecutionStatus": found.execution,
            "Status": found.status,
            "StatusReason": found.reason,
            "CreationTime": found.created,
            "Description": found.description,
            "IncludeNestedStacks": False,
        }
    )


def change(found: Change) -> dict[str, Any]:
    """A ``Change``."""
    details = [
        _present(
            {
                "Target": _present(
                    {
                        "Attribute": detail.attribute,
                        "Name": detail.name,
                        "RequiresRecreation": detail.recreation,
                    }
                ),
                "Evaluation": detail.evaluation,
                "ChangeSource": detail.source,
                "CausingEntity": detail.entity,
            }
        )
        for detail in found.details
    ]
    return {
        "Type": "Resource",
        "ResourceChange": _present(
            {
                "PolicyAction": found.policy,
                "Action": found.action,
                "LogicalResourceId": found.logical_id,
                "PhysicalResourceId": found.physical_id,
                "ResourceType": found.kind,
                "Replacement": found.replacement,
                "Scope": list(found.scope),
                "Details": details,
            }
        ),
    }
