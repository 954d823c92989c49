"""Functions in templates give what CloudFormation's documentation says they give."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcat_runtime.emulator.cloudformation.errors import ValidationError
from batcat_runtime.emulator.cloudformation.intrinsics import (
    NO_VALUE,
    Resolver,
    Scope,
    Unknown,
    causes_in,
    unknown,
)
from batcat_runtime.emulator.protocol import NotEmulated

PLAIN = st.text(alphabet=st.characters(exclude_characters="${}"), max_size=20)


def resolve(expression: Any, **scope: Any) -> Any:
    defaults: dict[str, Any] = {"parameters": {}}
    return Resolver(Scope(**{**defaults, **scope})).resolve(expression)


@given(st.recursive(st.none() | st.integers() | PLAIN, lambda v: st.lists(v, max_size=3)))
def test_what_holds_no_function_comes_back_as_it_is(value: Any) -> None:
    assert resolve({"a": value, "b": [value]}) == {"a": value, "b": [value]}


@given(st.lists(PLAIN.filter(lambda part: "," not in part), min_size=1, max_size=5))
def test_split_undoes_join(parts: list[str]) -> None:
    joined = {"Fn::Join": [",", parts]}
    assert resolve({"Fn::Split": [",", joined]}) == parts


@given(st.lists(PLAIN, min_size=1, max_size=5), st.data())
def test_select_takes_by_position_also_written_as_text(parts: list[str], data: Any) -> None:
    index = data.draw(st.integers(0, len(parts) - 1))
    assert resolve({"Fn::Select": [str(index), parts]}) == parts[index]


@given(PLAIN, PLAIN)
def test_sub_puts_values_between_the_text_around_them(before: str, value: str) -> None:
    expression = {"Fn::Sub": before + "${Name}" + before}
    assert resolve(expression, parameters={"Name": value}) == before + value + before


def test_sub_knows_own_variables_attributes_and_literals() -> None:
    expression = {"Fn::Sub": ["${Own}/${Queue.Arn}/${!Kept}", {"Own": {"Ref": "P"}}]}
    resolved = resolve(
        expression, parameters={"P": "p"}, attribute=lambda name, key: f"{name}-{key}"
    )
    assert resolved == "p/Queue-Arn/${Kept}"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"Fn::Equals": ["a", {"Ref": "A"}]}, True),
        ({"Fn::Not": [{"Fn::Equals": ["a", "a"]}]}, False),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "Yes"}]}, True),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]}, True),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::If": ["No", 1, 2]}, 2),
        ({"Fn::FindInMap": ["Map", "top", {"Ref": "A"}]}, "found"),
        ({"Fn::Base64": "text"}, base64.b64encode(b"text").decode()),
        ({"Fn::ImportValue": "name"}, "imported name"),
        ({"Fn::Join": ["-", ["a", 1, True]]}, "a-1-true"),
    ],
)
def test_each_function_gives_its_documented_value(expression: Any, expected: Any) -> None:
    assert (
        resolve(
            expression,
            parameters={"A": "a"},
            mappings={"Map": {"top": {"a": "found"}}},
            conditions={"Yes": {"Fn::Equals": [1, "1"]}, "No": {"Fn::Not": [{"Condition": "Yes"}]}},
            exported=lambda name: f"imported {name}",
        )
        == expected
    )


def test_no_value_leaves_out_the_property_or_item_that_holds_it() -> None:
    nothing = {"Ref": "AWS::NoValue"}
    assert resolve(nothing) is NO_VALUE
    assert resolve({"a": nothing, "b": [nothing, 1]}) == {"b": [1]}


def test_a_policys_condition_is_no_reference_to_a_condition() -> None:
    statement = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert resolve(statement) == statement


def test_the_branch_not_taken_is_not_evaluated() -> None:
    expression = {"Fn::If": ["Yes", "taken", {"Ref": "Missing"}]}
    assert resolve(expression, conditions={"Yes": {"Fn::Equals": [1, 1]}}) == "taken"


def test_a_value_not_known_yet_makes_everything_built_from_it_unknown() -> None:
    scope = {
        "parameters": {"P": "p"},
        "reference": lambda name: unknown(name, "ResourceReference"),
        "attribute": lambda name, key: unknown(f"{name}.{key}", "ResourceAttribute"),
    }
    for expression in (
        {"Fn::Sub": "${P}/${New}"},
        {"Fn::Join": ["/", [{"Ref": "P"}, {"Ref": "New"}]]},
        {"Fn::Select": [0, {"Fn::Split": ["/", {"Ref": "New"}]}]},
        {"Fn::Base64": {"Ref": "New"}},
    ):
        resolved = resolve(expression, **scope)
        assert isinstance(resolved, Unknown)
        assert {cause.entity for cause in causes_in([resolved])} == {"New"}
    assert resolve({"Fn::GetAtt": ["New", "Arn"]}, **scope).causes == causes_in(
        [unknown("New.Arn", "ResourceAttribute")]
    )


@pytest.mark.parametrize(
    "expression",
    [
        {"Fn::GetAZs": ""},
        {"Fn::Cidr": ["10.0.0.0/16", 1, 8]},
        {"Fn::Transform": {"Name": "AWS::Include"}},
        {"Fn::ForEach::Loop": []},
        {"Fn::FindInMap": ["Map", "a", "b", {"DefaultValue": 1}]},
        "{{resolve:ssm:/path}}",
        {"Fn::Sub": "{{resolve:secretsmanager:${P}}}"},
    ],
)
def test_what_is_not_emulated_is_refused_by_name(expression: Any) -> None:
    name = next(iter(expression)) if isinstance(expression, dict) else "resolve"
    with pytest.raises(NotEmulated, match="resolve" if name == "Fn::Sub" else name):
        resolve(expression, parameters={"P": "p"})


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ({"Fn::FindInMap": ["Map", "a", "b"]}, "Unable to get mapping for Map::a::b"),
        ({"Fn::If": ["Nowhere", 1, 2]}, "Condition Nowhere is not defined"),
        ({"Fn::Select": [2, ["a"]]}, "nonexistent value at index 2"),
        ({"Fn::Join": ["-", "text"]}, "requires a list"),
        ({"Fn::Join": [["-"]]}, "2 elements"),
        ({"Fn::ImportValue": "name"}, "No export named name found"),
        ({"Fn::Sub": "${L}"}, "must resolve to a string"),
        ({"Fn::And": [True]}, "2 to 10"),
    ],
)
def test_a_wrong_expression_says_what_is_wrong(expression: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        resolve(expression, parameters={"L": ["a"]})
