"""A configuration is read, or its reader is told exactly what to correct."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batcat_runtime as bc

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["project"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string"},
        "project": {"type": "string", "pattern": "^[a-z0-9-]+$", "description": "its name"},
        "partition": {"enum": ["aws", "aws-cn", "aws-us-gov"]},
        "instance_count": {"type": "integer", "minimum": 1, "maximum": 20},
        "region": {
            "type": "string",
            "pattern": "^[a-z]+-[a-z]+$",
            "examples": ["eu-x"],
        },
        "steps": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        "environments": {
            "type": "object",
            "propertyNames": {"pattern": "^(?!local$)[a-z]+$"},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["region"],
                "properties": {"region": {"type": "string"}},
            },
        },
    },
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a schema in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    return tmp_path


def write(folder: Path, content: dict[str, Any] | str) -> None:
    """Put a config.json there."""
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "config.json").write_text(text, encoding="utf-8")


def test_a_json_file_becomes_a_dictionary(folder: Path) -> None:
    """By default ``config.json`` of the working folder, or any path."""
    write(folder, {"project": "2026-rnd-battery", "n": [1, None]})
    expected = {"project": "2026-rnd-battery", "n": [1, None]}
    assert bc.get_config() == expected
    assert bc.get_config(file=str(folder / "config.json")) == expected
    assert bc.get_config(folder / "config.json") == expected


def test_a_file_that_windows_marked_is_read_as_well(folder: Path) -> None:
    """Its editors put a byte order mark in front."""
    (folder / "config.json").write_bytes(b'\xef\xbb\xbf{"a": "\xe7\x94\xb5"}')
    assert bc.get_config() == {"a": "电"}


def test_a_missing_file_is_called_missing(folder: Path) -> None:
    """With the folder it was looked for in."""
    with pytest.raises(bc.MissingError, match=r"other\.json does not exist.*") as raised:
        bc.get_config("other.json")
    assert str(folder) in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1,\n "b": }', r"not valid JSON: line 2, column 7"),
        (b"", r"not valid JSON: line 1, column 1"),
        (b'{"a": "\xff"}', r"not UTF-8 text \(byte 7\)"),
        (b"[1, 2]", r"holds \[1, 2\]; it must hold one object"),
        (b'{"a": {"b": 1, "b": 2}}', r'has the key "b" twice'),
        (b'{"a": NaN}', r"not valid JSON: NaN is no JSON value; use null or a number"),
        (b'{"a":' * 100_000, r"nested too deeply"),
    ],
)
def test_each_failure_is_called_by_its_name(folder: Path, content: bytes, message: str) -> None:
    """And none is reported as a missing file."""
    (folder / "config.json").write_bytes(content)
    with pytest.raises(bc.ConfigError, match=message) as raised:
        bc.get_config()
    assert "config.json" in str(raised.value)


def test_a_file_that_cannot_be_read_says_why(folder: Path) -> None:
    """A folder, for example."""
    with pytest.raises(bc.ConfigError, match="cannot be read: Is a directory"):
        bc.get_config(folder)


def test_a_document_that_fits_its_schema_is_returned_as_it_is(folder: Path) -> None:
    """The schema adds nothing to it."""
    document = {"$schema": "config.schema.json", "project": "a", "environments": {}}
    write(folder, document)
    assert bc.get_config() == document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"partition": "aws-de"},
            'partition is "aws-de"; it must be one of "aws", "aws-cn", "aws-us-gov"',
        ),
        ({"instance_count": "2"}, 'instance_count is "2"; it must be a whole number'),
        ({"instance_count": 0}, "instance_count is 0; it must be at least 1"),
        ({"instance_count": 99}, "instance_count is 99; it must be at most 20"),
        ({"steps": []}, "steps is []; it must be a list of at least 1"),
        ({"steps": ["a", 2]}, "steps[1] is 2; it must be text"),
        (
            {"project": "My Project"},
            'project is "My Project"; it must be text that matches ^[a-z0-9-]+$ (its name)',
        ),
        ({"project": None}, "project is null; it must be text (its name)"),
        (
            {"region": "Ireland"},
            'region is "Ireland"; it must be text that matches ^[a-z]+-[a-z]+$, for example "eu-x"',
        ),
        (
            {"environments": {"local": {"region": "r"}}},
            'in environments: "local" cannot be a key; keys match ^(?!local$)[a-z]+$',
        ),
        ({"projekt": 1}, '"projekt" is not a known key; did you mean "project"?'),
        ({"environments": {"dev": {}}}, 'in environments.dev: "region" is missing; add it'),
        (
            {"environments": {"dev": {"region": "r", "zzz": 1}}},
            'in environments.dev: "zzz" is not a known key; known are "region"',
        ),
    ],
)
def test_an_error_names_file_key_value_and_what_is_allowed(
    folder: Path, change: dict[str, Any], message: str
) -> None:
    """Enough to correct it without opening the schema."""
    write(folder, {"$schema": "config.schema.json", "project": "a"} | change)
    with pytest.raises(bc.ConfigError) as raised:
        bc.get_config()
    assert str(raised.value) == f"configuration file config.json: {message}"


def test_a_missing_key_is_named(folder: Path) -> None:
    """At the top of the document as well."""
    write(folder, {"$schema": "config.schema.json"})
    with pytest.raises(bc.ConfigError, match=r'config\.json: "project" is missing'):
        bc.get_config()


def test_a_rule_without_words_of_ours_is_explained_by_the_validator(folder: Path) -> None:
    """Any valid schema gives an error with key and value."""
    schema = {"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}
    (folder / "config.schema.json").write_text(json.dumps(schema), encoding="utf-8")
    write(folder, {"$schema": "./config.schema.json", "a": 1})
    with pytest.raises(bc.ConfigError, match=r'a is 1; it .*: anyOf \[{"type"'):
        bc.get_config()


def test_a_schema_that_is_not_there_or_wrong_is_named(folder: Path) -> None:
    """It is the schema's fault, not the document's."""
    write(folder, {"$schema": "no.json"})
    with pytest.raises(bc.MissingError, match=r"schema of config\.json: no\.json does not exist"):
        bc.get_config()
    write(folder, {"$schema": "config.schema.json"})
    (folder / "config.schema.json").write_text('{"type": 5}', encoding="utf-8")
    with pytest.raises(bc.ConfigError, match=r"config\.schema\.json is no JSON Schema"):
        bc.get_config()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"pattern": "("}, "is no JSON Schema: missing"),
        ({"$ref": "https://example.org/other.json"}, "it refers to https://example.org/other.json"),
        ({"$ref": "other.json"}, r"it refers to other\.json; write what it needs into it"),
    ],
    ids=["pattern", "elsewhere", "beside"],
)
def test_a_schema_that_cannot_be_used_is_named(
    folder: Path, rule: dict[str, str], message: str
) -> None:
    """Nothing is fetched for it."""
    write(folder, {"$schema": "config.schema.json", "a": "x"})
    text = json.dumps({"properties": {"a": rule}})
    (folder / "config.schema.json").write_text(text, encoding="utf-8")
    with pytest.raises(bc.ConfigError, match=rf"config\.schema\.json .*{message}"):
        bc.get_config()


def test_a_schema_on_the_web_is_for_editors_only(folder: Path) -> None:
    """Reading a configuration needs no network."""
    document = {"$schema": "https://json.schemastore.org/package.json", "name": 1}
    write(folder, document)
    assert bc.get_config() == document


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(document=st.dictionaries(st.text().filter(lambda key: key != "$schema"), JSON))
def test_any_document_is_read_as_it_was_written(
    document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever JSON can hold."""
    file = tmp_path_factory.getbasetemp() / "any.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    assert bc.get_config(file) == document
