"""What deploy/config.json says, for all or for one environment, is what is deployed and runs."""

from __future__ import annotations

import time
from dataclasses import replace
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

TWO: dict[str, tuple[Any, Any]] = {
    "image_uri": (
        "{registry}/2026-all-settings-timed:common",
        "{registry}/2026-all-settings-timed:v7",
    ),
    "instance_type": ("ml.m5.large", "ml.c5.2xlarge"),
    "instance_count": (3, 2),
    "volume_size_gb": (33, 44),
    "max_runtime_seconds": (777, 888),
    "vpc_subnets": (["subnet-0a"], ["subnet-0b", "subnet-0c"]),
    "vpc_security_groups": (["sg-0a"], ["sg-0b", "sg-0c"]),
    "network_isolation": (False, True),
    "kms_key": ("{common_key}", "{key}"),
    "owner": ("All of us", "Ada @ dev"),
    "alarm_email": ("all@example.org", "dev@example.org"),
    "log_retention_days": (3, 545),
    "monthly_budget": (11, 222),
    "schedule_timezone": ("Europe/Berlin", "Asia/Kolkata"),
    "schedule_window_minutes": (5, 15),
}
"""Each key's value for all environments, and for one of them."""

STEP = """import os, time
from pathlib import Path
ROOT = Path(os.environ["BATCAT_ML_ROOT"]) / "processing"
for file in sorted((ROOT / "input").rglob("*.csv")):
    (ROOT / "score" / file.name).write_text(file.read_text())
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, render: Callable[..., Path]) -> Path:
    """A project of one quick step that a schedule starts."""
    root = render(
        tmp_path_factory.mktemp("timed") / "p", project=PROJECT, purpose="timed", steps="score",
        example=False, trigger="schedule", schedule_expression="cron(0 * * * ? *)",
    )  # fmt: skip
    (root / "script" / "score.py").write_text(STEP, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def aws(root: Path) -> Iterator[LocalAws]:
    """The local AWS of this module."""
    with running(root, "timed") as started:
        yield started


@pytest.fixture(scope="module")
def said(aws: LocalAws) -> dict[str, tuple[Any, Any]]:
    """The values of TWO, with what the local AWS has."""
    kms = aws.client("kms")
    known = {
        "registry": f"{aws.account}.dkr.ecr.{REGION}.amazonaws.com",
        "common_key": kms.create_key()["KeyMetadata"]["Arn"],
        "key": kms.create_key()["KeyMetadata"]["Arn"],
    }

    def filled(value: Any) -> Any:
        return value.format(**known) if isinstance(value, str) else value

    return {key: (filled(common), filled(own)) for key, (common, own) in TWO.items()}


@pytest.fixture(scope="module")
def dev(said: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
    """What is to be found in the environment dev."""
    return {key: values[1] for key, values in said.items()}


@pytest.fixture(scope="module")
def timed(
    aws: LocalAws, root: Path, said: dict[str, tuple[Any, Any]], dev: dict[str, Any]
) -> Deployed:
    """The project whose dev says something of its own by every key."""
    common = {key: values[0] for key, values in said.items()}
    configure(root, common, dev={"account": aws.account, **dev}, plain={})
    return deploy(aws, load_project(root, "dev"))


@pytest.fixture(scope="module")
def ran(timed: Deployed) -> dict[str, Any]:
    """The job of the run that the schedule starts; the local AWS cuts no job off the network."""
    deploy(timed.aws, replace(timed.project, network_isolation=False))
    s3 = timed.aws.client("s3")
    for name in ("a.csv", "b.csv"):
        s3.put_object(Bucket=timed.project.result_s3_bucket, Key=f"timed/input/{name}", Body=b"1")
    timed.aws.turn_clock(minutes=60 + timed.project.schedule_window_minutes)
    states, machine = timed.aws.client("stepfunctions"), timed.outputs["StateMachineArn"]
    while not (found := states.list_executions(stateMachineArn=machine)["executions"]):
        time.sleep(0.1)
    ended = timed.ended(found[-1]["executionArn"])
    assert ended["status"] == "SUCCEEDED", ended
    jobs = timed.aws.client("sagemaker")
    job = jobs.describe_processing_job(ProcessingJobName=f"{found[-1]['name']}-score")
    return {**job, "Tags": jobs.list_tags(ResourceArn=job["ProcessingJobArn"])["Tags"]}


def test_no_key_is_left_out(root: Path) -> None:
    assert keys(root) == set(TWO)


def test_an_environment_wins_over_what_all_say(
    timed: Deployed, said: dict[str, tuple[Any, Any]]
) -> None:
    plain = load_project(timed.project.root, "plain")
    for key, values in said.items():
        for project, wanted in zip((plain, timed.project), values, strict=True):
            found = getattr(project, key)
            assert (list(found) if isinstance(found, tuple) else found) == wanted, key


def test_a_job_is_what_the_configuration_says(ran: dict[str, Any], dev: dict[str, Any]) -> None:
    assert ran["ProcessingResources"]["ClusterConfig"] == {
        "InstanceType": dev["instance_type"],
        "InstanceCount": dev["instance_count"],
        "VolumeSizeInGB": dev["volume_size_gb"],
        "VolumeKmsKeyId": dev["kms_key"],
    }
    assert ran["StoppingCondition"] == {"MaxRuntimeInSeconds": dev["max_runtime_seconds"]}
    assert ran["ProcessingOutputConfig"]["KmsKeyId"] == dev["kms_key"]
    assert ran["AppSpecification"]["ImageUri"] == dev["image_uri"]
    owner = {"Key": "owner", "Value": dev["owner"]}
    assert owner in ran["Tags"]
    assert {"Key": "environment", "Value": "dev"} in ran["Tags"]
    assert ran["NetworkConfig"] == {
        "EnableNetworkIsolation": False,
        "VpcConfig": {
            "Subnets": dev["vpc_subnets"],
            "SecurityGroupIds": dev["vpc_security_groups"],
        },
    }


def test_jobs_of_an_account_are_cut_off(timed: Deployed) -> None:
    """As the workflow was deployed first, for no local job can be."""
    assert network(timed)["EnableNetworkIsolation"] is True


def test_logs_messages_and_data_are_kept_as_the_configuration_says(
    timed: Deployed, dev: dict[str, Any]
) -> None:
    groups = timed.aws.client("logs").describe_log_groups()["logGroups"]
    own = {timed.physical["TriggerLogGroup"], timed.physical["StateMachineLogGroup"]}
    for group in (one for one in groups if one["logGroupName"] in own):
        assert group["retentionInDays"] == dev["log_retention_days"]
        assert group["kmsKeyId"] == dev["kms_key"]
    assert {one["logGroupName"] for one in groups} >= own
    topic = timed.aws.client("sns").get_topic_attributes(TopicArn=timed.outputs["TopicArn"])
    assert topic["Attributes"]["KmsMasterKeyId"] == dev["kms_key"]
    queue = timed.aws.client("sqs").get_queue_attributes(
        QueueUrl=timed.physical["DeadLetters"], AttributeNames=["All"]
    )["Attributes"]
    assert queue["KmsMasterKeyId"] == dev["kms_key"]
    bucket = timed.outputs["ResultBucketName"]
    (rule,) = timed.aws.client("s3").get_bucket_encryption(Bucket=bucket)[
        "ServerSideEncryptionConfiguration"
    ]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": dev["kms_key"],
    }


def test_the_schedule_has_its_zone_and_its_window(timed: Deployed, dev: dict[str, Any]) -> None:
    found = timed.aws.client("scheduler").get_schedule(Name=timed.physical["Schedule"])
    assert found["ScheduleExpressionTimezone"] == dev["schedule_timezone"]
    assert found["FlexibleTimeWindow"] == {
        "Mode": "FLEXIBLE",
        "MaximumWindowInMinutes": dev["schedule_window_minutes"],
    }


def test_who_is_to_hear_of_failures_and_costs_does(timed: Deployed, dev: dict[str, Any]) -> None:
    heard = timed.aws.client("sns").list_subscriptions_by_topic(TopicArn=timed.outputs["TopicArn"])
    told = [(one["Protocol"], one["Endpoint"]) for one in heard["Subscriptions"]]
    assert told == [("email", dev["alarm_email"])]
    budgets = timed.aws.client("budgets")
    named = {"AccountId": timed.aws.account, "BudgetName": timed.physical["Budget"]}
    budget = budgets.describe_budget(**named, ShowFilterExpression=True)["Budget"]
    assert (budget["BudgetType"], budget["TimeUnit"]) == ("COST", "MONTHLY")
    assert budget["BudgetLimit"] == {"Amount": str(dev["monthly_budget"]), "Unit": "USD"}
    counted = {"project": PROJECT, "purpose": "timed", "environment": "dev"}
    assert budget["FilterExpression"] == {
        "And": [{"Tags": {"Key": key, "Values": [value]}} for key, value in counted.items()]
    }
    assert budget["Metrics"] == ["UnblendedCost"]
    notices = budgets.describe_notifications_for_budget(**named)["Notifications"]
    assert [(one["NotificationType"], one["Threshold"]) for one in notices] == [
        ("ACTUAL", 80.0),
        ("FORECASTED", 100.0),
    ]
    for notice in notices:
        assert (notice["ComparisonOperator"], notice["ThresholdType"]) == (
            "GREATER_THAN",
            "PERCENTAGE",
        )
        hears = budgets.describe_subscribers_for_notification(**named, Notification=notice)
        assert hears["Subscribers"] == [
            {"SubscriptionType": "EMAIL", "Address": dev["alarm_email"]}
        ]


def test_all_that_takes_tags_carries_them(timed: Deployed) -> None:
    check_tags(timed)
