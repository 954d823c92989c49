"""Prove that nothing billable is left: look by tags for what takes them, by name for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import AccessError, MissingError

from . import artifacts, names
from .holdings import holdings, unless_refused
from .polling import pauses
from .stack import find_stack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from .artifacts import Account
    from .project import Project

SECONDS = 60.0
"""How long the index of tags may lag behind, at most, before what it names counts as left."""


@dataclass(frozen=True)
class Left:
    """Something that is still there.

    Attributes:
        what: what it is and where, for example an ARN.
        on_purpose: whether it was to stay.
        mend: the command that removes it.
    """

    what: str
    on_purpose: bool = False
    mend: str = ""


@dataclass(frozen=True)
class Proof:
    """What is left of a project.

    Attributes:
        left: what is still there.
        unseen: what could not be looked at, and why.
    """

    left: tuple[Left, ...]
    unseen: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left but what was to stay, and everything was looked at."""
        return not self.unseen and all(one.on_purpose for one in self.left)


def prove(
    project: Project,
    account: Account,
    *,
    keeps_data: bool,
    gone: Collection[str] = (),
    seconds: float | None = None,
) -> Proof:
    """Look for what is left of a project.

    Args:
        project: the project.
        account: account and region.
        keeps_data: whether inputs and results were to stay.
        gone: physical ids of what CloudFormation says it has deleted.
        seconds: how long to wait for the index of tags to follow; by default
            :data:`SECONDS`, and not at all for a local AWS, whose index is its state.

    Returns:
        What is left.
    """
    unseen: list[str] = []
    if seconds is None:
        seconds = 0.0 if project.is_local else SECONDS
    by_name = list(_by_name(project, account, keeps_data=keeps_data))
    try:
        arns = _settled(project, account, gone, seconds)
        tagged = [
            Left(
                arn,
                _is_data(arn, project) and keeps_data,
                "remove it with its service's own command",
            )
            for arn in arns
        ]
    except AccessError as error:
        tagged = []
        unseen.append(f"what carries the project's tags: {error}")
    return Proof((*by_name, *tagged), tuple(unseen))


def _by_name(project: Project, account: Account, *, keeps_data: bool) -> Iterator[Left]:
    region = project.region
    if find_stack(project.stack, region) is not None:
        yield Left(f"stack {project.stack}", mend=f"batcat down{project.option}")
    for holding in holdings(project, account):
        kept = holding.is_data and keeps_data
        mend = f"batcat down{project.option}{' --delete-data' if holding.is_data else ''}"
        yield Left(str(holding), kept, mend)
    for job in _running_jobs(project):
        mend = f"aws sagemaker stop-processing-job --processing-job-name {job}"
        yield Left(f"Processing job {job}, which runs", mend=f"{mend} --region {region}")
    function = names.trigger_function(project.project, project.purpose)
    if _has_function(function, region):
        mend = f"aws lambda delete-function --function-name {function} --region {region}"
        yield Left(f"Lambda function {function}", mend=mend)


def _running_jobs(project: Project) -> list[str]:
    front = f"{project.project}-{project.purpose}-"
    pages = aws.client("sagemaker", project.region).get_paginator("list_processing_jobs")
    with aws.explained("list the Processing jobs", "nothing runs"):
        return [
            job["ProcessingJobName"]
            for page in pages.paginate(NameContains=front, StatusEquals="InProgress")
            for job in page["ProcessingJobSummaries"]
            if job["ProcessingJobName"].startswith(front)
        ]


def _has_function(name: str, region: str) -> bool:
    functions = aws.client("lambda", region)
    try:
        with aws.explained(f"look at Lambda function {name}", "it is gone"):
            functions.get_function(FunctionName=name)
    except MissingError:
        return False
    return True


def _settled(
    project: Project, account: Account, gone: Collection[str], seconds: float
) -> list[str]:
    """What the index of tags names in the end; it goes on naming what is gone for a while."""
    found: list[str] = []
    for _ in pauses(seconds):
        arns: list[str] = unless_refused(lambda: _tagged(project), [])
        found = [arn for arn in arns if not _is_gone(arn, project, account, gone)]
        if all(_is_data(arn, project) for arn in found):
            break
    return found


def _is_data(arn: str, project: Project) -> bool:
    return arn.endswith(f":s3:::{project.result_s3_bucket}")


def _tagged(project: Project) -> list[str]:
    """ARNs of what carries the project's tags."""
    pages = aws.client("resourcegroupstaggingapi", project.region).get_paginator("get_resources")
    filters: list[dict[str, Any]] = [
        {"Key": key, "Values": [value]} for key, value in project.tags.items()
    ]
    with aws.explained("look for tags (tag:GetResources)", "nothing is tagged"):
        return [
            one["ResourceARN"]
            for page in pages.paginate(TagFilters=filters)
            for one in page["ResourceTagMappingList"]
        ]


def _is_gone(arn: str, project: Project, account: Account, gone: Collection[str]) -> bool:
    """Whether the index names what is known to cost nothing any more."""
    if f":stack/{project.stack}/" in arn:
        return True  # looked for by name
    if _is_data(arn, project):
        return not artifacts.bucket_exists(project.result_s3_bucket, account)
    # A job that has ended cannot be deleted, and costs nothing.
    if ":processing-job/" in arn or ":execution:" in arn:
        return True
    # A queue's physical id is its URL; a log group's ARN may end in a star.
    named = arn.removesuffix(":*")
    return any(
        named == one or named.endswith((f":{one}", f"/{one}", f":{one.rpartition('/')[2]}"))
        for one in gone
    )
