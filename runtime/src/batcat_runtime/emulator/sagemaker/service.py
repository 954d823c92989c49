"""SageMaker's API, as far as Processing jobs go."""

from __future__ import annotations

import base64
import shutil
from threading import RLock
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.processes import stop_all
from batcat_runtime.emulator.protocol import ServiceError

from .checks import check_job
from .job import FINAL, Job
from .runner import Runner

if TYPE_CHECKING:
    from datetime import datetime

    from batcat_runtime.emulator.world import World

PAGE = 10
"""MaxResults of ListProcessingJobs when the request has none."""

TAG_PAGE = 50
STOP_SECONDS = 5.0
"""How long the server waits for jobs to end when it stops, in seconds."""


class SageMaker:
    """Processing jobs that are real processes.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._jobs: dict[tuple[str, str], Job] = {}
        self._lock = RLock()
        self._closed = False
        world.closing.append(self._close)

    def create_processing_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """Check a job, accept it, and start it in the background."""
        region = current_request().region
        name = request["ProcessingJobName"]
        arn = self._world.arn("sagemaker", f"processing-job/{name}", region)
        check_job(self._world, request)
        tags = {tag["Key"]: tag["Value"] for tag in request.pop("Tags", [])}
        with self._lock:
            if self._closed:
                raise ServiceError("ServiceUnavailable", "batcat local is stopping.", 503)
            if (region, name) in self._jobs:
                raise ServiceError(
                    "ResourceInUse",
                    "Job name must be unique within an AWS account and region, and a job with "
                    f"this name already exists ({arn})",
                )
            job = self._jobs[region, name] = Job(arn, region, request, tags=tags)
        folder = self._world.jobs / region / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        Runner(self._world, job, folder).start()
        return {"ProcessingJobArn": arn}

    def describe_processing_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """Everything about one job."""
        return self._job(request["ProcessingJobName"]).description()

    def stop_processing_job(self, request: dict[str, Any]) -> None:
        """End a job's processes; the job is Stopping, then Stopped."""
        job = self._job(request["ProcessingJobName"])
        if not job.ask_to_stop():
            raise ServiceError(
                "ValidationException",
                f"The request was rejected because the processing job is in status {job.status}.",
            )

    def delete_processing_job(self, request: dict[str, Any]) -> None:
        """Forget a job that has ended."""
        job = self._job(request["ProcessingJobName"])
        if job.status not in FINAL:
            raise ServiceError(
                "ResourceInUse",
                f"The processing job {job.name} is in status {job.status}; stop it first.",
            )
        with self._lock:
            del self._jobs[job.region, job.name]

    def list_processing_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        """Jobs of the region, filtered, sorted and paged."""
        region = current_request().region
        with self._lock:
            jobs = [job for (where, _), job in self._jobs.items() if where == region]
        chosen = [job for job in jobs if _matches(job, request)]
        key = request.get("SortBy", "CreationTime")
        chosen.sort(
            key=lambda job: {
                "Name": job.name,
                "CreationTime": job.created.isoformat(),
                "Status": job.status,
            }[key],
            reverse=request.get("SortOrder", "Ascending") == "Descending",
        )
        page, token = _page(chosen, request.get("MaxResults", PAGE), request.get("NextToken"))
        answer: dict[str, Any] = {"ProcessingJobSummaries": [job.summary() for job in page]}
        return answer | ({"NextToken": token} if token else {})

    def add_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add or replace tags."""
        tags = self._by_arn(request["ResourceArn"]).tags
        tags.update({tag["Key"]: tag["Value"] for tag in request["Tags"]})
        return {"Tags": _tag_list(tags)}

    def list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        """Tags of a job, paged."""
        tags = _tag_list(self._by_arn(request["ResourceArn"]).tags)
        page, token = _page(tags, request.get("MaxResults", TAG_PAGE), request.get("NextToken"))
        return {"Tags": page} | ({"NextToken": token} if token else {})

    def delete_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove tags; keys that are not there do not matter."""
        tags = self._by_arn(request["ResourceArn"]).tags
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return {}

    def _job(self, name: str) -> Job:
        with self._lock:
            job = self._jobs.get((current_request().region, name))
        if job is None:
            raise ServiceError(
                "ValidationException",
                f"Could not find requested job with name: {name}",
            )
        return job

    def _by_arn(self, arn: str) -> Job:
        with self._lock:
            for job in self._jobs.values():
                if job.arn == arn:
                    return job
        raise ServiceError("ResourceNotFound", f"No processing job has the ARN {arn}")

    def _close(self) -> None:
        with self._lock:
            self._closed = True
            jobs = list(self._jobs.values())
        for job in jobs:
            job.ask_to_stop()
        stop_all()
        for job in jobs:
            job.done.wait(STOP_SECONDS)


def _matches(job: Job, request: dict[str, Any]) -> bool:
    contains = request.get("NameContains")
    status = request.get("StatusEquals")
    return (
        (contains is None or contains in job.name)
        and (status is None or status == job.status)
        and _between(job.created, request, "CreationTime")
        and _between(job.modified, request, "LastModifiedTime")
    )


def _between(time: datetime, request: dict[str, Any], name: str) -> bool:
    # Request times are UTC without a zone, as moto's parser gives them.
    moment = time.replace(tzinfo=None)
    after, before = request.get(f"{name}After"), request.get(f"{name}Before")
    return (after is None or moment >= after) and (before is None or moment <= before)


def _tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _page(items: list[Any], size: int, token: str | None) -> tuple[list[Any], str | None]:
    """A page, and the token of the next: the place where it starts, made opaque."""
    try:
        start = int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError:
        raise ServiceError("ValidationException", f"Invalid NextToken: {token}") from None
    end = start + size
    more = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else None
    return items[start:end], more
