"""Parameters take their values, and keep to their constraints."""

from __future__ import annotations

import re
from typing import Any

import pytest

from batcat_runtime.emulator.cloudformation import parameters
from batcat_runtime.emulator.cloudformation.errors import ValidationError
from batcat_runtime.emulator.protocol import NotEmulated


def test_given_values_come_before_previous_ones_and_those_before_defaults() -> None:
    declared = {name: {"Type": "String", "Default": "default"} for name in "ABC"}
    entries: list[dict[str, Any]] = [
        {"ParameterKey": "A", "ParameterValue": "given"},
        {"ParameterKey": "B", "UsePreviousValue": True},
    ]
    found = parameters.given(entries, {"A": "old", "B": "old", "C": "old"}, declared)
    assert parameters.texts(declared, found) == {"A": "given", "B": "old", "C": "default"}


@pytest.mark.parametrize(
    ("declaration", "text", "message"),
    [
        ({"AllowedValues": ["a", 1]}, "b", "Parameter 'P' must be one of AllowedValues"),
        ({"AllowedPattern": "[a-z]+"}, "a1", r"Parameter 'P' must match pattern \[a-z\]\+"),
        (
            {"AllowedPattern": "[a-z]+", "ConstraintDescription": "only letters"},
            "1",
            "Parameter P failed to satisfy constraint: only letters",
        ),
        ({"MinLength": 2}, "a", "at least 2 characters"),
        ({"MaxLength": "1"}, "ab", "at most 1 characters"),
        ({"Type": "Number"}, "x", "must be a number"),
        ({"Type": "Number", "MinValue": 3}, "2", "not less than 3"),
        ({"Type": "Number", "MaxValue": 3}, "4", "not greater than 3"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a"]}, "a,b", "AllowedValues"),
    ],
)
def test_a_value_outside_its_constraint_is_refused(
    declaration: dict[str, Any], text: str, message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        parameters.texts({"P": {"Type": "String", **declaration}}, {"P": text})


def test_a_missing_value_is_named() -> None:
    with pytest.raises(ValidationError, match=re.escape("Parameters: [A, B] must have values")):
        parameters.texts({"A": {}, "B": {}}, {})


def test_a_value_for_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"\[X\] do not exist in the template"):
        parameters.given([{"ParameterKey": "X", "ParameterValue": "1"}], {}, {})


def test_a_previous_value_needs_to_be_there() -> None:
    with pytest.raises(ValidationError, match="usePreviousValue"):
        parameters.given([{"ParameterKey": "X", "UsePreviousValue": True}], {}, {"X": {}})


def test_a_list_is_split_at_its_commas() -> None:
    assert parameters.value_of("a, b", {"Type": "CommaDelimitedList"}) == ["a", "b"]


def test_a_parameter_that_is_looked_up_in_an_account_is_refused() -> None:
    kind = "AWS::SSM::Parameter::Value<String>"
    with pytest.raises(NotEmulated, match=kind):
        parameters.texts({"P": {"Type": kind}}, {"P": "x"})


def test_a_secret_is_not_shown() -> None:
    assert parameters.shown("secret", {"NoEcho": True}) == "****"
