"""The role CloudFormation acts with, and what it is told to do after a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

MISSING = "arn:aws:iam::123456789012:role/missing"


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        (MISSING, "is invalid or cannot be assumed"),
        ("trusts-another-service", "is invalid or cannot be assumed"),
        ("the-name-of-a-role-and-no-arn", "is not a valid RoleARN"),
    ],
)
def test_a_role_that_cannot_be_used_is_refused(
    stacks: Any, role: Callable[[str], str], log_group: Any, arn: str, said: str
) -> None:
    """Directly and in a change set; nothing is made."""
    used = role("lambda") if arn == "trusts-another-service" else arn
    template = {"Resources": {"Group": log_group()}}
    assert said in stacks.refusal(template, RoleARN=used)
    name = stacks.unique("stack")
    with pytest.raises(ClientError, match=said):
        stacks.client.create_stack(StackName=name, TemplateBody="{}", RoleARN=used)
    with pytest.raises(ClientError, match="does not exist"):
        stacks.describe(name)


def test_a_stack_keeps_its_role_until_its_end(
    aws: LocalAws, stacks: Any, role: Callable[[str], str], log_group: Any
) -> None:
    """Without it the stack can be neither changed nor deleted, as in AWS."""
    arn = role("cloudformation")
    template = {"Resources": {"Group": log_group()}}
    name = stacks.create(template, RoleARN=arn)["StackName"]
    iam, role_name = aws.client("iam"), arn.rpartition("/")[2]
    iam.delete_role_policy(RoleName=role_name, PolicyName="all")
    iam.delete_role(RoleName=role_name)
    with pytest.raises(ClientError, match="cannot be assumed"):
        stacks.plan(None, name, "UPDATE", UsePreviousTemplate=True)
    with pytest.raises(ClientError, match="cannot be assumed"):
        stacks.client.delete_stack(StackName=name)
    assert role("cloudformation") == arn
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"


@pytest.mark.parametrize("disable", [True, False])
def test_only_one_way_to_go_on_after_a_failure(stacks: Any, disable: bool) -> None:
    """OnFailure or DisableRollback, says the API reference."""
    with pytest.raises(ClientError, match="DisableRollback or OnFailure") as caught:
        stacks.client.create_stack(
            StackName="both", TemplateBody="{}", OnFailure="DELETE", DisableRollback=disable
        )
    assert caught.value.response["Error"]["Code"] == "ValidationError"
