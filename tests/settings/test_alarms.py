"""A stack without settings of one's own is safe, and its alarms reach the topic."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.deploy import load_project

from .deployed import (
    PROJECT,
    REGION,
    Deployed,
    check_tags,
    configure,
    deploy,
    keys,
    network,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from batcat_runtime.emulator import LocalAws

WATCHED: dict[str, Any] = {
    "input_suffix": ".tsv",
    "athena_database": "lake",
    "athena_workgroup": "analysts",
    "athena_data": "s3://acme-lake/deep/",
    "redshift_warehouse": "depot",
    "redshift_database": "facts",
    "redshift_secret": "acme/depot",
}
"""What a project may say besides that objects start and that queries."""

HANGS = "import time\ntime.sleep(600)\n"
BROKEN = "def lambda_handler(event, context):\n    raise RuntimeError('broken')\n"
ALARMS = ("RunsFailed", "RunsTimedOut", "TriggerErrors", "DeadLettersLie")
NO_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def listen(aws: LocalAws, topic: str) -> Callable[[], list[dict[str, Any]]]:
    """Let a queue hear of a topic; gives what reads the alarms that have come."""
    sqs = aws.client("sqs")
    queue = {"QueueUrl": sqs.create_queue(QueueName="listener")["QueueUrl"]}
    arn = sqs.get_queue_attributes(**queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(**queue, Attributes={"Policy": policy})
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def read() -> list[dict[str, Any]]:
        come = sqs.receive_message(**queue, MaxNumberOfMessages=10).get("Messages", [])
        told = [json.loads(json.loads(one["Body"])["Message"]) for one in come]
        return [one for one in told if "AlarmName" in one]

    return read


@pytest.fixture(scope="module")
def watched(
    tmp_path_factory: pytest.TempPathFactory, render: Callable[..., Path]
) -> Iterator[Deployed]:
    """A project that objects start and that queries; an execution may take three seconds."""
    root = render(
        tmp_path_factory.mktemp("watched") / "p", project=PROJECT, purpose="watched", steps="score",
        example=False, trigger="s3", data_sources="s3, athena, redshift",
    )  # fmt: skip
    (root / "script" / "score.py").write_text(HANGS, encoding="utf-8")
    configure(root, WATCHED)
    hasty = {"TimeoutSeconds": 3}
    with running(root, "watched") as aws:
        project = load_project(root)
        yield deploy(aws, project, change_definition=lambda found: {**found, **hasty})


def test_no_key_is_left_out(watched: Deployed) -> None:
    """Those of every project are test_settings.py's."""
    assert set(WATCHED) <= keys(watched.project.root)


def test_without_a_network_of_ones_own_jobs_have_this_machines(watched: Deployed) -> None:
    assert network(watched) == {"EnableNetworkIsolation": False}


def test_what_a_source_is_asked_for_reaches_the_first_step(watched: Deployed) -> None:
    asked = watched.definition["States"]["score"]["Parameters"]["Environment"]
    assert asked["BATCAT_ATHENA_DATABASE"] == WATCHED["athena_database"]
    assert asked["BATCAT_ATHENA_WORKGROUP"] == WATCHED["athena_workgroup"]
    assert asked["BATCAT_REDSHIFT_CLUSTER"] == WATCHED["redshift_warehouse"]
    assert asked["BATCAT_REDSHIFT_DATABASE"] == WATCHED["redshift_database"]
    assert asked["BATCAT_REDSHIFT_SECRET"] == WATCHED["redshift_secret"]
    iam, role = watched.aws.client("iam"), watched.physical["JobRole"]
    policy = iam.get_role_policy(RoleName=role, PolicyName="steps")["PolicyDocument"]
    allowed = {one["Sid"]: one["Resource"] for one in policy["Statement"]}
    assert allowed["ReadDataOfTables"] == "arn:aws:s3:::acme-lake/deep/*"
    pattern = watched.aws.client("events").describe_rule(Name=watched.physical["UploadRule"])
    assert json.loads(pattern["EventPattern"])["detail"]["object"]["key"] == [
        {"wildcard": "watched/input/*.tsv"}
    ]


