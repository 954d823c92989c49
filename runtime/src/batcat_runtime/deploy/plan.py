"""Decide first: package the project and ask CloudFormation what would change.

project → package → artifacts uploaded → change set → :class:`Plan`. Nothing of the stack is
touched until :func:`batcat_runtime.deploy.apply.apply` executes the plan.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import DeployError

from . import artifacts, change_sets, definition, sources
from .changes import Change, change_rows
from .image.push import pushed_uri
from .image.repository import find_repository, foreign_arn
from .package import package
from .polling import pauses
from .stack import Stack, find_stack, owns, template_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .artifacts import Account
    from .package import Package
    from .project import Project

_STUCK = {
    "ROLLBACK_FAILED": "run batcat down, then deploy again",
    "CREATE_FAILED": "run batcat down, then deploy again",
    "DELETE_FAILED": "run batcat down, which says what is in the way, then deploy again",
    "UPDATE_ROLLBACK_FAILED": "run: aws cloudformation continue-update-rollback --stack-name {0}",
    "UPDATE_FAILED": "run: aws cloudformation rollback-stack --stack-name {0}",
}


@dataclass(frozen=True)
class Plan:
    """What a deployment would do; nothing has been done yet.

    Attributes:
        stack: name of the stack.
        account: account and region it is for.
        change_set: ARN of the change set; empty when there is nothing to change.
        is_new: whether the stack is created.
        made_review: whether planning made the empty stack that a first change set needs.
        changes: what would change, one row a resource.
        parameters: values the template gets.
    """

    stack: str
    account: Account
    change_set: str
    is_new: bool
    made_review: bool
    changes: tuple[Change, ...]
    parameters: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.change_set


def make_plan(
    project: Project,
    *,
    change_definition: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    clean_up: bool = True,
) -> Plan:
    """Ask CloudFormation what deploying the project would change.

    Args:
        project: the project, in its environment.
        change_definition: applied to the state machine's definition before it is uploaded.
        clean_up: delete the empty remains of a creation that failed, which CloudFormation
            demands before it plans again; False raises DeployError instead.

    Returns:
        The plan.

    Raises:
        AccessError: no credentials, missing rights, or a bucket of somebody else.
        ConfigError: template, workflow and configuration are not of one mind.
        DeployError: the stack cannot be changed now, or CloudFormation refuses the template.
    """
    account, packaged, found = examine(project, change_definition=change_definition)
    stack = _usable(found, project, clean_up=clean_up)
    parameters = _parameters(project, packaged, account, stack)
    is_new = stack is None or stack.status == "REVIEW_IN_PROGRESS"
    if stack is not None and not is_new and _is_current(stack, packaged, parameters, account):
        return Plan(project.stack, account, "", False, False, (), parameters)
    artifacts.ensure_bucket(account)
    artifacts.upload(packaged.artifacts, account)
    return plan_change(project, packaged.body, parameters, account, stack)


def examine(
    project: Project,
    *,
    change_definition: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> tuple[Account, Package, Stack | None]:
    """Find what would stop a plan, as far as that is known before CloudFormation is asked.

    Args:
        project: the project, in its environment.
        change_definition: as for :func:`make_plan`.

    Returns:
        The account, the packaged template, and the stack as it is, or None.

    Raises:
        AccessError: no credentials.
        ConfigError: template, workflow and configuration are not of one mind, or the stack is
            another environment's.
    """
    account = artifacts.account_of(project)
    packaged = package(project.template, account.artifact_bucket, project.stack, change_definition)
    definition.check(project, packaged)
    stack = find_stack(project.stack, project.region)
    _check_environment(stack, project)
    return account, packaged, stack


def plan_change(
    project: Project,
    body: str,
    parameters: Mapping[str, str],
    account: Account,
    stack: Stack | None,
) -> Plan:
    """Ask CloudFormation what a packaged template with these values would change.

    Args:
        project: the project, in its environment.
        body: the template, whose artifacts are uploaded.
        parameters: its values.
        account: where it goes.
        stack: the stack as it is, or None.

    Returns:
        The plan.

    Raises:
        DeployError: another deployment is under way, or CloudFormation refuses the template.
    """
    is_new = stack is None or stack.status == "REVIEW_IN_PROGRESS"
    change_set = change_sets.create(project, body, parameters, is_new=is_new, account=account)
    described = change_sets.wait(change_set, project)
    if described is None:
        change_sets.delete(change_set, project.stack, project.region)
        return Plan(project.stack, account, "", False, False, (), parameters)
    return Plan(
        stack=project.stack,
        account=account,
        change_set=change_set,
        is_new=is_new,
        made_review=stack is None,
        changes=change_rows(described["Changes"]),
        parameters=parameters,
    )


def discard(plan: Plan) -> None:
    """Delete a plan's change set, and the empty stack that planning made for it."""
    if plan.change_set:
        change_sets.delete(plan.change_set, plan.stack, plan.account.region)
    if plan.made_review:
        _delete_stack(plan.stack, plan.account.region)


