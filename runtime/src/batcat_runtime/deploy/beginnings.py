"""What starts the workflow, made to do so once: an object arrives, or the schedule comes due.

Rule, pattern and permission, or schedule and role, then act as they do in production. Where there
is neither, somebody invokes the trigger.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import ExecutionError

from .data import copy_input, split_uri
from .stack import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .project import Project

RULE, SCHEDULE = "UploadRule", "Schedule"
"""Logical names in the template."""
SOON = timedelta(seconds=2)
_FOLDER = "rehearsal/"
_TOLD_ONLY = ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata")


@contextmanager
def begun(project: Project, sample: str) -> Iterator[str]:
    """Let what starts the trigger do so; what that took is gone afterwards.

    Args:
        project: deployed, where nobody waits for its results.
        sample: ``s3://…/`` below which input lies; empty where no files are read.

    Yields:
        What happened; empty where nothing but an invocation starts the trigger.

    Raises:
        ExecutionError: no object of the sample is one that starts the workflow.
    """
    made = resources(project.stack, project.region)
    if RULE in made and (ends := _ends_of_keys(made[RULE]["physical"], project)):
        with _object(project, sample, *ends) as key:
            yield f"s3://{project.result_s3_bucket}/{key}"
    elif SCHEDULE in made:
        with _default_input(project, sample), _due(made[SCHEDULE]["physical"], project.region):
            yield "the schedule, brought forward,"
    else:
        yield ""


def _ends_of_keys(rule: str, project: Project) -> tuple[str, str] | None:
    """How the keys begin and end that a rule is for; None where it asks for something else."""
    with aws.explained(f"read the rule {rule}", "deploy it"):
        told = aws.client("events", project.region).describe_rule(Name=rule)
    detail = json.loads(told.get("EventPattern", "{}")).get("detail", {})
    keys = detail.get("object", {}).get("key") or [None]
    if detail.get("bucket", {}).get("name") != [project.result_s3_bucket]:
        return None
    wildcard = keys[0].get("wildcard", "") if isinstance(keys[0], dict) else ""
    begin, star, end = wildcard.partition("*")
    return (begin, end) if star and "*" not in end else None


@contextmanager
def _object(project: Project, sample: str, begin: str, end: str) -> Iterator[str]:
    """Put one object where those lie that start the workflow; gives its key."""
    s3, bucket = aws.client("s3", project.region), project.result_s3_bucket
    with aws.explained(f"put an object below s3://{bucket}/{begin}", "deploy it"):
        if sample:
            source, prefix = split_uri(sample)
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=source, Prefix=prefix)
            found = [one["Key"] for page in pages for one in page.get("Contents", [])]
            fitting = [key for key in found if key.endswith(end)]
            if not fitting:
                raise ExecutionError(
                    f"no file of the input ends in {end}, so none starts the workflow; name one "
                    "that does with --input, or correct input_suffix in deploy/config.json"
                )
            key = f"{begin}{_FOLDER}{fitting[0].rpartition('/')[2]}"
            s3.copy({"Bucket": source, "Key": fitting[0]}, bucket, key)
        else:
            key = f"{begin}{_FOLDER}file{end}"
            s3.put_object(Bucket=bucket, Key=key)
    try:
        yield key
    finally:
        s3.delete_object(Bucket=bucket, Key=key)


@contextmanager
def _default_input(project: Project, sample: str) -> Iterator[None]:
    """Lay the sample where a run looks that is told of no input."""
    bucket, prefix = project.result_s3_bucket, f"{project.purpose}/input/{_FOLDER}"
    if sample:
        copy_input(sample, f"s3://{bucket}/{prefix}", project.region)
    try:
        yield
    finally:
        s3 = aws.client("s3", project.region)
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for one in page.get("Contents", []):
                s3.delete_object(Bucket=bucket, Key=one["Key"])


@contextmanager
def _due(name: str, region: str) -> Iterator[None]:
    """Let a schedule come due at once, with its own role, target and input."""
    scheduler = aws.client("scheduler", region)
    with aws.explained(f"bring the schedule {name} forward", "deploy it"):
        told = scheduler.get_schedule(Name=name)
        kept: dict[str, Any] = {key: told[key] for key in told if key not in _TOLD_ONLY}
        moment = datetime.now(timezone.utc) + SOON
        soon = {
            "ScheduleExpression": f"at({moment:%Y-%m-%dT%H:%M:%S})",
            "ScheduleExpressionTimezone": "UTC",
        }
        scheduler.update_schedule(**{**kept, **soon})
    try:
        yield
    finally:
        scheduler.update_schedule(**kept)
