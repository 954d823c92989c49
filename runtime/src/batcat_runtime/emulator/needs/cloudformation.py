"""CloudFormation: a stack by its name, its id being made up as it is created."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .asked import Asked, Keys, Need

PREFIX = "cloudformation"
PRINCIPAL = "cloudformation.amazonaws.com"
ON_STACK = (
    *("CreateStack", "UpdateStack", "DeleteStack", "UpdateTerminationProtection"),
    *("CreateChangeSet", "DescribeChangeSet", "ListChangeSets", "ExecuteChangeSet"),
    *("DeleteChangeSet", "DescribeStacks", "DescribeStackEvents", "DescribeStackResources"),
    *("DescribeStackResource", "ListStackResources", "GetTemplate", "GetTemplateSummary"),
)
_ALL = "stack/*/*"
RESOURCES = {"ListStacks": _ALL, "ValidateTemplate": "*"}
KEYS = frozenset({"cloudformation:changesetname", "cloudformation:rolearn"})


def _on_stack(asked: Asked) -> list[Need]:
    given = asked.get("StackName")
    if given is None and asked.get("ChangeSetName", default="").startswith("arn:"):
        return asked.needs(asked.operation, asked.get("ChangeSetName"))
    place = given if str(given).startswith("arn:") else f"stack/{given}/*"
    found = asked.needs(asked.operation, place if given else _ALL)
    if asked.operation == "DescribeStacks" and not given:
        found += asked.needs("ListStacks", _ALL)
    return [*found, *asked.pass_role(asked.get("RoleARN"), PRINCIPAL)]


INSTEAD = dict.fromkeys(ON_STACK, _on_stack)


def keys(asked: Asked) -> Keys:
    """The role that a stack is given, and the change set's name."""
    given = {
        "cloudformation:changesetname": asked.get("ChangeSetName"),
        "cloudformation:rolearn": asked.get("RoleARN"),
    }
    return {name: (str(value),) for name, value in given.items() if value}
