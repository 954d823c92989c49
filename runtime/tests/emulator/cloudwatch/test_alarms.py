"""Alarms evaluate what was put, and tell topics that let them in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from batcat_runtime.emulator.cloudwatch.evaluation import Condition, state

if TYPE_CHECKING:
    from .conftest import Watch


def test_an_alarm_goes_off_and_is_over(watch: Watch) -> None:
    metric, (topic, url) = watch.unique("metric"), watch.topic()
    name = watch.alarm(metric, AlarmActions=[topic], AlarmDescription="something failed")
    assert watch.described(name)["StateValue"] == "INSUFFICIENT_DATA"
    assert watch.state(name) == "OK"
    watch.put(metric, 1)
    assert watch.state(name) == "ALARM"
    (notice,) = watch.heard(url)
    text = json.loads(notice["Message"])
    assert notice["Subject"] == f'ALARM: "{name}" in US East (N. Virginia)'
    assert (text["NewStateValue"], text["OldStateValue"]) == ("ALARM", "OK")
    assert text["AlarmDescription"] == "something failed"
    assert text["Trigger"]["MetricName"] == metric
    assert "1 out of the last 1 datapoints [1.0]" in text["NewStateReason"]
    assert watch.state(name, minutes=5) == "OK"
    summaries = [
        item["HistorySummary"]
        for item in watch.client.describe_alarm_history(AlarmName=name)["AlarmHistoryItems"]
    ]
    assert summaries[0] == "Alarm updated from ALARM to OK"
    assert f"Successfully executed action {topic}" in summaries


@pytest.mark.parametrize("case", ["managed key", "policy", "gone"])
def test_a_topic_that_does_not_let_cloudwatch_in_hears_nothing(watch: Watch, case: str) -> None:
    metric, (topic, url) = watch.unique("metric"), watch.topic()
    sns = watch.aws.client("sns")
    if case == "managed key":
        sns.set_topic_attributes(
            TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
        )
    elif case == "policy":
        let = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [let]})
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    else:
        sns.delete_topic(TopicArn=topic)
    name = watch.alarm(metric, AlarmActions=[topic])
    watch.put(metric, 1)
    assert watch.state(name) == "ALARM"
    history = watch.client.describe_alarm_history(AlarmName=name, HistoryItemType="Action")
    (item,) = history["AlarmHistoryItems"]
    assert item["HistorySummary"].startswith(f"Failed to execute action {topic}")
    assert watch.heard(url, seconds=0) == []


def test_an_expression_can_be_watched(watch: Watch) -> None:
    failed, all_ = watch.unique("metric"), watch.unique("metric")
    metrics: list[dict[str, Any]] = [
        {
            "Id": key,
            "MetricStat": {
                "Metric": {"Namespace": "test", "MetricName": name},
                "Period": 60,
                "Stat": "Sum",
            },
            "ReturnData": False,
        }
        for key, name in (("f", failed), ("a", all_))
    ]
    metrics.append({"Id": "rate", "Expression": "100 * f / a", "ReturnData": True})
    name = watch.alarm(failed, Metrics=metrics, Threshold=40)
    watch.put(failed, 1)
    watch.put(all_, 1, 1)
    assert watch.state(name) == "ALARM"


def test_a_composite_alarm_follows_others(watch: Watch) -> None:
    metric, (topic, url) = watch.unique("metric"), watch.topic()
    first, second = watch.alarm(metric), watch.alarm(watch.unique("metric"))
    name = watch.unique("both")
    rule = f'ALARM("{first}") AND NOT ALARM({second})'
    watch.client.put_composite_alarm(AlarmName=name, AlarmRule=rule, AlarmActions=[topic])
    assert watch.state(name) == "OK"
    watch.put(metric, 1)
    assert watch.state(name) == "ALARM"
    assert json.loads(watch.heard(url)[0]["Message"])["AlarmRule"] == rule
    with pytest.raises(ClientError, match=f"{first} is watched by the alarm {name}"):
        watch.client.delete_alarms(AlarmNames=[first])
    watch.client.delete_alarms(AlarmNames=[name, first, second, "never there"])


def test_alarms_can_be_silenced_listed_and_tagged(watch: Watch) -> None:
    metric, (topic, url) = watch.unique("metric"), watch.topic()
    tags = [{"Key": "owner", "Value": "me"}]
    name = watch.alarm(metric, AlarmActions=[topic], Tags=tags)
    watch.client.disable_alarm_actions(AlarmNames=[name])
    watch.client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")
    found = watch.described(name)
    assert (found["StateValue"], found["StateReason"]) == ("ALARM", "by hand")
    assert found["ActionsEnabled"] is False
    assert watch.heard(url, seconds=0) == []
    listed = watch.client.describe_alarms(AlarmNamePrefix=name, StateValue="ALARM")
    assert [alarm["AlarmName"] for alarm in listed["MetricAlarms"]] == [name]
    assert watch.client.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"] == tags
    watch.client.untag_resource(ResourceARN=found["AlarmArn"], TagKeys=["owner"])
    assert watch.client.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"] == []


def test_a_queues_length_is_watched(watch: Watch) -> None:
    sqs, queue = watch.aws.client("sqs"), watch.unique("dead")
    url = sqs.create_queue(QueueName=queue)["QueueUrl"]
    name = watch.alarm(
        "ApproximateNumberOfMessagesVisible",
        Namespace="AWS/SQS",
        Statistic="Maximum",
        Dimensions=[{"Name": "QueueName", "Value": queue}],
    )
    assert watch.state(name) == "OK"
    sqs.send_message(QueueUrl=url, MessageBody="dead letter")
    assert watch.state(name, minutes=2) == "ALARM"
    sqs.purge_queue(QueueUrl=url)
    assert watch.state(name, minutes=6) == "OK"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"Period": 45}, "45"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm"),
        ({"TreatMissingData": "odd"}, "TreatMissingData"),
        ({"ExtendedStatistic": "p90"}, "Exactly one"),
        ({"EvaluationPeriods": 1441}, "more than a day"),
        ({"AlarmActions": ["arn:aws:lambda:us-east-1:123456789012:function:f"]}, "NotEmulated"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "NotEmulated.*anomaly"),
        ({"EvaluateLowSampleCountPercentile": "ignore"}, "NotEmulated.*LowSample"),
    ],
    ids=["period", "needed", "missing", "statistic", "span", "action", "anomaly", "percentile"],
)
def test_alarms_that_cannot_be(watch: Watch, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said):
        watch.alarm("m", **settings)


@pytest.mark.parametrize(
    "rule",
    ['ALARM("a', "ALARM(a) AND", "(OK(a)", "ALARM(a) ALARM(b)", "ALARM(nowhere)", "perhaps"],
    ids=["quote", "end", "bracket", "word", "missing", "text"],
)
def test_rules_that_cannot_be(watch: Watch, rule: str) -> None:
    with pytest.raises(ClientError, match="AlarmRule"):
        watch.client.put_composite_alarm(AlarmName="c", AlarmRule=rule)


@pytest.mark.parametrize(
    ("needed", "shown", "missing", "ignore", "breaching", "not_breaching"),
    [
        (3, "0-X-X", "OK", "OK", "OK", "OK"),
        (3, "----0", "OK", "OK", "OK", "OK"),
        (3, "-----", "INSUFFICIENT_DATA", "was", "ALARM", "OK"),
        (3, "0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (3, "--X--", "ALARM", "was", "ALARM", "OK"),
        (2, "0-X-X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "00X0X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "0-X--", "OK", "OK", "ALARM", "OK"),
        (2, "----0", "OK", "OK", "ALARM", "OK"),
    ],
)
def test_missing_data_counts_as_the_user_guide_says(  # noqa: PLR0913 - the table's columns
    *, needed: int, shown: str, missing: str, ignore: str, breaching: str, not_breaching: str
) -> None:
    """The tables of "How alarm state is evaluated when data is missing", for 3 and 2 out of 3."""
    points = [{"0": 0.0, "X": 5.0, "-": None}[point] for point in shown]
    for treatment, expected in (
        ("missing", missing),
        ("ignore", ignore),
        ("breaching", breaching),
        ("notBreaching", not_breaching),
    ):
        condition = Condition("GreaterThanThreshold", 1, 3, needed, treatment)
        assert state(condition, points, "was") == expected, treatment
