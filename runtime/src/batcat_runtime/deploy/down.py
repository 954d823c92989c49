"""Take a project out of an account again; data is kept unless its removal is asked for.

Each step leaves alone what is gone already, so whoever was interrupted begins again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batcat_runtime import aws
from batcat_runtime.errors import MissingError, ServiceError

from . import artifacts
from .apply import follow
from .execution import Execution, stop
from .holdings import (
    IMAGES,
    Holding,
    holdings,
    job_streams,
    log_groups,
    unless_refused,
    uploads,
)
from .logs import GROUP
from .stack import StackEvent, events, find_stack, resources
from .status import past_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .artifacts import Account
    from .project import Project

_MOST_IMAGES = 100  # Source: Amazon ECR API Reference, BatchDeleteImage


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
        owns_repository: whether the ECR repository is the project's.
        holdings: what takes up room: data, artifacts, images, logs.
        delete_data: whether data would be deleted, too.
    """

    project: Project
    account: Account
    stack: str
    resources: dict[str, dict[str, str]]
    running: tuple[Execution, ...]
    bucket: str
    owns_bucket: bool
    owns_repository: bool
    holdings: tuple[Holding, ...]
    delete_data: bool

    @property
    def has_data(self) -> bool:
        """Whether the project has objects in the bucket."""
        return any(one.is_data for one in self.holdings)

    @property
    def removed(self) -> tuple[Holding, ...]:
        """What would be removed of what takes up room."""
        return tuple(
            one
            for one in self.holdings
            if (self.delete_data or not one.is_data)
            and (self.owns_repository or one.kind != IMAGES)
        )

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        bucket = self.owns_bucket and (self.delete_data or not self.has_data)
        return not (self.stack or self.removed or self.owns_repository or bucket)


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
    made = {(one["type"], one["physical"]) for one in owned.values()}
    return Removal(
        project=project,
        account=account,
        stack=stack.id if stack else "",
        resources=owned,
        running=tuple(Execution(one.arn, one.run, project.region) for one in running),
        bucket=bucket if exists else "",
        owns_bucket=exists
        and (("AWS::S3::Bucket", bucket) in made or _is_tagged(bucket, project, account)),
        owns_repository=unless_refused(lambda: _has_own_repository(project, made), False),
        holdings=holdings(project, account),
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
        stop(execution)
    if plan.owns_repository:
        _delete_images(plan)  # a repository that holds some cannot go with its stack
    if plan.stack:
        seen = {event.id for event in events(plan.stack, region)}
        with aws.explained(f"delete stack {plan.project.stack}", "it is gone already"):
            aws.client("cloudformation", region).delete_stack(StackName=plan.stack)
        yield from follow(plan.stack, region, seen)
    artifacts.remove(plan.project, plan.account)
    if plan.delete_data and plan.bucket:
        _delete_data(plan)
    if plan.owns_bucket and (plan.delete_data or not plan.has_data):
        _delete_bucket_if_empty(plan)
    if plan.owns_repository:
        _delete_repository(plan)
    _delete_logs(plan)


def _is_tagged(bucket: str, project: Project, account: Account) -> bool:
    """Whether a bucket without its stack is what the stack kept of itself."""
    try:
        with aws.explained(f"read the tags of bucket {bucket}", "it is nobody's"):
            told = aws.client("s3", account.region).get_bucket_tagging(
                Bucket=bucket, ExpectedBucketOwner=account.id
            )
    except ServiceError as error:
        if error.code == "NoSuchTagSet":
            return False
        raise
    return _are_ours({one["Key"]: one["Value"] for one in told["TagSet"]}, project)


def _has_own_repository(project: Project, made: set[tuple[str, str]]) -> bool:
    """Whether there is a repository that the stack or ``batcat image push`` made."""
    ecr = aws.client("ecr", project.region)
    name = project.repository
    try:
        with aws.explained(f"look at repository {name}", "push an image"):
            found = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
            if ("AWS::ECR::Repository", name) in made:
                return True
            told = ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    except MissingError:
        return False
    return _are_ours({one["Key"]: one["Value"] for one in told}, project)


def _are_ours(found: dict[str, str], project: Project) -> bool:
    return all(found.get(key) == value for key, value in project.tags.items())


def _delete_images(plan: Removal) -> None:
    name = plan.project.repository
    ecr = aws.client("ecr", plan.account.region)
    with aws.explained(f"delete the images of {name}", "they are gone"):
        images = [
            {"imageDigest": digest}
            for digest in {
                image["imageDigest"]
                for page in ecr.get_paginator("list_images").paginate(repositoryName=name)
                for image in page["imageIds"]
            }
        ]
        for begin in range(0, len(images), _MOST_IMAGES):
            ecr.batch_delete_image(
                repositoryName=name, imageIds=images[begin : begin + _MOST_IMAGES]
            )


def _delete_repository(plan: Removal) -> None:
    """Delete the repository, unless it went with the stack."""
    ecr = aws.client("ecr", plan.account.region)
    name = plan.project.repository
    try:
        with aws.explained(f"delete the repository {name}", "it is gone"):
            ecr.delete_repository(repositoryName=name, force=True)
    except MissingError:
        return


def _delete_data(plan: Removal) -> None:
    prefix = f"{plan.project.purpose}/"
    artifacts.delete_objects(plan.bucket, prefix, plan.account)
    s3 = aws.client("s3", plan.account.region)
    with aws.explained(f"end the uploads to s3://{plan.bucket}/{prefix}", "they have ended"):
        for key, upload in uploads(plan.bucket, prefix, plan.account):
            s3.abort_multipart_upload(
                Bucket=plan.bucket,
                Key=key,
                UploadId=upload,
                ExpectedBucketOwner=plan.account.id,
            )


def _delete_bucket_if_empty(plan: Removal) -> None:
    """Delete the bucket the stack made, unless others have put something there, too."""
    region = plan.account.region
    try:
        if not _has_objects(plan.bucket, region):
            with aws.explained(f"delete bucket {plan.bucket}", "it is gone already"):
                aws.client("s3", region).delete_bucket(
                    Bucket=plan.bucket, ExpectedBucketOwner=plan.account.id
                )
    except MissingError:
        return  # an empty bucket went with the stack


def _delete_logs(plan: Removal) -> None:
    """Delete what services logged: groups that came back, and streams in a group that is shared."""
    logs = aws.client("logs", plan.account.region)
    with aws.explained("delete the logs", "they are gone"):
        for group in log_groups(plan.project):
            logs.delete_log_group(logGroupName=group["logGroupName"])
        for stream in job_streams(plan.project):
            logs.delete_log_stream(logGroupName=GROUP, logStreamName=stream)


def _has_objects(bucket: str, region: str) -> bool:
    with aws.explained(f"list s3://{bucket}/", "deploy first"):
        found = aws.client("s3", region).list_object_versions(Bucket=bucket, MaxKeys=1)
    return bool(found.get("Versions") or found.get("DeleteMarkers"))
