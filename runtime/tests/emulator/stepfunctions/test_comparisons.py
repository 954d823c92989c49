"""A Choice rule compares what it should, and says so when it cannot."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator.stepfunctions.asl import check

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench

DAY = "2020-01-01T00:00:00Z"


def choice(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Choice", "Choices": [{**rule, "Next": "Y"}], "Default": "N"},
            "Y": {"Type": "Pass", "Result": True, "End": True},
            "N": {"Type": "Pass", "Result": False, "End": True},
        },
    }


@pytest.mark.parametrize(
    ("operator", "operand", "value", "holds"),
    [
        ("StringMatches", "log-*.txt", "log-[1]\n.txt", True),
        ("StringMatches", "l?g", "log", False),
        ("StringMatches", "[a]b", "[a]b", True),
        ("StringMatches", "[a]b", "ab", False),
        ("StringMatches", "a*\\*b", "axx*b", True),
        ("StringMatches", "a*\\*b", "axxb", False),
        ("StringMatches", "a\\\\*", "a\\b", True),
        ("StringMatches", "a", "A", False),
        ("TimestampEquals", DAY, "2020-01-01T00:00:00.000Z", True),
        ("TimestampEquals", DAY, "2020-01-01T01:00:00+01:00", True),
        ("TimestampLessThan", DAY, "2020-01-01T00:30:00+01:00", True),
        ("TimestampGreaterThan", DAY, "2020-01-01T00:00:00.5Z", True),
        ("TimestampGreaterThanEquals", DAY, "2019-12-31T23:00:00-01:30", True),
        ("TimestampLessThanEquals", DAY, "2020-01-01t00:00:00z", False),
        ("TimestampGreaterThan", DAY, "not a time", False),
        ("IsTimestamp", True, "2020-01-01T00:00:00.123+02:00", True),
        ("IsTimestamp", True, "2020-01-01", False),
        ("IsTimestamp", True, "2020-13-01T00:00:00Z", False),
        ("NumericEquals", 1, True, False),
        ("NumericEquals", 1, 1.0, True),
        ("NumericGreaterThan", 1, "2", False),
        ("StringLessThan", "b", "a", True),
    ],
)
def test_comparisons(
    bench: Workbench, operator: str, operand: Any, value: Any, holds: bool
) -> None:
    rule = {"Variable": "$.x", operator: operand}
    assert bench.output(choice(rule), {"x": value}) is holds


@pytest.mark.parametrize("operator", ["String", "Numeric", "Timestamp"])
def test_values_of_different_types_do_not_compare(bench: Workbench, operator: str) -> None:
    value = {"String": "a", "Numeric": 1, "Timestamp": DAY}[operator]
    rule = {"Variable": "$.x", f"{operator}LessThanEqualsPath": "$.y"}
    assert bench.output(choice(rule), {"x": value, "y": None}) is False
    assert bench.output(choice(rule), {"x": value, "y": value}) is True


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.y", "StringEquals": "a"},
        {"Variable": "$.y", "IsNull": True},
        {"Variable": "$.y", "IsString": False},
        {"Variable": "$.x", "StringEqualsPath": "$.y"},
        {"Not": {"Variable": "$.y", "NumericEquals": 1}},
        {"Or": [{"Variable": "$.y", "BooleanEquals": True}, {"Variable": "$.x", "IsNull": False}]},
    ],
)
def test_a_path_to_nothing_fails_the_choice(bench: Workbench, rule: dict[str, Any]) -> None:
    described = bench.run(choice(rule), {"x": "2"})
    assert described["error"] == "States.Runtime"
    assert described["cause"] == (
        "An error occurred while executing the state 'A' (entered at the event id #2). "
        "Invalid path '$.y': The choice state's condition path references an invalid value."
    )


def test_is_present_asks_first(bench: Workbench) -> None:
    present = {"Variable": "$.y", "IsPresent": True}
    rule = choice({"And": [present, {"Variable": "$.y", "StringEquals": "a"}]})
    assert bench.output(rule, {"x": 1}) is False
    assert bench.output(rule, {"y": "a"}) is True
    assert bench.output(choice({"Variable": "$.y", "IsPresent": False}), {}) is True
    assert bench.output(choice(present), {"y": None}) is True


@pytest.mark.parametrize(
    ("operator", "operand"),
    [("StringMatches", "a\\"), ("StringMatches", "a\\\\\\"), ("TimestampEquals", "2020-01-01")],
)
def test_operands_that_cannot_be_meant_are_refused(operator: str, operand: str) -> None:
    (problem,) = check(
        json.dumps(choice({"Variable": "$.x", operator: operand})), region="us-east-1"
    )
    assert problem.path == f"/States/A/Choices[0]/{operator}"


def test_a_wait_takes_the_offset_of_its_timestamp(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    past = datetime.now(timezone(timedelta(hours=13))) - timedelta(minutes=5)
    definition = one_state(Type="Wait", TimestampPath="$.t")
    assert bench.output(definition, {"t": past.isoformat()}) == {"t": past.isoformat()}
