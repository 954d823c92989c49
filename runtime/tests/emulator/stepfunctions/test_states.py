"""The states of the Amazon States Language do what they say, on the engine as it is patched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("States.Format('{}/{}', $.a, $.n)", "x/2"),
        ("States.StringToJson('3')", 3),
        ("States.JsonToString($.d)", '{"k":1}'),
        ("States.Array($.a, $.n)", ["x", 2]),
        ("States.ArrayPartition($.l, 2)", [[1, 2], [3]]),
        ("States.ArrayContains($.l, 3)", True),
        ("States.ArrayRange(1, 5, 2)", [1, 3, 5]),
        ("States.ArrayGetItem($.l, 1)", 2),
        ("States.ArrayLength($.l)", 3),
        ("States.ArrayUnique(States.Array(1, 1))", [1]),
        ("States.Base64Encode('a')", "YQ=="),
        ("States.Base64Decode('YQ==')", "a"),
        ("States.Hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("States.JsonMerge($.d, $.e, false)", {"k": 1, "m": 2}),
        ("States.MathAdd($.n, 1)", 3),
        ("States.StringSplit('a,b', ',')", ["a", "b"]),
    ],
)
def test_intrinsic_functions(
    bench: Workbench, one_state: Callable[..., Any], template: str, value: Any
) -> None:
    document = {"a": "x", "n": 2, "l": [1, 2, 3], "d": {"k": 1}, "e": {"m": 2}}
    output = bench.output(one_state(Type="Pass", Parameters={"v.$": template}), document)
    assert output == {"v": value}


def test_paths_shape_input_and_output(bench: Workbench, one_state: Callable[..., Any]) -> None:
    fields = {"InputPath": "$.in", "ResultPath": "$.r", "OutputPath": "$.r", "Result": [1]}
    assert bench.output(one_state(Type="Pass", **fields), {"in": {"x": 1}}) == [1]


def test_choice_takes_the_first_rule_that_holds(bench: Workbench) -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.x", "IsPresent": False, "Next": "Missing"},
                    {"Variable": "$.x", "StringMatches": "a*", "Next": "Text"},
                    {
                        "Or": [
                            {"Variable": "$.x", "NumericGreaterThan": 5},
                            {"Variable": "$.x", "NumericEqualsPath": "$.y"},
                        ],
                        "Next": "Number",
                    },
                ],
                "Default": "Other",
            },
            **{
                name: {"Type": "Pass", "Result": name, "End": True}
                for name in ("Missing", "Text", "Number", "Other")
            },
        },
    }
    assert bench.output(definition, {}) == "Missing"
    assert bench.output(definition, {"x": "abc"}) == "Text"
    assert bench.output(definition, {"x": 9, "y": 1}) == "Number"
    assert bench.output(definition, {"x": 2, "y": 2}) == "Number"
    assert bench.output(definition, {"x": 2, "y": 3}) == "Other"


def test_a_choice_without_a_match_or_default_fails(bench: Workbench) -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.x", "NumericEquals": 1, "Next": "B"}],
            },
            "B": {"Type": "Succeed"},
        },
    }
    assert bench.run(definition, {"x": 2})["error"] == "States.NoChoiceMatched"


def test_parallel_branches_run_side_by_side(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    branch = {
        "StartAt": "W{}",
        "States": {"W{}": {"Type": "Wait", "Seconds": 1, "End": True}},
    }
    branches = [json.loads(json.dumps(branch).replace("{}", str(number))) for number in range(3)]
    described = bench.run(one_state(Type="Parallel", Branches=branches), {"n": 1})
    assert json.loads(described["output"]) == [{"n": 1}] * 3
    waits = [event for event in bench.events(described["executionArn"]) if "Wait" in event]
    assert waits == ["WaitStateEntered"] * 3 + ["WaitStateExited"] * 3


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_map_keeps_the_order_of_its_items(
    bench: Workbench, one_state: Callable[..., Any], mode: str
) -> None:
    processor = {
        "ProcessorConfig": {
            "Mode": mode,
            **({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {}),
        },
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "Parameters": {"v.$": "$.v", "i.$": "$.i"}, "End": True}},
    }
    definition = one_state(
        Type="Map",
        ItemsPath="$.l",
        MaxConcurrency=2,
        ItemSelector={"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"},
        ItemProcessor=processor,
    )
    output = bench.output(definition, {"l": ["a", "b", "c"]})
    assert output == [{"v": "a", "i": 0}, {"v": "b", "i": 1}, {"v": "c", "i": 2}]


def test_states_inside_an_iteration_know_their_item(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    """Task, Parallel and JSONata states too: each sees ``Map.Item`` of its own iteration."""
    jsonpath = {"Parameters": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"}}
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:createBucket",
        "Parameters": {"Bucket.$": "States.Format('of-item-{}', $$.Map.Item.Index)"},
        "Next": "Both",
    }
    jsonata = {"QueryLanguage": "JSONata", "Output": "{% $states.context.Map.Item.Index %}"}
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Pass", "End": True, **fields}}}
        for name, fields in (("Path", jsonpath), ("Jsonata", jsonata))
    ]
    both = {"Type": "Parallel", "Branches": branches, "End": True}
    processor = {"StartAt": "Call", "States": {"Call": call, "Both": both}}
    definition = one_state(Type="Map", ItemsPath="$.l", ItemProcessor=processor)
    output = bench.output(definition, {"l": ["a", "b"]})
    assert output == [[{"v": "a", "i": 0}, 0], [{"v": "b", "i": 1}, 1]]


def test_fail_carries_error_and_cause_from_the_input(bench: Workbench) -> None:
    definition = {
        "StartAt": "A",
        "States": {"A": {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "$.c"}},
    }
    described = bench.run(definition, {"e": "MyError", "c": "because"})
    assert (described["status"], described["error"], described["cause"]) == (
        "FAILED",
        "MyError",
        "because",
    )


@pytest.mark.parametrize(
    "error", ["States.TaskFailed", "States.Timeout", "States.Whatever", "Mine"]
)
def test_fail_passes_on_the_error_that_was_caught(bench: Workbench, error: str) -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Fail", "ErrorPath": "$.e"}}}
    described = bench.run(definition, {"e": error})
    assert described["error"] == error


def test_catch_puts_the_error_where_it_is_told(bench: Workbench) -> None:
    branch = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "C"}}}
    definition = {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Parallel",
                "Branches": [branch],
                "Catch": [
                    {"ErrorEquals": ["Other"], "Next": "No"},
                    {"ErrorEquals": ["E"], "ResultPath": "$.error", "Next": "Yes"},
                ],
                "End": True,
            },
            "Yes": {"Type": "Pass", "End": True},
            "No": {"Type": "Fail"},
        },
    }
    assert bench.output(definition, {"kept": 1}) == {
        "kept": 1,
        "error": {"Error": "E", "Cause": "C"},
    }


def test_a_path_that_finds_nothing_fails_the_state(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    described = bench.run(one_state(Type="Pass", Parameters={"a.$": "$.nope"}), {})
    assert described["status"] == "FAILED"
    assert "$.nope" in described["cause"]


def test_wait_until_a_time_in_the_past_does_not_wait(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    assert bench.output(one_state(Type="Wait", TimestampPath="$.t"), {"t": "2020-01-01T00:00:00Z"})
