"""What a target receives, and which targets there are."""

from __future__ import annotations

import json
from typing import Any

from batcat_runtime.emulator.events import targets

EVENT: dict[str, Any] = {
    "id": "1",
    "resources": ["arn:a", "arn:b"],
    "detail": {"object": {"key": 'a "b".csv', "size": 5}},
}
RULE = "arn:aws:events:us-east-1:123456789012:rule/r"


def sent(**target: Any) -> Any:
    return json.loads(targets.transform(target, EVENT, RULE, "2026-11-21T08:00:00Z"))


def test_a_target_receives_the_event_a_part_of_it_or_a_constant() -> None:
    assert sent() == EVENT
    assert sent(InputPath="$.detail.object") == EVENT["detail"]["object"]
    assert sent(InputPath="$.resources[1]") == "arn:b"
    assert sent(Input='{"a": 1}') == {"a": 1}


def test_a_template_takes_values_as_json_outside_quotes_and_as_text_inside() -> None:
    transformer = {
        "InputPathsMap": {"key": "$.detail.object.key", "o": "$.detail.object", "no": "$.nope"},
        "InputTemplate": '{"key": <key>, "text": "got <key>: <o>", "o": <o>, "no": <no>}',
    }
    assert sent(InputTransformer=transformer) == {
        "key": 'a "b".csv',
        "text": 'got a "b".csv: {"key": "a \\"b\\".csv", "size": 5}',
        "o": EVENT["detail"]["object"],
        "no": None,
    }


def test_a_template_knows_the_rule_and_the_event() -> None:
    template = '{"rule": "<aws.events.rule-name>", "event": <aws.events.event.json>}'
    assert sent(InputTransformer={"InputTemplate": template}) == {"rule": "r", "event": EVENT}


def test_a_template_that_is_plain_text_becomes_a_json_string() -> None:
    transformer = {"InputPathsMap": {"id": "$.id"}, "InputTemplate": "event <id> came"}
    assert sent(InputTransformer=transformer) == 'event "1" came'
