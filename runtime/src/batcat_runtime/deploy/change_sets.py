"""Change sets: CloudFormation works out what a template would change, and does it when told to."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import DeployError, ServiceError

from . import artifacts, names
from .polling import pauses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .artifacts import Account
    from .project import Project

# SAM templates are macros, hence AUTO_EXPAND; a project's own roles may have names.
_CAPABILITIES = ("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
# Source: AWS CloudFormation User Guide, "Quotas": a template passed in a request, in bytes.
LONGEST_BODY = 51_200
# How CloudFormation says that a change set would do nothing; the wording is all there is to
# tell by. Source: the deployers of the AWS CLI and the SAM CLI look for the same two texts.
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_TAGS = ("Project", "Purpose", "Environment", "Owner")
"""Parameters that are tags of the stack, as the template makes them tags of its resources."""

_BEGUN_BY_ANOTHER = ("already exists", "_IN_PROGRESS state")
# Source: botocore's model of CloudFormation. Executing one change set deletes the others.
_OVERTAKEN = {"ChangeSetNotFound", "InvalidChangeSetStatus"}


def create(
    project: Project,
    body: str,
    parameters: Mapping[str, str],
    *,
    is_new: bool,
    account: Account,
) -> str:
    """Ask for a change set; returns its ARN.

    Raises:
        DeployError: another deployment has just begun, or CloudFormation refuses the template.
    """
    template: dict[str, str] = {"TemplateBody": body}
    if len(body.encode()) > LONGEST_BODY:
        template = {"TemplateURL": artifacts.upload_template(body.encode(), project.stack, account)}
    try:
        with aws.explained(f"plan stack {project.stack}", "deploy again"):
            answer = aws.client("cloudformation", project.region).create_change_set(
                StackName=project.stack,
                ChangeSetName=names.change_set(datetime.now(timezone.utc)),
                ChangeSetType="CREATE" if is_new else "UPDATE",
                Description="made by batcat deploy",
                Capabilities=list(_CAPABILITIES),
                Parameters=[
                    {"ParameterKey": name, "ParameterValue": value}
                    for name, value in parameters.items()
                ],
                Tags=[
                    {"Key": name.lower(), "Value": parameters[name]}
                    for name in _TAGS
                    if parameters.get(name)
                ],
                **template,
            )
    except ServiceError as error:
        told = error.reason or str(error)
        # It was absent, or done, a moment ago.
        if any(sign in told for sign in _BEGUN_BY_ANOTHER):
            raise DeployError(
                f"another deployment of stack {project.stack} has just begun; wait until it is "
                f"done (batcat status{project.option}), then try again",
            ) from error
        raise DeployError(
            f"CloudFormation refuses {project.template.relative_to(project.root)}: {told}",
        ) from error
    return str(answer["Id"])


def wait(change_set: str, project: Project) -> dict[str, Any] | None:
    """Wait until a change set is made; None when it would change nothing."""
    cloudformation = aws.client("cloudformation", project.region)
    asked = {"ChangeSetName": change_set, "StackName": project.stack}
    with aws.explained(f"plan stack {project.stack}", "deploy again"):
        for _ in pauses():
            found = cloudformation.describe_change_set(**asked)
            status, reason = found["Status"], found.get("StatusReason", "")
            if status == "CREATE_COMPLETE":
                changes = found["Changes"]
                while found.get("NextToken"):
                    found = cloudformation.describe_change_set(
                        **asked, NextToken=found["NextToken"]
                    )
                    changes += found["Changes"]
                return {**found, "Changes": changes}
            if status == "FAILED":
                if any(text in reason for text in _NO_CHANGES):
                    return None
                delete(change_set, project.stack, project.region)
                raise DeployError(
                    f"CloudFormation refuses {project.template.relative_to(project.root)}: "
                    f"{reason or 'it gives no reason'}",
                )
    raise DeployError(f"planning stack {project.stack} did not end; deploy again")


def execute(change_set: str, stack: str, region: str) -> None:
    """Let CloudFormation do what a change set says; it goes on by itself.

    Raises:
        DeployError: another deployment was quicker.
    """
    try:
        with aws.explained(f"deploy stack {stack}", "plan again"):
            aws.client("cloudformation", region).execute_change_set(
                ChangeSetName=change_set, StackName=stack
            )
    except ServiceError as error:
        told = error.reason or str(error)
        if error.code in _OVERTAKEN or any(sign in told for sign in _BEGUN_BY_ANOTHER):
            raise DeployError(
                f"another deployment of stack {stack} has just begun; wait until it is done "
                "(batcat status), then try again"
            ) from error
        raise


def delete(change_set: str, stack: str, region: str) -> None:
    """Delete a change set that is not going to be executed."""
    with aws.explained("delete the change set", "nothing is left to do"):
        aws.client("cloudformation", region).delete_change_set(
            ChangeSetName=change_set, StackName=stack
        )