def _usable(stack: Stack | None, project: Project, *, clean_up: bool) -> Stack | None:
    """Return a stack that a change set can be made for, or None for a new one."""
    if stack is None or stack.is_deployed or stack.status == "REVIEW_IN_PROGRESS":
        return stack
    if stack.status == "ROLLBACK_COMPLETE":  # its creation failed and left nothing but itself
        if not clean_up:
            raise DeployError(
                f"stack {stack.name} is left over from a creation that failed; batcat deploy "
                "deletes it and starts again, --dry-run changes nothing and stops here",
            )
        _delete_stack(stack.id, project.region)
        return None
    if stack.status.endswith("_IN_PROGRESS"):
        raise DeployError(
            f"stack {stack.name} is busy ({stack.status}); wait until it is done (batcat status), "
            "then deploy again",
        )
    advice = _STUCK.get(stack.status, "see its events: batcat status").format(stack.name)
    raise DeployError(f"stack {stack.name} cannot be changed ({stack.status}); {advice}")


def _check_environment(stack: Stack | None, project: Project) -> None:
    """Two environments in one account and region would be one stack, each undoing the other."""
    other = stack.parameters.get("Environment", "") if stack else ""
    if other and other != project.environment:
        raise DeployError(
            f"stack {project.stack} in this account and region is that of environment {other}; "
            f"give {project.environment} its own account or region in deploy/config.json, or take "
            f"the other away first: batcat down --env {other}"
        )


def _delete_stack(stack: str, region: str) -> None:
    with aws.explained(f"delete the empty stack {stack}", "nothing is left to do"):
        aws.client("cloudformation", region).delete_stack(StackName=stack)
    for _ in pauses():
        now = find_stack(stack, region)
        if now is None or now.status == "DELETE_COMPLETE":
            return
        if now.status == "DELETE_FAILED":
            raise DeployError(f"stack {now.name} cannot be deleted: {now.reason}; run batcat down")


def _parameters(
    project: Project, packaged: Package, account: Account, stack: Stack | None
) -> dict[str, str]:
    """Values of those parameters that the template declares."""
    values = {**settings(project, account), "ImageUri": pushed_uri(project)}
    if "CreateResultBucket" in packaged.parameters:
        is_there = artifacts.bucket_exists(project.result_s3_bucket, account)
        bucket = ("AWS::S3::Bucket", project.result_s3_bucket)
        values["CreateResultBucket"] = _stack_makes(bucket, project, stack, is_there=is_there)
    if "CreateRepository" in packaged.parameters:
        is_there = find_repository(project) is not None
        repository = ("AWS::ECR::Repository", project.repository)
        values["CreateRepository"] = _stack_makes(repository, project, stack, is_there=is_there)
    return {name: value for name, value in values.items() if name in packaged.parameters}


def settings(project: Project, account: Account) -> dict[str, str]:
    """The template's parameters that follow from the configuration alone.

    Args:
        project: the project, in its environment.
        account: where it goes.
    """
    return {
        "Project": project.project,
        "Purpose": project.purpose,
        "ResultBucket": project.result_s3_bucket,
        "WorkflowRoleArn": project.workflow_execution_role,
        "TriggerRoleArn": project.trigger_role,
        "ImageRepositoryArn": foreign_arn(project, account.id),
        "InstanceType": project.instance_type,
        "InstanceCount": str(project.instance_count),
        "VolumeSizeInGB": str(project.volume_size_gb),
        "MaxRuntimeInSeconds": str(project.max_runtime_seconds),
        "Environment": project.environment,
        "Owner": project.owner or project.project,
        "VpcSubnets": ",".join(project.vpc_subnets),
        "VpcSecurityGroups": ",".join(project.vpc_security_groups),
        "NetworkIsolation": str(project.is_isolated).lower(),
        "KmsKey": project.kms_key,
        "AlarmEmail": project.alarm_email,
        "MonthlyBudget": str(project.monthly_budget),
        "LogRetentionInDays": str(project.log_retention_days),
        "ScheduleTimezone": project.schedule_timezone,
        "ScheduleWindowInMinutes": str(project.schedule_window_minutes),
        "InputSuffix": project.input_suffix,
        **sources.parameters(project),
    }


def _stack_makes(
    what: tuple[str, str], project: Project, stack: Stack | None, *, is_there: bool
) -> str:
    """Whether something is the stack's to make: it is missing, or is the stack's already."""
    if not is_there:
        return "true"
    if stack is None or stack.status == "REVIEW_IN_PROGRESS":
        return "false"
    return "true" if owns(stack, *what, project.region) else "false"


def _is_current(
    stack: Stack, packaged: Package, parameters: Mapping[str, str], account: Account
) -> bool:
    """Whether the very same template and values are deployed; saves making a change set."""
    if any(stack.parameters.get(name) != value for name, value in parameters.items()):
        return False
    return bool(template_of(stack.name, account.region) == json.loads(packaged.body))
