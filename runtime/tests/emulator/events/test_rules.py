"""Rules deliver events to their targets, and refuse what they cannot deliver."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Target


def put(client: Any, source: str, **detail: Any) -> None:
    answer = client.put_events(
        Entries=[{"Source": source, "DetailType": "Test", "Detail": json.dumps(detail)}]
    )
    assert answer["FailedEntryCount"] == 0


def refused(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**request)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_an_event_starts_an_execution_and_invokes_a_function(
    target: Target, new_name: Callable[[], str]
) -> None:
    events, name, source = target.aws.client("events"), new_name(), new_name()
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))["RuleArn"]
    function = target.function()
    target.allow(function, "events", rule)
    transformer = {
        "InputPathsMap": {"n": "$.detail.n"},
        "InputTemplate": '{"number": <n>}',
    }
    events.put_targets(
        Rule=name,
        Targets=[
            {"Id": "f", "Arn": function},
            {
                "Id": "m",
                "Arn": target.machine,
                "RoleArn": target.role,
                "InputTransformer": transformer,
            },
        ],
    )
    put(events, source, n=1)
    put(events, "somebody else", n=2)
    received = target.wait(2)
    assert {"number": 1} in received
    (event,) = [each for each in received if "source" in each]
    assert event["source"] == source
    assert event["detail-type"] == "Test"
    assert event["detail"] == {"n": 1}
    assert event["account"] == target.aws.account
    assert event["time"].endswith("Z")
    assert "ingestion-time" not in event


def test_nobody_speaks_for_aws(target: Target, new_name: Callable[[], str]) -> None:
    events, name, source = target.aws.client("events"), new_name(), new_name()
    pattern = json.dumps({"source": [source, "aws.s3"]})
    events.put_rule(Name=name, EventPattern=pattern)
    wanted = {"Id": "m", "Arn": target.machine, "RoleArn": target.role, "InputPath": "$.source"}
    events.put_targets(Rule=name, Targets=[wanted])
    sources = ("aws.s3", source, "aws.own")
    answer = events.put_events(
        Entries=[{"Source": each, "DetailType": "Test", "Detail": "{}"} for each in sources]
    )
    assert answer["FailedEntryCount"] == 2
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    refusal = "NotAuthorizedForSourceException"
    assert codes == [refusal, None, refusal]
    assert target.wait(1) == [source]


def test_entries_have_a_size_in_all(target: Target) -> None:
    half = {"Source": "s", "DetailType": "d", "Detail": '{"a": "' + "ü" * 262_200 + '"}'}
    events = target.aws.client("events")
    assert events.put_events(Entries=[half])["FailedEntryCount"] == 0
    with pytest.raises(ClientError, match=r"ValidationException.*over the limit"):
        events.put_events(Entries=[half, half])


def test_a_disabled_rule_and_a_removed_target_receive_nothing(
    target: Target, new_name: Callable[[], str]
) -> None:
    events, name, source = target.aws.client("events"), new_name(), new_name()
    pattern = json.dumps({"source": [source]})
    events.put_rule(Name=name, EventPattern=pattern, State="DISABLED")
    wanted = {"Id": "m", "Arn": target.machine, "RoleArn": target.role, "InputPath": "$.detail"}
    events.put_targets(Rule=name, Targets=[wanted])
    put(events, source, n=1)
    events.enable_rule(Name=name)
    put(events, source, n=2)
    assert target.wait(1) == [{"n": 2}]
    events.remove_targets(Rule=name, Ids=["m"])
    put(events, source, n=3)
    events.put_targets(Rule=name, Targets=[wanted])
    put(events, source, n=4)
    assert target.wait(2) == [{"n": 2}, {"n": 4}]


def test_a_function_without_permission_is_not_invoked(
    target: Target, new_name: Callable[[], str], until: Callable[[Callable[[], Any], str], Any]
) -> None:
    events, name, source = target.aws.client("events"), new_name(), new_name()
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))["RuleArn"]
    function = target.function()
    target.allow(function, "events", rule + "-another")
    events.put_targets(Rule=name, Targets=[{"Id": "f", "Arn": function, "InputPath": "$.detail"}])
    put(events, source, n=1)
    failed = {
        "Namespace": "AWS/Events",
        "MetricName": "FailedInvocations",
        "Dimensions": [{"Name": "RuleName", "Value": name}],
    }
    metrics = target.aws.client("cloudwatch")
    until(lambda: metrics.list_metrics(**failed)["Metrics"], "the delivery to fail")
    target.allow(function, "events", rule)
    put(events, source, n=2)
    assert target.wait(1) == [{"n": 2}]


def test_a_scheduled_rule_fires(target: Target, new_name: Callable[[], str]) -> None:
    events, name = target.aws.client("events"), new_name()
    events.put_rule(Name=name, ScheduleExpression="rate(5 minutes)")
    events.put_targets(
        Rule=name, Targets=[{"Id": "m", "Arn": target.machine, "RoleArn": target.role}]
    )
    event = target.wait(1)[0]
    assert event["detail-type"] == "Scheduled Event"
    assert event["source"] == "aws.events"
    assert event["resources"] == [events.describe_rule(Name=name)["Arn"]]
    events.remove_targets(Rule=name, Ids=["m"])
    events.delete_rule(Name=name)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"EventPattern": '{"a": [{"like": "b"}]}'}, "InvalidEventPatternException"),
        ({"EventPattern": '{"a": "b"}'}, "InvalidEventPatternException"),
        ({"ScheduleExpression": "rate(5 weeks)"}, "ValidationException"),
        ({"ScheduleExpression": "at(2030-01-01T00:00:00)"}, "ValidationException"),
        ({}, "ValidationException"),
    ],
)
def test_a_rule_that_is_not_right_is_refused(
    target: Target, request_: dict[str, str], code: str
) -> None:
    assert refused(target.aws.client("events").put_rule, Name="wrong", **request_)[0] == code


def test_targets_that_are_not_emulated_or_not_right_are_refused(
    target: Target, new_name: Callable[[], str]
) -> None:
    events, name = target.aws.client("events"), new_name()
    events.put_rule(Name=name, EventPattern='{"source": ["x"]}')

    def wanted(**fields: Any) -> tuple[str, str]:
        return refused(events.put_targets, Rule=name, Targets=[{"Id": "1", **fields}])

    code, message = wanted(Arn="arn:aws:kinesis:us-east-1:123456789012:stream/s")
    assert code == "NotEmulated"
    assert "arn:aws:kinesis" in message
    assert wanted(Arn=target.machine)[0] == "ValidationException"
    nobody = "arn:aws:iam::123456789012:role/nobody"
    assert wanted(Arn=target.machine, RoleArn=nobody)[0] == "ValidationException"
    dead_letters = {"Arn": "arn:aws:sqs:us-east-1:123456789012:queue.fifo"}
    code, message = wanted(Arn=target.machine, RoleArn=target.role, DeadLetterConfig=dead_letters)
    assert code == "ValidationException"
    assert "DeadLetterConfig" in message
    code, _ = wanted(Arn=target.machine, RoleArn=target.role, Input="{", InputPath="$.a")
    assert code == "ValidationException"


def test_rules_are_listed_by_a_prefix_that_is_no_pattern(
    target: Target, new_name: Callable[[], str]
) -> None:
    events, name = target.aws.client("events"), new_name()
    for rule in (f"{name}.a", f"{name}-b"):
        events.put_rule(Name=rule, ScheduleExpression="rate(1 day)", State="DISABLED")
    found = events.list_rules(NamePrefix=f"{name}.")["Rules"]
    assert [rule["Name"] for rule in found] == [f"{name}.a"]
