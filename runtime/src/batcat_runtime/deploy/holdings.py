"""What a project has in an account beside its stack: objects, images and logs, with their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from batcat_runtime import aws
from batcat_runtime.errors import MissingError, ServiceError

from . import artifacts, names
from .logs import GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

    from .artifacts import Account
    from .project import Project

T = TypeVar("T")

DATA, ARTIFACTS, IMAGES, LOGS = "data", "artifacts", "images", "logs"
_THOUSAND = 1000
NOT_EMULATED = "NotEmulated"
"""Error code of a local AWS for what only an account has."""


@dataclass(frozen=True)
class Holding:
    """Something that takes up room, and is paid for by the month.

    Attributes:
        kind: ``data``, ``artifacts``, ``images`` or ``logs``.
        where: for example ``s3://bucket/prefix/``.
        count: how many there are.
        size: bytes.
        unit: what is counted.
    """

    kind: str
    where: str
    count: int
    size: int
    unit: str = "object"

    @property
    def is_data(self) -> bool:
        """Whether it is what a project is for, and not only what it is made with."""
        return self.kind == DATA

    def __str__(self) -> str:
        """For example ``data in s3://bucket/prefix/: 2 objects, 16.5 KB``."""
        counted = f"{self.count:,} {self.unit}{'' if self.count == 1 else 's'}"
        size, units = float(self.size), ["bytes", "KB", "MB", "GB"]
        while size >= _THOUSAND and len(units) > 1:
            size, units = size / _THOUSAND, units[1:]
        room = f", {size:,.4g} {units[0]}" if size else ""
        return f"{self.kind} in {self.where}: {counted}{room}"


def holdings(project: Project, account: Account) -> tuple[Holding, ...]:
    """Look at all that takes up room.

    Args:
        project: the project.
        account: account and region.

    Raises:
        AccessError: it may not be looked at.
    """
    found = (
        _objects(DATA, project.result_s3_bucket, f"{project.purpose}/", account),
        _objects(ARTIFACTS, account.artifact_bucket, f"{project.stack}/", account),
        unless_refused(lambda: _images(project), None),
        *_logs(project),
    )
    return tuple(one for one in found if one is not None and one.count)


def unless_refused(look: Callable[[], T], otherwise: T) -> T:
    """What can be looked at; a local AWS refuses by name what it does not have."""
    try:
        return look()
    except ServiceError as error:
        if error.code == NOT_EMULATED:
            return otherwise
        raise


def _objects(kind: str, bucket: str, prefix: str, account: Account) -> Holding | None:
    """Every version of every object, and parts of uploads that never ended, which cost as well."""
    if not artifacts.bucket_exists(bucket, account):
        return None
    s3 = aws.client("s3", account.region)
    count = size = 0
    owner = {"Bucket": bucket, "ExpectedBucketOwner": account.id}
    with aws.explained(f"list s3://{bucket}/{prefix}", "deploy first"):
        for page in s3.get_paginator("list_object_versions").paginate(**owner, Prefix=prefix):
            found = page.get("Versions", [])
            count += len(found) + len(page.get("DeleteMarkers", []))
            size += sum(one["Size"] for one in found)
        count += len(uploads(bucket, prefix, account))
    return Holding(kind, f"s3://{bucket}/{prefix}", count, size)


def uploads(bucket: str, prefix: str, account: Account) -> list[tuple[str, str]]:
    """Key and id of each upload below a prefix that never ended."""
    pages = aws.client("s3", account.region).get_paginator("list_multipart_uploads")
    return [
        (one["Key"], one["UploadId"])
        for page in pages.paginate(Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=account.id)
        for one in page.get("Uploads", [])
    ]


def _images(project: Project) -> Holding | None:
    ecr = aws.client("ecr", project.region)
    images: list[dict[str, Any]] = []
    try:
        with aws.explained(f"look at repository {project.repository}", "push an image"):
            for page in ecr.get_paginator("describe_images").paginate(
                repositoryName=project.repository
            ):
                images += page["imageDetails"]
    except MissingError:
        return None
    size = sum(image.get("imageSizeInBytes", 0) for image in images)
    return Holding(IMAGES, project.repository, len(images), size, "image")


def _logs(project: Project) -> list[Holding]:
    """Log groups of this project, and its streams in the one that all Processing jobs share."""
    with aws.explained("look at the log groups", "nothing is logged"):
        groups, streams = log_groups(project), job_streams(project)
    shared = f"{GROUP} ({project.repository}-*)"
    return [
        *(
            Holding(LOGS, one["logGroupName"], 1, one.get("storedBytes", 0), "group")
            for one in groups
        ),
        Holding(LOGS, shared, len(streams), 0, "stream"),
    ]


def log_groups(project: Project) -> list[dict[str, Any]]:
    """The log groups that are this project's alone."""
    function = names.trigger_function(project.project, project.purpose)
    ours = (f"/aws/lambda/{function}", f"/aws/vendedlogs/states/{project.state_machine}")
    pages = aws.client("logs", project.region).get_paginator("describe_log_groups")
    return [
        group
        for name in ours
        for page in pages.paginate(logGroupNamePrefix=name)
        for group in page["logGroups"]
        if group["logGroupName"] == name
    ]


def job_streams(project: Project) -> list[str]:
    """Streams of this project's jobs; a job's name begins with its run's, which ends in digits."""
    logs = aws.client("logs", project.region)
    front = f"{project.project}-{project.purpose}-"
    try:
        return [
            stream["logStreamName"]
            for page in logs.get_paginator("describe_log_streams").paginate(
                logGroupName=GROUP, logStreamNamePrefix=front
            )
            for stream in page["logStreams"]
            # A purpose may begin like another one: forecast, forecast-daily.
            if stream["logStreamName"].removeprefix(front)[:14].isdigit()
        ]
    except logs.exceptions.ResourceNotFoundException:
        return []
