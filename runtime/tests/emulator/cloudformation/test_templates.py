"""Templates are read as CloudFormation reads them; what is not emulated is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from batcat_runtime.emulator.cloudformation import template
from batcat_runtime.emulator.cloudformation.errors import ValidationError
from batcat_runtime.emulator.protocol import NotEmulated


def test_short_forms_become_long_ones() -> None:
    parsed = template.parse(
        "Resources:\n"
        "  A:\n"
        "    Type: T\n"
        "    Properties:\n"
        "      x: !GetAtt B.Arn.More\n"
        "      y: !Sub ['${v}', {v: !Ref P}]\n"
        "      z: !If [C, 1, 2]\n"
    )
    assert parsed["Resources"]["A"]["Properties"] == {
        "x": {"Fn::GetAtt": ["B", "Arn.More"]},
        "y": {"Fn::Sub": ["${v}", {"v": {"Ref": "P"}}]},
        "z": {"Fn::If": ["C", 1, 2]},
    }


def test_a_date_stays_the_text_it_is_in_policies() -> None:
    parsed = template.parse("Resources: {A: {Type: T, Properties: {Version: 2012-10-17}}}")
    assert parsed["Resources"]["A"]["Properties"]["Version"] == "2012-10-17"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "JSON not well-formed"),
        ("a: [", "YAML not well-formed"),
        ("just text", "unsupported structure"),
        ("Resources: {}", "At least one Resources member"),
        ("Resources: {A: &x {Type: T}, B: *x}", "YAML aliases are not allowed"),
    ],
)
def test_text_that_is_no_template_is_refused(body: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        template.parse(body)


@pytest.mark.parametrize("levels", [template.DEEPEST - 2, template.DEEPEST - 1, 50_000])
def test_a_template_may_be_deep_but_not_bottomless(levels: int) -> None:
    nested = '{"a": ' * levels + "1" + "}" * levels
    for body in (f'{{"Resources": {{"A": {nested}}}}}', f"Resources: {{A: {nested}}}"):
        if levels == template.DEEPEST - 2:
            assert template.parse(body)["Resources"]["A"]["a"]
            continue
        with pytest.raises(ValidationError, match="more than 150 levels deep"):
            template.parse(body)


@pytest.mark.parametrize(
    "document",
    [
        {"Rules": {}, "Resources": {}},
        {"Transform": "AWS::LanguageExtensions", "Resources": {}},
        {"Transform": ["AWS::Serverless-2016-10-31", {"Name": "Own"}], "Resources": {}},
    ],
)
def test_sections_that_are_not_emulated_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(NotEmulated, match=r"Rules|LanguageExtensions|Own"):
        template.check_sections(document)


@pytest.mark.parametrize("key", ["CreationPolicy", "UpdatePolicy"])
def test_resource_attributes_that_are_not_emulated_are_refused(key: str) -> None:
    with pytest.raises(NotEmulated, match=f"{key} of resource A"):
        template.check_resources({"Resources": {"A": {"Type": "T", key: {}}}})


def test_snapshots_are_refused() -> None:
    with pytest.raises(NotEmulated, match="DeletionPolicy Snapshot of resource A"):
        template.check_resources({"Resources": {"A": {"Type": "T", "DeletionPolicy": "Snapshot"}}})
