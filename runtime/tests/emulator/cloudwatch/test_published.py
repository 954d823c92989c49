"""What services tell of themselves, where alarms and dashboards look for it."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Watch

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["states.amazonaws.com", "lambda.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture
def role(watch: Watch) -> str:
    """A role for state machines and functions."""
    iam, name = watch.aws.client("iam"), watch.unique("role")
    return str(
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    )


def sums(watch: Watch, namespace: str, dimension: str, value: str) -> dict[str, float]:
    """Sum of every metric that one thing has put."""
    dimensions = [{"Name": dimension, "Value": value}]
    listed = watch.client.list_metrics(Namespace=namespace, Dimensions=dimensions)["Metrics"]
    stop = watch.aws.turn_clock(seconds=1)
    found = {}
    for metric in listed:
        points = watch.client.get_metric_statistics(
            **metric,
            Period=86400,
            Statistics=["Sum"],
            StartTime=stop - timedelta(days=2),
            EndTime=stop,
        )["Datapoints"]
        found[metric["MetricName"]] = sum(point["Sum"] for point in points)
    return found


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({"Type": "Succeed"}, "SUCCEEDED"),
        ({"Type": "Fail", "Error": "E"}, "FAILED"),
        ({"Type": "Wait", "Seconds": 60, "End": True}, "TIMED_OUT"),
        ({"Type": "Wait", "Seconds": 61, "End": True}, "ABORTED"),
    ],
    ids=["succeeded", "failed", "timed out", "aborted"],
)
def test_executions(
    watch: Watch,
    role: str,
    until: Callable[[Callable[[], Any], str], Any],
    state: dict[str, Any],
    status: str,
) -> None:
    metric = f"Executions{status.title().replace('_', '')}"
    sfn = watch.aws.client("stepfunctions")
    definition = {"StartAt": "A", "TimeoutSeconds": 1, "States": {"A": state}}
    if status == "ABORTED":
        del definition["TimeoutSeconds"]
    machine = sfn.create_state_machine(
        name=watch.unique("machine"), definition=json.dumps(definition), roleArn=role
    )["stateMachineArn"]
    execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    if status == "ABORTED":
        sfn.stop_execution(executionArn=execution)

    def told() -> dict[str, float] | None:
        found = sums(watch, "AWS/States", "StateMachineArn", machine)
        return found if metric in found else None

    found = until(told, f"the metric {metric}")
    assert sfn.describe_execution(executionArn=execution)["status"] == status
    assert (found["ExecutionsStarted"], found[metric]) == (1, 1)
    assert found["ExecutionTime"] >= 0
    ends = {name for name in found if name not in ("ExecutionsStarted", "ExecutionTime")}
    assert ends == {metric}


def test_a_rule_hears_of_an_executions_end(
    watch: Watch, role: str, until: Callable[[Callable[[], Any], str], Any]
) -> None:
    """A rule on what Step Functions tells reaches a topic that lets EventBridge in."""
    topic, url = watch.topic()
    let = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let]})
    watch.aws.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=policy
    )
    events, sfn, name = (
        watch.aws.client("events"),
        watch.aws.client("stepfunctions"),
        watch.unique("m"),
    )
    definition = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "E", "Cause": "C"}}}
    machine = sfn.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)[
        "stateMachineArn"
    ]
    pattern = {
        "source": ["aws.states"],
        "detail": {"status": ["FAILED"], "stateMachineArn": [machine]},
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": topic}])
    sfn.start_execution(stateMachineArn=machine, name="run-1")
    event = json.loads(watch.heard(url)[0]["Message"])
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert (event["detail"]["name"], event["detail"]["error"]) == ("run-1", "E")
    told = ("TriggeredRules", "Invocations", "InvocationAttempts", "SuccessfulInvocationAttempts")
    wanted = dict.fromkeys(told, 1)
    until(lambda: sums(watch, "AWS/Events", "RuleName", name) == wanted, "the rule's metrics")


def test_functions(watch: Watch, role: str) -> None:
    body, name = io.BytesIO(), watch.unique("function")
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return 1 / event['by']\n")
    client = watch.aws.client("lambda")
    client.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": body.getvalue()},
    )
    for by in (1, 0, 2):
        client.invoke(FunctionName=name, Payload=json.dumps({"by": by}))
    found = sums(watch, "AWS/Lambda", "FunctionName", name)
    assert (found["Invocations"], found["Errors"], found["Throttles"]) == (3, 1, 0)
    assert found["Duration"] > 0
