"""Texts and numbers of a definition come out as they went in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from moto.stepfunctions.parser.asl.component.common.query_language import (
    QueryLanguage,
    QueryLanguageMode,
)
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from batcat_runtime.emulator.stepfunctions import literals

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


def test_a_definition_is_read_in_its_own_language_while_another_is_being_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As two executions do that begin at once: the other one is inside of a state in JSONata."""

    def replace(owner: Any, **parts: Any) -> None:
        for name, part in parts.items():
            monkeypatch.setattr(owner, name, part)

    monkeypatch.setattr(literals, "replace", replace)
    literals.patch()
    other = Preprocessor()
    other._query_language_per_scope.append(QueryLanguage(QueryLanguageMode.JSONata))  # noqa: SLF001 - moto's
    AmazonStateLanguageParser.parse(
        '{"StartAt": "A", "States": {"A": {"Type": "Pass", "ResultPath": "$.x", "End": true}}}'
    )
