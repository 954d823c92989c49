"""A package is the same for the same content, and says what is missing."""

from __future__ import annotations

import io
import json
import os
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.deploy import cfn_yaml
from batcat_runtime.deploy.package import package
from batcat_runtime.errors import ConfigError, MissingError

if TYPE_CHECKING:
    from pathlib import Path

    from batcat_runtime.deploy.package import Package

TRIGGER = "2026-demo-rain-forecast-trigger"


def packed(folder: Path) -> Package:
    return package(folder / "deploy" / "template.yaml", "bucket", "prefix")


def test_the_same_content_gives_the_same_package_whenever_it_was_written(folder: Path) -> None:
    first = packed(folder)
    code = folder / "deploy" / TRIGGER
    os.utime(code / "lambda_function.py", (1, 1))
    (code / "lambda_function.py").chmod(0o755)
    (code / "__pycache__").mkdir()
    (code / "__pycache__" / "lambda_function.pyc").write_bytes(b"\0")
    assert packed(folder) == first


def test_other_content_gives_another_key_for_that_artifact_alone(folder: Path) -> None:
    before = {artifact.source: artifact.key for artifact in packed(folder).artifacts}
    code = folder / "deploy" / TRIGGER / "lambda_function.py"
    code.write_text(code.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    after = {artifact.source: artifact.key for artifact in packed(folder).artifacts}
    assert before["workflow.asl.json"] == after["workflow.asl.json"]
    assert before[f"{TRIGGER}/"] != after[f"{TRIGGER}/"]


def test_local_paths_become_s3_addresses_of_what_is_uploaded(folder: Path) -> None:
    result = packed(folder)
    resources = json.loads(result.body)["Resources"]
    keys = {f"s3://bucket/{artifact.key}" for artifact in result.artifacts}
    assert {
        resources["TriggerFunction"]["Properties"]["CodeUri"],
        resources["StateMachine"]["Properties"]["DefinitionUri"],
    } == keys
    archive = next(one.body for one in result.artifacts if one.key.endswith(".zip"))
    assert zipfile.ZipFile(io.BytesIO(archive)).namelist() == ["lambda_function.py"]


def test_what_is_zipped_already_is_uploaded_as_it_is(tmp_path: Path) -> None:
    """As `batcat layer` leaves it: packed twice, a function would find one zip in its layer."""
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as archive:
        archive.writestr("python/batcat_runtime/__init__.py", "")
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources:\n"
        "  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer.zip}}\n"
        "  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: layer.zip}}\n"
    )
    (artifact,) = package(template, "bucket", "prefix").artifacts
    assert artifact.body == (tmp_path / "layer.zip").read_bytes()


def test_addresses_in_s3_stay_as_they_are(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: s3://b/k}}}\n"
    )
    result = package(template, "bucket", "prefix")
    assert not result.artifacts
    assert "s3://b/k" in result.body


def test_a_path_that_does_not_exist_is_named_with_its_resource(folder: Path) -> None:
    (folder / "deploy" / "workflow.asl.json").unlink()
    with pytest.raises(MissingError, match=r"StateMachine\.DefinitionUri names workflow"):
        packed(folder)


def test_a_definition_that_is_not_json_is_found_before_anything_is_made(folder: Path) -> None:
    (folder / "deploy" / "workflow.asl.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match="not valid JSON"):
        packed(folder)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!Condition A", {"Condition": "A"}),
        ("!Sub ${A}", {"Fn::Sub": "${A}"}),
        ("!GetAtt A.B.C", {"Fn::GetAtt": ["A", "B.C"]}),
        ("!If [A, !Ref B, 1]", {"Fn::If": ["A", {"Ref": "B"}, 1]}),
        ("!Transform {Name: N}", {"Fn::Transform": {"Name": "N"}}),
        ("2010-09-09", "2010-09-09"),
    ],
)
def test_short_tags_are_written_out(short: str, long: Any) -> None:
    assert cfn_yaml.loads(f"Key: {short}") == {"Key": long}


def test_a_template_that_is_not_yaml_says_where(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources:\n  A: [\n")
    with pytest.raises(ConfigError, match=r"template\.yaml: line 3, column 1"):
        package(template, "bucket", "prefix")


def test_a_tag_cannot_run_code() -> None:
    with pytest.raises(ConfigError):
        cfn_yaml.loads("A: !!python/object/apply:os.getcwd []")
