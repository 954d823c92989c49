"""A path to one value gives the value, one to many a list, wherever paths are allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench

DOCUMENT = {
    "l": [{"a": 1, "b": {"c": 2}, "n": None}, {"a": 3}],
    "m": [[1, 2], [3]],
    "one": [{"a": 7}],
    "é b": [{"ü": 5}],
    "s": "text",
    "my-key": 6,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.l[0].a", 1),
        ("$.l[0].b.c", 2),
        ("$.l[0].n", None),
        ("$.l[-1]", {"a": 3}),
        ("$.l[-1].a", 3),
        ("$.m[0][1]", 2),
        ("$['l'][1]['a']", 3),
        ("$['é b'][0].ü", 5),
        ("$.['é b'][0]", {"ü": 5}),
        ("$.my-key", 6),
        ("$.l[*].a", [1, 3]),
        ("$.one[*].a", [7]),
        ("$.one[0:1].a", [7]),
        ("$..c", [2]),
        ("$.l[?(@.a==3)].a", [3]),
        ("$.l[?(@.a==9)].a", []),
    ],
)
def test_a_definite_path_gives_the_value_and_another_a_list(
    bench: Workbench, one_state: Callable[..., Any], path: str, value: Any
) -> None:
    definition = one_state(Type="Pass", Parameters={"x.$": path})
    assert bench.output(definition, DOCUMENT) == {"x": value}


@pytest.mark.parametrize("path", ["$.l[2]", "$.l[0].z", "$.s[0]", "$.s.a", "$.l.a", "$.l[-3]"])
def test_a_definite_path_to_nothing_fails(
    bench: Workbench, one_state: Callable[..., Any], path: str
) -> None:
    described = bench.run(one_state(Type="Pass", Parameters={"x.$": path}), DOCUMENT)
    assert described["error"] == "States.Runtime"
    assert f"The JSONPath '{path}' specified for the field" in described["cause"]


@pytest.mark.parametrize("field", ["InputPath", "OutputPath"])
def test_input_and_output_paths_give_the_value(
    bench: Workbench, one_state: Callable[..., Any], field: str
) -> None:
    assert bench.output(one_state(Type="Pass", **{field: "$.l[0].b"}), DOCUMENT) == {"c": 2}


def test_choices_waits_and_intrinsic_functions_take_the_value(bench: Workbench) -> None:
    rule = {"Variable": "$.l[0].a", "NumericEqualsPath": "$.l[0].a", "Next": "W"}
    format_it = "States.Format('{}/{}', $.l[0].b.c, $$.Execution.Input.l[1].a)"
    definition = {
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [rule], "Default": "N"},
            "W": {"Type": "Wait", "SecondsPath": "$.l[0].w", "Next": "P"},
            "P": {"Type": "Pass", "Parameters": {"x.$": format_it}, "End": True},
            "N": {"Type": "Fail"},
        },
    }
    document = {"l": [{"a": 1, "b": {"c": 2}, "w": 0}, {"a": 3}]}
    assert bench.output(definition, document) == {"x": "2/3"}
