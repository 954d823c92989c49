"""Intrinsic functions take what was written and give what AWS documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator.stepfunctions.asl import check

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench

DOCUMENT = {
    "n": 2,
    "t": "{} and {}",
    "é b": "ü",
    "l": [{"a": 1}, {"a": 1}, True, 1, None],
    "brace": "{x}",
    "a,b": [1, 2],
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("States.Format('é {}', $['é b'])", "é ü"),
        (r"States.Format('it\'s \{{}\} \\ {}', $.n, 'a\\b')", r"it's {2} \ a\b"),
        (r"States.Format('\\{}', 'x')", r"\x"),
        ("States.Format('say \"{}\"\n', $.n)", 'say "2"\n'),
        ("States.Format('{}', $.brace)", "{x}"),
        ("States.Format($.t, 'a', 'b')", "a and b"),
        ("States.Format(States.ArrayGetItem(States.Array('x{}y'), 0), 1)", "x1y"),
        ("States.Format('{} {} {}', true, null, 1.5)", "true null 1.5"),
        ("States.Array('Foo', 2022, -1.5, false, null)", ["Foo", 2022, -1.5, False, None]),
        ("States.Array()", []),
        ("States.Array( 'a, b' ,$['a,b'][0],$.l[?(@.a==1)].a )", ["a, b", 1, [1, 1]]),
        ("States.Array('{}', '{a}')", ["{}", "{a}"]),
        ("States.MathAdd(1e3, 1.6)", 1002),
        ("States.Base64Encode('é')", "w6k="),
        ("States.Base64Decode('w6k=')", "é"),
        ("States.JsonToString($['é b'])", '"ü"'),
        (r"""States.StringToJson('\{"a": "é"\}')""", {"a": "é"}),
        ("States.ArrayUnique($.l)", [{"a": 1}, True, 1, None]),
        ("States.ArrayContains(States.Array(1), true)", False),
        ("States.ArrayContains($.l, $.l[1])", True),
        ("States.MathRandom(3, 4)", 3),
        ("States.Hash('é', 'MD5')", "66ddcd97cfdeabb2f6fb8a999b4bc76f"),
    ],
)
def test_arguments_and_values(
    bench: Workbench, one_state: Callable[..., Any], template: str, value: Any
) -> None:
    output = bench.output(one_state(Type="Pass", Parameters={"v.$": template}), DOCUMENT)
    assert json.dumps(output) == json.dumps({"v": value})  # true is not 1


def test_variables_are_arguments_too(bench: Workbench) -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Assign": {"v": {"w": [5]}}, "Next": "B"},
            "B": {
                "Type": "Pass",
                "Parameters": {"x.$": "States.Format('{}{}', $v.w[0], 1e3)"},
                "End": True,
            },
        },
    }
    assert bench.output(definition) == {"x": "51000.0"}


@pytest.mark.parametrize(
    "call",
    [
        "States.Format('{}', 1, 2)",
        "States.Format('{} {}', 1)",
        "States.StringToJson('no json')",
        "States.ArrayGetItem(States.Array(1), 1)",
        "States.ArrayGetItem(States.Array(1), -1)",
        "States.Base64Decode('/w==')",
        "States.ArrayLength('x')",
    ],
)
def test_a_function_that_fails_can_be_caught(bench: Workbench, call: str) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket.$": call, "Key": "k"},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z"}],
        "Next": "Z",
    }
    states = {"A": task, "Z": {"Type": "Pass", "End": True}}
    output = bench.output({"StartAt": "A", "States": states})
    assert output["Error"] == "States.IntrinsicFailure"
    assert output["Cause"].startswith(f"The function '{call}' failed: ")


def test_a_path_to_nothing_is_a_runtime_error(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    definition = one_state(Type="Pass", Parameters={"v.$": "States.Array($.absent)"})
    described = bench.run(definition)
    assert described["error"] == "States.Runtime"
    assert "'$.absent'" in described["cause"]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("States.UUID", "no intrinsic function begins at"),
        ("States.Nope()", "no intrinsic function begins at 'States.Nope()'"),
        ("States.UUID() x", "nothing may follow the call"),
        ("States.Array(1", "expected , or )"),
        ("States.Array(1,)", "no intrinsic function begins at ')'"),
        ("States.Array('a)", 'no intrinsic function begins at "\'a)"'),
        (r"States.Array('a\n')", r"open escape backslash in 'a\n'"),
        ("States.Format('{a}')", "must be escaped in '{a}'"),
        ("States.MathAdd(1)", "States.MathAdd takes 2 arguments, not 1"),
        ("States.Format()", "States.Format takes 1 to any number of arguments, not 0"),
        ("States.Array($.a[)", "expected , or ) at '[)'"),
        ("States.Array($.a..)", "is not a JSONPath"),
    ],
)
def test_what_is_no_call_is_refused_by_name(
    one_state: Callable[..., Any], call: str, problem: str
) -> None:
    definition = one_state(Type="Pass", Parameters={"v.$": call})
    (found,) = check(json.dumps(definition), "us-east-1")
    assert found.path == "/States/A/Parameters/v.$"
    assert problem in found.message
