"""What a run and a month take: measured where something has run, else assumed and said so."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.deploy import cfn_yaml, execution, names
from batcat_runtime.deploy.artifacts import account_of, bucket_exists
from batcat_runtime.deploy.stack import find_stack
from batcat_runtime.deploy.status import Past, past_runs
from batcat_runtime.errors import BatCatError, MissingError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.deploy.project import Project

MEASURED = 5
"""How many of the last runs are measured."""

DAYS = 30
"""Days of a month."""

PAGES = 20
"""How many pages of objects are looked at, of a thousand each."""

LOG_MB = Decimal(1)
"""What a step is assumed to log, in MB."""

LAMBDA_SECONDS, LAMBDA_MB = 3, 128
"""What a function gets that does not say (AWS Lambda API Reference, CreateFunction)."""

_GB = Decimal(1024**3)  # Source: Amazon S3 pricing: 1 GB is 1024 to the power of 3 bytes
_HOUR = Decimal(3600)


@dataclass(frozen=True)
class Assumed:
    """What the user says instead of having it measured; None leaves it to measuring.

    Attributes:
        hours: machine hours of a run, all steps and machines together.
        runs: runs a month.
        stored_gb: what lies in S3.
    """

    hours: Decimal | None = None
    runs: int | None = None
    stored_gb: Decimal | None = None


@dataclass
class Usage:
    """What a run and a month take.

    Attributes:
        runs: runs a month.
        hours: machine hours of a run.
        transitions: state transitions of a run.
        trigger_gb_seconds: of the Lambda function, for a run.
        scheduled: whether a schedule invokes it.
        log_gb: what a run logs.
        alarms: how many there are.
        stored_gb: what lies in S3.
        image_gb: what lies in ECR.
        kept_log_gb: logs that are kept.
        measured: what was measured, and on what.
        assumed: what was not, and how to say it.
        unknown: what could not be looked at, and why.
    """

    runs: Decimal = Decimal(0)
    hours: Decimal = Decimal(0)
    transitions: Decimal = Decimal(0)
    trigger_gb_seconds: Decimal = Decimal(0)
    scheduled: bool = False
    log_gb: Decimal = Decimal(0)
    alarms: Decimal = Decimal(0)
    stored_gb: Decimal = Decimal(0)
    image_gb: Decimal = Decimal(0)
    kept_log_gb: Decimal = Decimal(0)
    measured: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read_usage(project: Project, given: Assumed, now: datetime | None = None) -> Usage:
    """Find out what a run and a month take.

    Args:
        project: the project in its environment.
        given: what the user says.
        now: the time, in UTC.
    """
    usage = Usage()
    moment = now or datetime.now(timezone.utc)
    runs = _looked_at(usage, "past runs", lambda: _past(project), ())
    _from_template(project, usage)
    _runs(usage, given, runs, moment)
    succeeded = [run for run in runs if run.status == "SUCCEEDED"][:MEASURED]
    _hours(project, usage, given, succeeded)
    _transitions(project, usage, succeeded)
    usage.log_gb = LOG_MB * len(project.steps) / 1024
    usage.assumed.append(f"each step logs {LOG_MB} MB")
    _stored(project, usage, given)
    return usage


def _past(project: Project) -> tuple[Past, ...]:
    stack = find_stack(project.stack, project.region)
    machine = stack.outputs.get("StateMachineArn") if stack else None
    return past_runs(machine, project.region, 1000) if machine else ()


def _from_template(project: Project, usage: Usage) -> None:
    resources = cfn_yaml.load(project.template).get("Resources") or {}
    types = [one.get("Type", "") for one in resources.values()]
    usage.alarms = Decimal(types.count("AWS::CloudWatch::Alarm"))
    usage.scheduled = "AWS::Scheduler::Schedule" in types
    for one in resources.values():
        if one.get("Type") == "AWS::Serverless::Function":
            said = one.get("Properties", {})
            seconds = _number(said.get("Timeout"), LAMBDA_SECONDS)
            megabytes = _number(said.get("MemorySize"), LAMBDA_MB)
            usage.trigger_gb_seconds += seconds * megabytes / 1024
    if usage.trigger_gb_seconds:
        usage.assumed.append("the trigger runs to its time limit, once a run")


def _number(value: Any, otherwise: int) -> Decimal:
    """A number that the template states; one that it works out is taken for the default."""
    return Decimal(value) if isinstance(value, int) else Decimal(otherwise)


def _runs(usage: Usage, given: Assumed, runs: tuple[Past, ...], moment: datetime) -> None:
    begun = [run for run in runs if run.begun >= moment - timedelta(days=DAYS)]
    if given.runs is not None:
        usage.runs = Decimal(given.runs)
        usage.assumed.append(f"{given.runs} runs a month, as you say")
    elif begun:
        usage.runs = Decimal(len(begun))
        usage.measured.append(f"runs in the last {DAYS} days: {len(begun)}")
    else:
        usage.runs = Decimal(DAYS)
        usage.assumed.append(f"{DAYS} runs a month, one a day; say another number with --runs")


def _hours(project: Project, usage: Usage, given: Assumed, runs: list[Past]) -> None:
    if given.hours is not None:
        usage.hours = given.hours
        usage.assumed.append(f"{given.hours} machine hours a run, as you say")
        return
    looked = [_looked_at(usage, run.run, partial(_jobs, project, run), []) for run in runs]
    measured = [jobs for jobs in looked if jobs]
    if measured:
        seconds = sum((seconds for jobs in measured for _, seconds in jobs), Decimal(0))
        usage.hours = seconds / len(measured) / _HOUR
        types = sorted({kind for jobs in measured for kind, _ in jobs})
        usage.measured.append(
            "machine hours of the last runs that succeeded "
            f"({len(measured)}, on {', '.join(types)})"
        )
        return
    limit = project.max_runtime_seconds * project.instance_count * len(project.steps)
    usage.hours = Decimal(limit) / _HOUR
    usage.assumed.append(
        "nothing has run, so each step runs to its time limit of "
        f"{project.max_runtime_seconds} s; say machine hours of a run with --hours"
    )


def _jobs(project: Project, run: Past) -> list[tuple[str, Decimal]]:
    """Kind of machine and machine seconds of each Processing job of a run."""
    sagemaker = aws.client("sagemaker", project.region)
    found = []
    made = execution.jobs(execution.Execution(run.arn, run.run, project.region))
    for job in chain.from_iterable(made.values()):
        with aws.explained(f"look at Processing job {job}", "it may be gone"):
            told = sagemaker.describe_processing_job(ProcessingJobName=job)
        if "ProcessingStartTime" in told and "ProcessingEndTime" in told:
            took = (told["ProcessingEndTime"] - told["ProcessingStartTime"]).total_seconds()
            cluster = told["ProcessingResources"]["ClusterConfig"]
            seconds = Decimal(str(took)) * cluster["InstanceCount"]
            found.append((str(cluster["InstanceType"]), seconds))
    return found


def _transitions(project: Project, usage: Usage, runs: list[Past]) -> None:
    entered = _looked_at(usage, "states", lambda: _entered(project, runs[0]), 0) if runs else 0
    if entered:
        usage.transitions = Decimal(entered)
        usage.measured.append("state transitions of the last run that succeeded")
        return
    file = project.root / "deploy" / "workflow.asl.json"
    try:
        states = json.loads(file.read_text(encoding="utf-8"))["States"]
    except (OSError, ValueError, KeyError, TypeError):
        usage.unknown.append("state transitions: deploy/workflow.asl.json cannot be read")
        return
    usage.transitions = Decimal(len(states))
    usage.assumed.append("each state of the workflow is entered once a run")


def _entered(project: Project, run: Past) -> int:
    """States that a run entered, which is what is billed (AWS Step Functions pricing)."""
    pages = aws.client("stepfunctions", project.region).get_paginator("get_execution_history")
    with aws.explained(f"read the history of {run.run}", "it may be gone"):
        return sum(
            event["type"].endswith("StateEntered")
            for page in pages.paginate(executionArn=run.arn)
            for event in page["events"]
        )


def _stored(project: Project, usage: Usage, given: Assumed) -> None:
    if given.stored_gb is not None:
        usage.stored_gb = given.stored_gb
        usage.assumed.append(f"{given.stored_gb} GB in S3, as you say")
    else:
        usage.stored_gb = _looked_at(
            usage, "objects in S3", lambda: _objects(project, usage), Decimal(0)
        )
    usage.image_gb = _looked_at(usage, "images in ECR", lambda: _images(project), Decimal(0))
    usage.kept_log_gb = _looked_at(usage, "logs", lambda: _logs(project), Decimal(0))


def _objects(project: Project, usage: Usage) -> Decimal:
    bucket = project.result_s3_bucket
    if not bucket_exists(bucket, account_of(project)):
        usage.assumed.append("nothing lies in S3 yet; say how much will with --stored-gb")
        return Decimal(0)
    pages = aws.client("s3", project.region).get_paginator("list_object_versions")
    size, seen = 0, 0
    with aws.explained(f"list s3://{bucket}/{project.purpose}/", "deploy first"):
        for page in pages.paginate(Bucket=bucket, Prefix=f"{project.purpose}/"):
            size += sum(one["Size"] for one in page.get("Versions", []))
            seen += 1
            if seen == PAGES and page["IsTruncated"]:
                usage.unknown.append("objects in S3 after the first 20,000; use --stored-gb")
                break
    usage.measured.append("what lies in S3 now")
    return Decimal(size) / _GB


def _images(project: Project) -> Decimal:
    ecr = aws.client("ecr", project.region)
    pages = ecr.get_paginator("describe_images")
    try:
        with aws.explained(f"look at repository {project.repository}", "push an image"):
            size = sum(
                image.get("imageSizeInBytes", 0)
                for page in pages.paginate(repositoryName=project.repository)
                for image in page["imageDetails"]
            )
    except MissingError:
        size = 0
    return Decimal(size) / _GB


def _logs(project: Project) -> Decimal:
    pages = aws.client("logs", project.region).get_paginator("describe_log_groups")
    function = names.trigger_function(project.project, project.purpose)
    ours = (f"/aws/lambda/{function}", f"/aws/vendedlogs/states/{project.state_machine}")
    with aws.explained("look at the log groups", "deploy first"):
        size = sum(
            group.get("storedBytes", 0)
            for prefix in ours
            for page in pages.paginate(logGroupNamePrefix=prefix)
            for group in page["logGroups"]
        )
    return Decimal(size) / _GB


def _looked_at(usage: Usage, what: str, look: Callable[[], Any], otherwise: Any) -> Any:
    """What can be looked at; what cannot is noted and does not hide the rest."""
    from botocore.exceptions import BotoCoreError

    try:
        return look()
    except ServiceError as error:
        usage.unknown.append(f"{what}: {error.reason or error}")
    except (BatCatError, BotoCoreError) as error:
        usage.unknown.append(f"{what}: {error}")
    return otherwise
