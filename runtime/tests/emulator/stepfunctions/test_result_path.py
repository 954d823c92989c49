"""ResultPath puts a result into the input, or fails by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench


@pytest.mark.parametrize(
    ("path", "document", "output"),
    [
        ("$", {"a": 1}, [9]),
        (None, {"a": 1}, {"a": 1}),
        ("$.a", {"a": {"b": 1}}, {"a": [9]}),
        ("$.a.b.c", {}, {"a": {"b": {"c": [9]}}}),
        ("$.a['é b']", {"a": {"x": 1}}, {"a": {"x": 1, "é b": [9]}}),
        ("$.a[0]", {"a": [1, 2]}, {"a": [[9], 2]}),
        ("$.a[1].b", {"a": [1, {"c": 2}]}, {"a": [1, {"c": 2, "b": [9]}]}),
        ("$[0].a", [{}], [{"a": [9]}]),
    ],
)
def test_the_result_is_put_there(
    bench: Workbench, one_state: Callable[..., Any], path: str | None, document: Any, output: Any
) -> None:
    execution = bench.sfn.start_execution(
        stateMachineArn=bench.machine(one_state(Type="Pass", Result=[9], ResultPath=path)),
        input=json.dumps(document),
    )
    described = bench.finish(execution["executionArn"])
    assert json.loads(described["output"]) == output


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("$.a.b.c", {"a": 5}),
        ("$.a.b", {"a": None}),
        ("$.a[5]", {"a": [1, 2]}),
        ("$.a[0]", {}),
        ("$.a[0]", {"a": {}}),
        ("$.a", [1]),
        ("$.a", "text"),
    ],
)
def test_a_path_that_does_not_fit_fails(
    bench: Workbench, one_state: Callable[..., Any], path: str, document: Any
) -> None:
    described = bench.run(one_state(Type="Pass", Result=9, ResultPath=path), document)
    assert described["error"] == "States.ResultPathMatchFailure"
    text = json.dumps(document, separators=(",", ":"))
    cause = f"The ResultPath '{path}' cannot be applied to the input '{text}'"
    assert described["cause"] == cause


def test_a_task_can_catch_it_and_a_catcher_can_fail_with_it(bench: Workbench) -> None:
    catch: dict[str, Any] = {"ErrorEquals": ["States.ResultPathMatchFailure"], "Next": "Z"}
    definition: dict[str, Any] = {
        "StartAt": "T",
        "States": {
            "T": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
                "ResultPath": "$.x.y",
                "Catch": [catch],
                "Next": "Z",
            },
            "Z": {"Type": "Pass", "End": True},
        },
    }
    assert bench.output(definition, {"x": 1})["Error"] == "States.ResultPathMatchFailure"
    catch["ResultPath"] = "$.x.e"
    described = bench.run(definition, {"x": 1})
    assert described["error"] == "States.ResultPathMatchFailure"
    assert "'$.x.e'" in described["cause"]
