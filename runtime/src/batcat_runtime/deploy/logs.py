"""The log of a step: what its Processing job wrote to standard output and error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import BatCatError, MissingError, ServiceError

from .polling import pauses

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "/aws/sagemaker/ProcessingJobs"
"""Log group of all Processing jobs; a job's streams begin with its name and a slash."""
# Source: Amazon SageMaker Developer Guide, "CloudWatch Logs for Amazon SageMaker AI".


@dataclass(frozen=True)
class LogLine:
    """One line of a log.

    Attributes:
        host: machine of the job, for example ``algo-1``.
        time: milliseconds since 1970, UTC.
        text: the line.
    """

    host: str
    time: int
    text: str


def tail(job: str, region: str, lines: int = 20) -> list[str]:
    """Read the last lines of a job's log.

    Args:
        job: name of the Processing job.
        region: AWS region.
        lines: at most so many from each machine.

    Returns:
        The lines, oldest first; none when the job has written nothing or cannot be asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    logs = aws.client("logs", region)
    found: list[LogLine] = []
    try:
        for stream in _streams(job, region):
            answer = logs.get_log_events(
                logGroupName=GROUP, logStreamName=stream, startFromHead=False, limit=lines
            )
            found += [_line(stream, event) for event in answer["events"]]
    except (BatCatError, BotoCoreError, ClientError):
        pass  # the log is a help on the way to another error; it must not hide that one
    return [line.text for line in found]


def read(jobs: list[str], region: str, *, until_ended: bool = False) -> Iterator[LogLine]:
    """Read the log of one job after the other, each from its beginning.

    Args:
        jobs: names of the Processing jobs; not all need have a log.
        region: AWS region.
        until_ended: go on until the jobs have ended.

    Yields:
        Each line.

    Raises:
        MissingError: there is no such job, or no log of any (any more).
    """
    tokens: dict[str, str] = {}
    for job in jobs:
        for _ in pauses():
            # Asked before reading, so that no line of a job that ends meanwhile is missed.
            running = until_ended and _is_running(job, region)
            for stream in _streams(job, region):
                yield from _new_lines(stream, region, tokens)
            if not running:
                break
    if not tokens:
        named = ", ".join(jobs)
        raise MissingError(
            f"Processing job {named} has no log; it may not have begun: batcat status"
        )


def _new_lines(stream: str, region: str, tokens: dict[str, str]) -> Iterator[LogLine]:
    logs = aws.client("logs", region)
    while True:
        more = {"nextToken": tokens[stream]} if stream in tokens else {}
        with aws.explained(f"read the log {stream}", "see batcat status"):
            answer = logs.get_log_events(
                logGroupName=GROUP, logStreamName=stream, startFromHead=True, **more
            )
        for event in answer["events"]:
            yield _line(stream, event)
        token = answer["nextForwardToken"]
        # CloudWatch answers the same token at the end of a stream.
        if token == tokens.get(stream) or not answer["events"]:
            tokens[stream] = token
            return
        tokens[stream] = token


def _streams(job: str, region: str) -> list[str]:
    logs = aws.client("logs", region)
    try:
        pages = logs.get_paginator("describe_log_streams").paginate(
            logGroupName=GROUP, logStreamNamePrefix=f"{job}/"
        )
        with aws.explained(f"find the log of {job}", "see batcat status"):
            return sorted(one["logStreamName"] for page in pages for one in page["logStreams"])
    except MissingError:
        return []  # the group is made with the first job


def _line(stream: str, event: dict[str, Any]) -> LogLine:
    host = stream.partition("/")[2].split("-")
    return LogLine("-".join(host[:2]), event["timestamp"], event["message"].rstrip("\n"))


def _is_running(job: str, region: str) -> bool:
    try:
        with aws.explained(f"look at Processing job {job}", "see batcat status"):
            found = aws.client("sagemaker", region).describe_processing_job(ProcessingJobName=job)
    except ServiceError as error:
        if error.code not in {"ResourceNotFound", "ValidationException"}:
            raise
        raise MissingError(f"there is no Processing job {job}; see batcat status") from error
    return found["ProcessingJobStatus"] in {"InProgress", "Stopping"}
