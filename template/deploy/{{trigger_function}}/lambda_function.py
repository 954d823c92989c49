"""Start the workflow: by hand, on a schedule, or because new objects arrived in S3.

Needs nothing but boto3, which Lambda brings. The environment says which workflow
(STATE_MACHINE_ARN), for whom (PROJECT, PURPOSE, RESULT_S3_BUCKET), and how many characters a run's
name has left to tell objects of the same second apart (DIGEST_LENGTH).

Events come at least once, and in any order. A run is named after the event alone, and Step
Functions runs a name only once: whatever comes twice runs once.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import boto3
from botocore.exceptions import ClientError

MOST_TRIES = 60
"""How many seconds to move on when a name is taken by another run."""


class Wanted(NamedTuple):
    """A run that an event asks for."""

    moment: datetime
    input_path: str | None = None
    digest: str = ""


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


def of_object(bucket: str, key: str, told: dict[str, Any], time: str | None) -> Wanted:
    """Ask for a run on an object; S3 numbers what happens to a key (sequencer)."""
    which = [bucket, key, told.get("sequencer") or time]
    digest = hashlib.sha256(json.dumps(which).encode()).hexdigest()
    return Wanted(moment_of(time), f"s3://{bucket}/{key}", digest)


def requests_of(event: dict[str, Any]) -> Iterator[Wanted]:
    """Give every run that an event asks for.

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
            key = unquote_plus(s3["object"]["key"])
            yield of_object(s3["bucket"]["name"], key, s3["object"], record.get("eventTime"))
    elif isinstance(detail, dict) and "object" in detail:
        told = detail["object"]
        yield of_object(detail["bucket"]["name"], told["key"], told, event.get("time"))
    else:
        yield Wanted(moment_of(event.get("time")), event.get("InputPath"))


def start(wanted: Wanted) -> str:
    """Start one run and return its name.

    A name that is taken by the same run means that the event came twice, which is fine. Taken by
    another run, it is left to that one and the next second is taken, each time in the same way.
    """
    input_path = wanted.input_path
    digest = wanted.digest[: int(os.environ.get("DIGEST_LENGTH", "0"))]
    project, purpose = os.environ["PROJECT"], os.environ["PURPOSE"]
    machine = os.environ["STATE_MACHINE_ARN"]
    for seconds in range(MOST_TRIES):
        moment = wanted.moment + timedelta(seconds=seconds)
        name = f"{project}-{purpose}-{moment:%Y%m%d%H%M%S}{digest and '-'}{digest}"
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
    raise RuntimeError(f"no name was free for {input_path} within {MOST_TRIES} s before {moment}")


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, list[str]]:
    """Start one run for each object of the event, or a single one when it names no object.

    One that cannot be started does not keep the others from it; then Lambda tries the event again.
    """
    runs, errors = [], []
    for wanted in requests_of(event):
        if wanted.digest and wanted.input_path and wanted.input_path.endswith("/"):
            log("INFO", "skipped a folder", input_path=wanted.input_path)
            continue
        try:
            runs.append(start(wanted))
        except (ClientError, RuntimeError) as error:
            log("ERROR", "not started", input_path=wanted.input_path, error=str(error))
            errors.append(error)
    if errors:
        raise errors[0]
    return {"executions": runs}
