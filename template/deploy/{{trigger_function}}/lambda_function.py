"""Start the workflow: by hand, on a schedule, or because new objects arrived in S3.

Needs nothing but boto3, which Lambda brings. The environment says which workflow
(STATE_MACHINE_ARN) and for whom (PROJECT, PURPOSE, RESULT_S3_BUCKET).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

import boto3

MOST_TRIES = 60
"""How many seconds to move on when a name is taken by another run."""


@cache
def client() -> Any:
    """Make the one client this function needs."""
    return boto3.client("stepfunctions")


def log(level: str, message: str, **fields: Any) -> None:
    """Write one JSON object a line, which CloudWatch Logs Insights understands."""
    print(json.dumps({"level": level, "message": message, **fields}, default=str))


def moment_of(text: str | None) -> datetime:
    """Give the event's own time, so that a repeated event gets the same name; else now, in UTC."""
    if not text:
        return datetime.now(timezone.utc)
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def requests_of(event: dict[str, Any]) -> Iterator[tuple[datetime, str | None]]:
    """Give time and input path of every run that an event asks for.

    An S3 notification (``Records``, keys URL-encoded) asks for one per object, an S3 event from
    EventBridge (``detail``, key as it is) for one. Anything else, such as a schedule or ``{}``,
    asks for one with the path in ``InputPath``, or with the workflow's default input.
    """
    if event.get("Event") == "s3:TestEvent":
        return
    detail = event.get("detail")
    if "Records" in event:
        for record in event["Records"]:
            s3 = record["s3"]
            path = f"s3://{s3['bucket']['name']}/{unquote_plus(s3['object']['key'])}"
            yield moment_of(record.get("eventTime")), path
    elif isinstance(detail, dict) and "object" in detail:
        path = f"s3://{detail['bucket']['name']}/{detail['object']['key']}"
        yield moment_of(event.get("time")), path
    else:
        yield moment_of(event.get("time")), event.get("InputPath")


def start(moment: datetime, input_path: str | None) -> str:
    """Start one run and return its name.

    A name that is taken by the same run means that the event came twice, which is fine. Taken by
    another run, for example of an object that arrived in the same second, it is left to that one.
    """
    project, purpose = os.environ["PROJECT"], os.environ["PURPOSE"]
    machine = os.environ["STATE_MACHINE_ARN"]
    for seconds in range(MOST_TRIES):
        name = f"{project}-{purpose}-{moment + timedelta(seconds=seconds):%Y%m%d%H%M%S}"
        request = {
            "ProcessingJobName": name,
            "ResultPath": f"s3://{os.environ['RESULT_S3_BUCKET']}/{purpose}",
        }
        if input_path:
            request["InputPath"] = input_path
        try:
            client().start_execution(stateMachineArn=machine, name=name, input=json.dumps(request))
        except client().exceptions.ExecutionAlreadyExists:
            execution = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
            taken_by = json.loads(client().describe_execution(executionArn=execution)["input"])
            if taken_by != request:
                continue
            log("INFO", "already started", execution=name, input_path=input_path)
            return name
        log("INFO", "started", execution=name, input_path=input_path)
        return name
    raise RuntimeError(f"no name was free for {input_path} within {MOST_TRIES} s of {moment}")


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, list[str]]:
    """Start one run for each object of the event, or a single one when it names no object."""
    runs = []
    for moment, input_path in requests_of(event):
        if input_path and input_path.endswith("/") and "InputPath" not in event:
            log("INFO", "skipped a folder", input_path=input_path)
            continue
        runs.append(start(moment, input_path))
    return {"executions": runs}
