"""JSONata expressions give JSON, or say why they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator.stepfunctions.jsonata import QueryError, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench


@pytest.mark.parametrize(
    ("expression", "variables", "value"),
    [
        ("$x.a", {"x": {"a": [1, 2]}}, [1, 2]),
        ("$x.n", {"x": {"n": None}}, None),
        ("10 / 4", {}, 2.5),
        ("10 / 5", {}, 2),
        ("$x & '\"'", {"x": 'say "hi"'}, 'say "hi""'),
        ("$sum($states.input.v)", {"states": {"input": {"v": [1, 2]}}}, 3),
        ("[$v[$ > 1]]", {"v": [1, 2, 3]}, [2, 3]),
        ("{'a': null}", {}, {"a": None}),
        ("$partition([1..5], 2)", {}, [[1, 2], [3, 4], [5]]),
        ("$range(0, 10, 5)", {}, [0, 5, 10]),
        ("$range(3, 1, -1)", {}, [3, 2, 1]),
        ("$hash('a', 'MD5')", {}, "0cc175b9c0f1b6a831c399e269772661"),
        ("$parse('{\"a\": 1}').a", {}, 1),
        ("$length($uuid())", {}, 36),
        ("$random(1) = $random(1)", {}, True),
    ],
)
def test_an_expression_gives_json(expression: str, variables: dict[str, Any], value: Any) -> None:
    assert evaluate(expression, variables) == value


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("$nope", "returned nothing (undefined)"),
        ("$states.input.nope", "returned nothing (undefined)"),
        ("$error('boom')", "boom"),
        ("1 / 0", "ZeroDivisionError"),
        ("$uppercase(1)", "T0410"),
        ("$sum", "unsupported result type"),
        ("$eval('1')", "$eval is not supported"),
        ("$hash('a', 'MD6')", "unknown algorithm MD6"),
        ("1 +", "threw an error"),
    ],
)
def test_an_expression_without_a_value_says_why(expression: str, why: str) -> None:
    with pytest.raises(QueryError) as raised:
        evaluate(expression, {"states": {"input": {}}})
    assert why in str(raised.value)
    assert expression in str(raised.value)


def test_arguments_output_assign_and_conditions_are_evaluated(bench: Workbench) -> None:
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Pass",
                "Assign": {"greeting": "{% 'hello \"' & $states.input.name & '\"' %}"},
                "Output": {"n": "{% $states.input.n * 2 %}", "fixed": [True, None, 1.5]},
                "Next": "B",
            },
            "B": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.n > 3 %}", "Next": "C"}],
                "Default": "F",
            },
            "C": {
                "Type": "Map",
                "Items": "{% [1..3] %}",
                "ItemProcessor": {
                    "StartAt": "I",
                    "States": {
                        "I": {
                            "Type": "Pass",
                            "Output": "{% $states.input * 10 %}",
                            "End": True,
                        }
                    },
                },
                "Output": {"items": "{% $states.result %}", "text": "{% $greeting %}"},
                "End": True,
            },
            "F": {"Type": "Fail"},
        },
    }
    output = bench.output(definition, {"name": "you", "n": 2})
    assert output == {"items": [10, 20, 30], "text": 'hello "you"'}


def test_states_context_names_the_execution(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    definition = {
        **one_state(Type="Pass", Output="{% $states.context.Execution.Name %}"),
        "QueryLanguage": "JSONata",
    }
    described = bench.run(definition)
    assert described["output"] == f'"{described["name"]}"'


def test_an_undefined_expression_fails_the_execution(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    definition = {
        **one_state(Type="Pass", Output="{% $states.input.nope %}"),
        "QueryLanguage": "JSONata",
    }
    described = bench.run(definition)
    assert described["status"] == "FAILED"
    assert described["error"] == "States.QueryEvaluationError"
    assert "'$states.input.nope' returned nothing (undefined)" in described["cause"]
    assert bench.events(described["executionArn"]) == [
        "ExecutionStarted",
        "PassStateEntered",
        "EvaluationFailed",
        "ExecutionFailed",
    ]


def test_a_failed_expression_in_a_task_can_be_caught(bench: Workbench) -> None:
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:listObjectsV2",
                "Arguments": {"Bucket": "{% 1/0 %}"},
                "Catch": [
                    {
                        "ErrorEquals": ["States.QueryEvaluationError"],
                        "Output": "{% $states.errorOutput.Error %}",
                        "Next": "B",
                    }
                ],
                "End": True,
            },
            "B": {"Type": "Succeed"},
        },
    }
    assert bench.output(definition) == "States.QueryEvaluationError"


def test_a_condition_that_is_not_boolean_is_an_evaluation_error(bench: Workbench) -> None:
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {
            "A": {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "B"}]},
            "B": {"Type": "Succeed"},
        },
    }
    described = bench.run(definition)
    assert described["error"] == "States.QueryEvaluationError"
    assert "Expected 'boolean'" in described["cause"]


def test_jsonpath_states_have_variables_too(bench: Workbench) -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Assign": {"kept.$": "$.a"}, "Next": "B"},
            "B": {"Type": "Pass", "Parameters": {"y.$": "$kept.b[0]"}, "End": True},
        },
    }
    assert bench.output(definition, {"a": {"b": ['q"z']}}) == {"y": 'q"z'}
