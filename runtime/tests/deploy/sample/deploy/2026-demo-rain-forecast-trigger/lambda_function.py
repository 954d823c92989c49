"""A trigger as small as can be."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import Any

import boto3


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, list[str]]:
    """Start one run."""
    del context
    run = (
        f"{os.environ['PROJECT']}-{os.environ['PURPOSE']}-{datetime.now(timezone.utc):%Y%m%d%H%M%S}"
    )
    given = {
        "ProcessingJobName": run,
        "ResultPath": f"s3://{os.environ['RESULT_S3_BUCKET']}/{os.environ['PURPOSE']}",
        "InputPath": event["InputPath"],
    }
    boto3.client("stepfunctions").start_execution(
        stateMachineArn=os.environ["STATE_MACHINE_ARN"], name=run, input=json.dumps(given)
    )
    return {"executions": [run]}
