"""CloudWatch Logs: filter patterns find what AWS's would find, or are refused."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from batcat_runtime.emulator.logs.patterns import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

MESSAGES = [
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[WARN] ERRORCODE: -1",
    "nothing of note",
]
"""Of the documentation's examples, and one line that none of them is about."""


def code_of(call: Callable[[], Any]) -> str:
    """The error a call ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture
def group(aws: LocalAws, unique: Callable[[str], str]) -> str:
    """A log group with the messages in it."""
    name, logs, now = unique("/test/group"), aws.client("logs"), int(time.time() * 1000)
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    events = [{"timestamp": now + at, "message": text} for at, text in enumerate(MESSAGES)]
    logs.put_log_events(logGroupName=name, logStreamName="one", logEvents=events)
    return name


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", [0, 1, 2, 3, 4]),
        ('" "', [0, 1, 2, 3, 4]),
        ("ERROR", [0, 1, 2, 3]),
        ("error", []),
        ("ERROR REQUEST", [0, 1]),
        ("?REQUEST ?ARGUMENTS", [0, 1, 2]),
        ("ERROR -REQUEST", [2, 3]),
        ("-ERROR", [4]),
        ('-"nothing of"', [0, 1, 2, 3]),
        ('"BAD REQUEST"', [0]),
        ('"ERROR 4" "REQUEST"', [0, 1]),
        ('?"[WARN]" ?nothing', [3, 4]),
        ('"\\"quoted\\""', []),
    ],
)
def test_terms_are_found(aws: LocalAws, group: str, pattern: str, found: list[int]) -> None:
    """Plain, quoted, either of several, and those that must be absent."""
    events = aws.client("logs").filter_log_events(logGroupName=group, filterPattern=pattern)
    assert [event["message"] for event in events["events"]] == [MESSAGES[at] for at in found]


@pytest.mark.parametrize(
    "pattern",
    ['{ $.level = "ERROR" }', "[level, code]", "%ERR.R%", "?%x%", "ERROR -%x%", "?ERROR REQUEST"],
)
def test_other_patterns_are_refused_by_name(aws: LocalAws, group: str, pattern: str) -> None:
    """None of them may return every event."""
    logs = aws.client("logs")
    with pytest.raises(ClientError, match="filter pattern") as caught:
        logs.filter_log_events(logGroupName=group, filterPattern=pattern)
    assert caught.value.response["Error"]["Code"] == "NotEmulated"


@pytest.mark.parametrize("pattern", ["key:value", "a,b", "two - words", '"open', "x\\y", '"a"b'])
def test_wrong_patterns_are_errors_in_an_empty_group_too(
    aws: LocalAws, unique: Callable[[str], str], pattern: str
) -> None:
    """As in AWS, whatever has been logged."""
    name, logs = unique("/test/empty"), aws.client("logs")
    logs.create_log_group(logGroupName=name)
    code = code_of(lambda: logs.filter_log_events(logGroupName=name, filterPattern=pattern))
    assert code == "InvalidParameterException"


def test_a_pattern_names_the_character_that_needs_quotes() -> None:
    """In AWS's words."""
    with pytest.raises(Exception, match=r"Invalid character\(s\) in term ':'"):
        parse("ERROR key:value")


def test_streams_are_interleaved(aws: LocalAws, group: str) -> None:
    """AWS ignores ``interleaved`` and always does."""
    logs, now = aws.client("logs"), int(time.time() * 1000)
    logs.create_log_stream(logGroupName=group, logStreamName="zero")
    early = [{"timestamp": now - 60_000, "message": "early"}]
    logs.put_log_events(logGroupName=group, logStreamName="zero", logEvents=early)
    events = logs.filter_log_events(logGroupName=group, interleaved=False)["events"]
    assert events[0]["message"] == "early"


def test_retention_takes_only_the_days_on_the_list(aws: LocalAws, group: str) -> None:
    """Any other number of days is an error in AWS."""
    logs = aws.client("logs")
    logs.put_retention_policy(logGroupName=group, retentionInDays=14)
    wrong = code_of(lambda: logs.put_retention_policy(logGroupName=group, retentionInDays=15))
    assert wrong == "InvalidParameterException"
    found = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found[0]["retentionInDays"] == 14


def test_a_resource_policy_must_be_json(aws: LocalAws, unique: Callable[[str], str]) -> None:
    """Its grammar is not checked further."""
    logs, name = aws.client("logs"), unique("policy")
    wrong = {"policyName": name, "policyDocument": "not a policy"}
    assert code_of(lambda: logs.put_resource_policy(**wrong)) == "InvalidParameterException"
    right = logs.put_resource_policy(policyName=name, policyDocument="{}")
    assert right["resourcePolicy"]["policyName"] == name


@pytest.mark.parametrize(
    ("operation", "more", "named"),
    [
        ("filter_log_events", {"unmask": True}, "unmask=true"),
        ("put_log_events", {"entity": {"attributes": {"a": "b"}}}, "entity.attributes"),
        ("create_log_group", {"logGroupClass": "INFREQUENT_ACCESS"}, "logGroupClass"),
    ],
)
def test_what_would_be_forgotten_is_refused(
    aws: LocalAws, group: str, operation: str, more: dict[str, Any], named: str
) -> None:
    """By the name of the parameter, and of the value where only that is the trouble."""
    events = [{"timestamp": int(time.time() * 1000), "message": "x"}]
    needed = {"put_log_events": {"logStreamName": "one", "logEvents": events}}.get(operation, {})
    call = getattr(aws.client("logs"), operation)
    with pytest.raises(ClientError, match=named) as caught:
        call(logGroupName=group, **needed, **more)
    assert caught.value.response["Error"]["Code"] == "NotEmulated"


def test_streams_and_groups_that_are_not_there_are_named_so(aws: LocalAws, group: str) -> None:
    """Moto finds nothing in a stream, and tags anything."""
    logs, arn = aws.client("logs"), "arn:aws:logs:us-east-1:123456789012:log-group"
    for call in (
        lambda: logs.filter_log_events(logGroupName=group, logStreamNames=["one", "missing"]),
        lambda: logs.tag_resource(resourceArn=f"{arn}:/missing", tags={"a": "b"}),
        lambda: logs.list_tags_for_resource(resourceArn=f"{arn}:/missing"),
    ):
        assert code_of(call) == "ResourceNotFoundException"
    logs.tag_resource(resourceArn=f"{arn}:{group}", tags={"a": "b"})
    assert logs.list_tags_for_resource(resourceArn=f"{arn}:{group}")["tags"] == {"a": "b"}
