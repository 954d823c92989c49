"""A Lambda function learns from an event which objects it is about."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batcat_runtime as bc

KEYS = st.text(
    alphabet=st.characters(exclude_categories=["Cs"]),
    min_size=1,
    max_size=60,
)
TEST_EVENT = {
    "Service": "Amazon S3",
    "Event": "s3:TestEvent",
    "Time": "2026-11-21T06:00:00.000Z",
    "Bucket": "data",
}


def notification(*keys: str) -> dict[str, Any]:
    """An S3 notification about the keys as S3 sends it."""
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "s3": {"bucket": {"name": "data"}, "object": {"key": quote_plus(key, safe="/")}},
            }
            for key in keys
        ],
    }


def eventbridge(key: str) -> dict[str, Any]:
    """An event as EventBridge sends it."""
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "data"}, "object": {"key": key}},
    }


def test_the_first_object_is_given_with_its_key_decoded() -> None:
    """Blanks, plus signs and Chinese names arrive URL-encoded and come out as they are."""
    event = notification("raw/my data+1 电池.csv", "raw/second.csv")
    assert event["Records"][0]["s3"]["object"]["key"].startswith("raw/my+data%2B1+%E7%94%B5")
    assert bc.get_bucket_key(event) == ("data", "raw/my data+1 电池.csv")


def test_all_objects_of_an_event_are_given() -> None:
    """No record after the first is lost."""
    assert bc.get_bucket_keys(notification("a", "b", "c")) == [
        ("data", "a"),
        ("data", "b"),
        ("data", "c"),
    ]


def test_an_event_of_eventbridge_is_understood_too() -> None:
    """Its key is not encoded: a plus sign is a plus sign."""
    assert bc.get_bucket_key(eventbridge("raw/a+b%20c.csv")) == ("data", "raw/a+b%20c.csv")


@given(keys=st.lists(KEYS, min_size=1))
def test_any_key_comes_out_as_it_was_stored(keys: list[str]) -> None:
    """In both forms."""
    assert [key for _, key in bc.get_bucket_keys(notification(*keys))] == keys
    assert bc.get_bucket_key(eventbridge(keys[0])) == ("data", keys[0])


def test_the_test_event_of_s3_names_no_object() -> None:
    """S3 sends it when a notification is set up; a function should survive it."""
    assert bc.get_bucket_keys(TEST_EVENT) == []
    with pytest.raises(bc.MissingError, match="test event"):
        bc.get_bucket_key(TEST_EVENT)


@pytest.mark.parametrize(
    "event",
    [{}, {"detail": {}}, {"Records": [{"Sns": {}}]}, {"Records": None}, {"ProcessingJobName": "x"}],
)
def test_another_event_is_refused(event: dict[str, Any]) -> None:
    """The message says that it is no S3 event and what was found instead."""
    with pytest.raises(bc.DataError, match="no S3 event"):
        bc.get_bucket_keys(event)


@pytest.mark.parametrize("event", [[], None, "s3"])
def test_what_is_no_event_at_all_is_refused(event: Any) -> None:
    """By the type that it is."""
    with pytest.raises(bc.DataError, match=f"no S3 event but {type(event).__name__}"):
        bc.get_bucket_keys(event)


def test_an_event_is_printed_for_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Also when it holds what JSON does not know."""
    bc.print_event({"key": "电池", "at": datetime(2026, 11, 21, tzinfo=timezone.utc)})
    printed = capsys.readouterr().out
    assert printed.startswith("Received event: {")
    assert json.loads(printed.removeprefix("Received event: ")) == {
        "key": "电池",
        "at": "2026-11-21 00:00:00+00:00",
    }
