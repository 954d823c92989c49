"""Stacks for tests: made, changed, watched and removed over boto3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}
ALL_CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


@dataclass
class Stacks:
    """CloudFormation as a deploy tool uses it."""

    aws: LocalAws
    unique: Callable[[str], str]

    @property
    def client(self) -> Any:
        """The CloudFormation client."""
        return self.aws.client("cloudformation")

    def plan(self, template: Any, name: str, kind: str = "CREATE", **more: Any) -> dict[str, Any]:
        """A described change set."""
        body = {} if template is None else {"TemplateBody": text(template)}
        made = self.client.create_change_set(
            **{
                "StackName": name,
                "ChangeSetName": self.unique("change"),
                "ChangeSetType": kind,
                "Capabilities": ALL_CAPABILITIES,
                **body,
                **more,
            }
        )
        return dict(self.client.describe_change_set(ChangeSetName=made["Id"]))

    def execute(self, planned: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The stack after a change set was carried out."""
        self.client.execute_change_set(ChangeSetName=planned["ChangeSetId"], **more)
        return self.settled(planned["StackId"])

    def create(self, template: Any, name: str | None = None, **more: Any) -> dict[str, Any]:
        """The stack after its creation by a change set."""
        return self.execute(self.plan(template, name or self.unique("stack"), **more))

    def update(self, template: Any, name: str, **more: Any) -> dict[str, Any]:
        """The stack after an update by a change set."""
        return self.execute(self.plan(template, name, "UPDATE", **more))

    def delete(self, name: str, **more: Any) -> dict[str, Any]:
        """The stack after its deletion."""
        stack_id = self.describe(name)["StackId"]
        self.client.delete_stack(StackName=name, **more)
        return self.settled(stack_id)

    def describe(self, name: str) -> dict[str, Any]:
        """The stack as it is."""
        return dict(self.client.describe_stacks(StackName=name)["Stacks"][0])

    def settled(self, name: str) -> dict[str, Any]:
        """The stack once nothing is in progress; the server waits with the answer."""
        for _ in range(60):
            found = self.describe(name)
            if not found["StackStatus"].endswith("_IN_PROGRESS"):
                return found
        raise AssertionError(f"{name} is still {found['StackStatus']}")

    def refusal(self, template: Any, **more: Any) -> str:
        """Code and message of the error that a template meets; nothing is made."""
        name = self.unique("refused")
        with pytest.raises(ClientError) as raised:
            self.plan(template, name, **more)
        with pytest.raises(ClientError, match=f"Stack with id {name} does not exist"):
            self.describe(name)
        return str(raised.value)

    def events(self, name: str) -> list[tuple[str, str, str]]:
        """(logical id, status, reason) from the first event to the last."""
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=name)
        events = [event for page in pages for event in page["StackEvents"]]
        return [
            (e["LogicalResourceId"], e["ResourceStatus"], e.get("ResourceStatusReason", ""))
            for e in reversed(events)
        ]

    def physical(self, name: str) -> dict[str, str]:
        """Physical id by logical id."""
        found = self.client.describe_stack_resources(StackName=name)["StackResources"]
        return {r["LogicalResourceId"]: r.get("PhysicalResourceId", "") for r in found}


def text(template: Any) -> str:
    """A template's text."""
    return template if isinstance(template, str) else json.dumps(template)


@pytest.fixture
def stacks(aws: LocalAws, unique: Callable[[str], str]) -> Stacks:
    """Makes and watches stacks."""
    return Stacks(aws, unique)


@pytest.fixture
def trust() -> dict[str, Any]:
    """A trust policy for Lambda and Step Functions."""
    return TRUST


@pytest.fixture
def log_group(unique: Callable[[str], str]) -> Callable[..., dict[str, Any]]:
    """A template entry for a log group, the cheapest resource there is."""

    def make(name: str = "", days: int = 7, **more: Any) -> dict[str, Any]:
        properties = {"LogGroupName": name or unique("/test/group"), "RetentionInDays": days}
        return {"Type": "AWS::Logs::LogGroup", "Properties": properties, **more}

    return make
