"""Texts and numbers of a definition come out as they went in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench

TEXTS = ["é", "日本 😀", 'say "hi"', "back\\slash", "a/b\n\tc", "{% no %}"]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_and_keys_are_kept(
    bench: Workbench, one_state: Callable[..., Any], text: str
) -> None:
    document = {text: text, "list": [text], "$$": {f"{text}.$": "$.x"}}
    output = bench.output(one_state(Type="Pass", Parameters=document), {"x": 1})
    assert output == {text: text, "list": [text], "$$": {text: 1}}


@pytest.mark.parametrize("name", ["é", "日本 😀", 'say "hi"', "a\\b"])
def test_states_have_the_names_they_were_given(bench: Workbench, name: str) -> None:
    template = {"n.$": "$$.State.Name"}
    last = {"Type": "Pass", "Parameters": template, "End": True}
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": name}, name: last}}
    assert bench.output(definition) == {"n": name}


def test_numbers_are_kept_however_they_are_written(bench: Workbench) -> None:
    text = (
        '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters":'
        ' {"a": 1e3, "b": -1.5E-2, "c": -0, "d": 12345678901234567890}, "End": true}}}'
    )
    machine = bench.sfn.create_state_machine(name="numbers", definition=text, roleArn=bench.role)
    arn = machine["stateMachineArn"]
    execution = bench.sfn.start_execution(stateMachineArn=arn)["executionArn"]
    output = bench.finish(execution)["output"]
    assert output == '{"a":1000.0,"b":-0.015,"c":0,"d":12345678901234567890}'
