"""What CloudFormation says of a stack, read but never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import MissingError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .project import Project


@dataclass(frozen=True)
class Stack:
    """A stack as it is now.

    Attributes:
        name: its name.
        id: its ARN, which stays valid after it is deleted.
        status: a CloudFormation status, for example ``CREATE_COMPLETE``.
        reason: CloudFormation's explanation of the status, often empty.
        changed: when it was last created or updated, in UTC.
        outputs: what the template puts out.
        parameters: the values it was deployed with.
    """

    name: str
    id: str
    status: str
    reason: str = ""
    changed: datetime | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def is_deployed(self) -> bool:
        """Whether it exists in full, by its last operation or by a rolled back update."""
        return self.status in {
            "CREATE_COMPLETE",
            "UPDATE_COMPLETE",
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE",
        }


@dataclass(frozen=True)
class StackEvent:
    """One line of a stack's history.

    Attributes:
        id: unique id.
        time: when it happened, in UTC.
        logical: name in the template; the stack's own name for the stack itself.
        physical: name in AWS, empty before there is one.
        type: resource type.
        status: for example ``CREATE_IN_PROGRESS``.
        reason: why, often empty.
    """

    id: str
    time: datetime
    logical: str
    physical: str
    type: str
    status: str
    reason: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether something went wrong here, and not merely stopped because of another failure."""
        return self.status.endswith("_FAILED") and "cancelled" not in self.reason.lower()


def find_stack(name: str, region: str) -> Stack | None:
    """Read a stack.

    Args:
        name: name or ARN.
        region: AWS region.

    Returns:
        The stack, or None when there is no such stack.

    Raises:
        AccessError: it may not be read, or AWS cannot be reached.
    """
    cloudformation = aws.client("cloudformation", region)
    try:
        with aws.explained(f"read stack {name}", "deploy it"):
            found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ServiceError as error:
        # CloudFormation has no code of its own for this: ValidationError, "… does not exist".
        if "does not exist" in error.reason:
            return None
        raise
    return Stack(
        name=found["StackName"],
        id=found["StackId"],
        status=found["StackStatus"],
        reason=found.get("StackStatusReason", ""),
        changed=found.get("LastUpdatedTime") or found.get("CreationTime"),
        outputs={one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
        parameters={
            one["ParameterKey"]: one.get("ParameterValue", "")
            for one in found.get("Parameters", [])
        },
    )


def deployed_stack(project: Project) -> Stack:
    """Read the project's stack, which must be deployed.

    Raises:
        MissingError: it is not, with the command that deploys it.
    """
    stack = find_stack(project.stack, project.region)
    if stack is None or not stack.is_deployed:
        state = "does not exist" if stack is None else f"is in state {stack.status}"
        raise MissingError(
            f"stack {project.stack} {state} in environment {project.environment} "
            f"(region {project.region}); run: batcat deploy{project.option}",
        )
    return stack


def owns(stack: Stack | None, kind: str, physical: str, region: str) -> bool:
    """Whether a resource is a stack's: made by it, and not found there.

    Args:
        stack: the stack, or None.
        kind: type of the resource.
        physical: its name.
        region: AWS region.
    """
    if stack is None:
        return False
    found = resources(stack.name, region).values()
    return (kind, physical) in {(one["type"], one["physical"]) for one in found}


def resources(stack: str, region: str) -> dict[str, dict[str, str]]:
    """Read a stack's resources: logical name to ``type``, ``physical`` and ``status``."""
    with aws.explained(f"list the resources of stack {stack}", "deploy it"):
        pages = aws.client("cloudformation", region).get_paginator("list_stack_resources")
        return {
            one["LogicalResourceId"]: {
                "type": one["ResourceType"],
                "physical": one.get("PhysicalResourceId", ""),
                "status": one["ResourceStatus"],
            }
            for page in pages.paginate(StackName=stack)
            for one in page["StackResourceSummaries"]
        }


def template_of(stack: str, region: str, stage: str = "Original") -> dict[str, Any]:
    """Read a stack's template.

    Args:
        stack: its name.
        region: AWS region.
        stage: ``Original``, or ``Processed`` for what SAM made of it.
    """
    with aws.explained(f"read the template of stack {stack}", "deploy it"):
        found = aws.client("cloudformation", region).get_template(
            StackName=stack, TemplateStage=stage
        )["TemplateBody"]
    # botocore parses a JSON template on its own.
    document: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
    return document


def events(stack: str, region: str) -> Iterator[StackEvent]:
    """Read a stack's history, newest first, a page at a time."""
    with aws.explained(f"read the events of stack {stack}", "deploy it"):
        pages = aws.client("cloudformation", region).get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=stack):
            for one in page["StackEvents"]:
                yield _event(one)


def _event(one: dict[str, Any]) -> StackEvent:
    return StackEvent(
        id=one["EventId"],
        time=one["Timestamp"],
        logical=one.get("LogicalResourceId", ""),
        physical=one.get("PhysicalResourceId", ""),
        type=one.get("ResourceType", ""),
        status=one.get("ResourceStatus", ""),
        reason=one.get("ResourceStatusReason", ""),
    )