def test_the_bucket_that_the_stack_makes_is_safe_and_tidy(watched: Deployed) -> None:
    """As it was deployed, without a key of one's own."""
    s3, bucket = watched.aws.client("s3"), {"Bucket": watched.outputs["ResultBucketName"]}
    (rule,) = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    blocked = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    assert blocked == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    (owning,) = s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"]
    assert owning == {"ObjectOwnership": "BucketOwnerEnforced"}
    gone = {}
    for one in s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]:
        assert one["Status"] == "Enabled"
        prefix = one.get("Prefix") or one.get("Filter", {}).get("Prefix", "")
        gone[prefix] = (
            one.get("Expiration", {}).get("Days")
            or one["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        )
    assert gone == {
        "": 7,
        "watched/run-input/": 30,
        "watched/run-claim/": 7,
        "watched/athena/": 7,
    }
    told = s3.get_bucket_notification_configuration(**bucket)
    assert "EventBridgeConfiguration" in told
    (statement,) = json.loads(s3.get_bucket_policy(**bucket)["Policy"])["Statement"]
    arn = f"arn:aws:s3:::{bucket['Bucket']}"
    assert statement == {
        "Sid": "OnlyTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"], "Condition": NO_TLS,
    }  # fmt: skip


def test_queue_and_topic_are_as_safe(watched: Deployed) -> None:
    queue = watched.aws.client("sqs").get_queue_attributes(
        QueueUrl=watched.physical["DeadLetters"], AttributeNames=["All"]
    )["Attributes"]
    assert queue["SqsManagedSseEnabled"] == "true"
    assert queue["MessageRetentionPeriod"] == str(14 * 24 * 3600)
    topic = watched.aws.client("sns").get_topic_attributes(TopicArn=watched.outputs["TopicArn"])
    for policy, action, arn in (
        (queue["Policy"], "sqs:*", queue["QueueArn"]),
        (topic["Attributes"]["Policy"], "sns:Publish", watched.outputs["TopicArn"]),
    ):
        denied = [one for one in json.loads(policy)["Statement"] if one["Effect"] == "Deny"]
        assert denied == [
            {
                "Sid": "OnlyTls", "Effect": "Deny", "Principal": "*", "Action": action,
                "Resource": arn, "Condition": NO_TLS,
            }
        ]  # fmt: skip


def test_all_that_takes_tags_carries_them(watched: Deployed) -> None:
    check_tags(watched)


@pytest.fixture(scope="module")
def rung(watched: Deployed) -> dict[str, dict[str, Any]]:
    """What the topic tells of each alarm that rings, once all that can go wrong has."""
    messages = listen(watched.aws, watched.outputs["TopicArn"])
    s3, bucket = watched.aws.client("s3"), watched.outputs["ResultBucketName"]
    s3.put_object(Bucket=bucket, Key="watched/run-input/a.csv", Body=b"1")
    refused = watched.start(ResultPath="s3://somebody/else")
    hanging = watched.start(InputPath=f"s3://{bucket}/watched/run-input/")
    functions, archive = watched.aws.client("lambda"), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("lambda_function.py", BROKEN)
    name = watched.outputs["TriggerFunctionName"]
    functions.update_function_code(FunctionName=name, ZipFile=archive.getvalue())
    s3.put_object(Bucket=bucket, Key="watched/input/a.tsv", Body=b"1")
    assert watched.ended(refused)["status"] == "FAILED"
    assert watched.ended(hanging)["status"] == "TIMED_OUT"
    rung: dict[str, dict[str, Any]] = {}
    until = time.monotonic() + 60
    while len(rung) < len(ALARMS) and time.monotonic() < until:
        watched.aws.turn_clock(minutes=1)
        rung.update({told["AlarmName"]: told for told in messages()})
    return rung


@pytest.mark.parametrize("alarm", ALARMS)
def test_the_topic_is_told_of_each_alarm(
    watched: Deployed, rung: dict[str, dict[str, Any]], alarm: str
) -> None:
    told = rung[watched.physical[alarm]]
    assert told["NewStateValue"] == "ALARM"
    assert told["AlarmDescription"].startswith(f"{PROJECT} watched: a")


@pytest.mark.usefixtures("rung")  # by then each metric has been put
def test_the_dashboard_shows_what_there_is(watched: Deployed) -> None:
    """Metrics that the services have put, of the stack's own machine, function and queue."""
    cloudwatch, physical = watched.aws.client("cloudwatch"), watched.physical
    body = cloudwatch.get_dashboard(DashboardName=physical["Dashboard"])["DashboardBody"]
    widgets = [one["properties"] for one in json.loads(body)["widgets"]]
    shown = [tuple(metric) for one in widgets for metric in one.get("metrics", [])]
    own = {
        "StateMachineArn": physical["StateMachine"],
        "FunctionName": physical["TriggerFunction"],
        "QueueName": physical["DeadLetters"].rpartition("/")[2],
    }
    assert {(dimension, value) for _, _, dimension, value in shown} == set(own.items())
    put = {
        (one["Namespace"], one["MetricName"], one["Dimensions"][0]["Name"])
        for one in cloudwatch.list_metrics()["Metrics"]
        if len(one["Dimensions"]) == 1
    }
    not_here = {("AWS/States", "ExecutionsSucceeded", "StateMachineArn")}  # no run succeeds
    assert {one[:3] for one in shown} - put == not_here
    (group,) = re.findall("SOURCE '(.*?)'", body)
    assert group == physical["StateMachineLogGroup"]
    assert {one["region"] for one in widgets} == {REGION}
