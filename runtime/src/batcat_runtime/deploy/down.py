"""Take a project out of an account again; data is kept unless its removal is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batcat_runtime import aws
from batcat_runtime.errors import MissingError

from . import artifacts
from .apply import follow
from .execution import Execution, stop
from .stack import StackEvent, events, find_stack, resources
from .status import past_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .artifacts import Account
    from .project import Project


@dataclass(frozen=True)
class Removal:
    """What taking a project down would do; nothing has been done yet.

    Attributes:
        project: the project.
        account: account and region.
        stack: ARN of the stack; empty when there is none.
        resources: logical name to ``type``, ``physical`` and ``status``.
        running: executions that would be stopped first.
        bucket: bucket of results; empty when there is none.
        owns_bucket: whether the stack made the bucket.
        has_data: whether the project has objects in the bucket.
        delete_data: whether they would be deleted.
    """

    project: Project
    account: Account
    stack: str
    resources: dict[str, dict[str, str]]
    running: tuple[Execution, ...]
    bucket: str
    owns_bucket: bool
    has_data: bool
    delete_data: bool

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.stack and not (self.delete_data and self.bucket)


def plan_removal(project: Project, *, delete_data: bool = False) -> Removal:
    """Decide what to remove.

    Args:
        project: the project.
        delete_data: remove inputs and results, too.

    Returns:
        The plan.

    Raises:
        AccessError: it may not be read, or AWS cannot be reached.
    """
    account = artifacts.account_of(project)
    stack = find_stack(project.stack, project.region)
    owned = resources(stack.id, project.region) if stack else {}
    machine = stack.outputs.get("StateMachineArn") if stack else None
    running = past_runs(machine, project.region, 100, "RUNNING") if machine else ()
    bucket = project.result_s3_bucket
    exists = artifacts.bucket_exists(bucket, account)
    return Removal(
        project=project,
        account=account,
        stack=stack.id if stack else "",
        resources=owned,
        running=tuple(Execution(one.arn, one.run, project.region) for one in running),
        bucket=bucket if exists else "",
        owns_bucket=any(
            one["type"] == "AWS::S3::Bucket" and one["physical"] == bucket for one in owned.values()
        ),
        has_data=exists and _has_objects(bucket, f"{project.purpose}/", project.region),
        delete_data=delete_data,
    )


def remove(plan: Removal) -> Iterator[StackEvent]:
    """Do what was planned.

    Args:
        plan: from :func:`plan_removal`.

    Yields:
        Each event of the stack as it happens.

    Raises:
        DeployError: the stack could not be deleted.
    """
    region = plan.account.region
    for execution in plan.running:
        stop(execution, plan.project)
    if plan.stack:
        seen = {event.id for event in events(plan.stack, region)}
        with aws.explained(f"delete stack {plan.project.stack}", "it is gone already"):
            aws.client("cloudformation", region).delete_stack(StackName=plan.stack)
        yield from follow(plan.stack, region, seen)
    artifacts.remove(plan.project, plan.account)
    if plan.delete_data and plan.bucket:
        artifacts.delete_objects(plan.bucket, f"{plan.project.purpose}/", plan.account)
    if plan.owns_bucket and (plan.delete_data or not plan.has_data):
        _delete_bucket_if_empty(plan)


def _delete_bucket_if_empty(plan: Removal) -> None:
    """Delete the bucket the stack made, unless others have put something there, too."""
    region = plan.account.region
    try:
        if not _has_objects(plan.bucket, "", region):
            with aws.explained(f"delete bucket {plan.bucket}", "it is gone already"):
                aws.client("s3", region).delete_bucket(
                    Bucket=plan.bucket, ExpectedBucketOwner=plan.account.id
                )
    except MissingError:
        return  # an empty bucket went with the stack


def _has_objects(bucket: str, prefix: str, region: str) -> bool:
    with aws.explained(f"list s3://{bucket}/{prefix}", "deploy first"):
        found = aws.client("s3", region).list_object_versions(
            Bucket=bucket, Prefix=prefix, MaxKeys=1
        )
    return bool(found.get("Versions") or found.get("DeleteMarkers"))
