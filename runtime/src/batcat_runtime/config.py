"""Read a configuration file and say precisely what is wrong with it.

A document whose ``"$schema"`` names a file beside it is checked against that JSON Schema
(draft 7, the newest that fastjsonschema knows). A schema given as a URL is for editors only.
"""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ConfigError, MissingError

if TYPE_CHECKING:
    import os


def get_config(file: str | os.PathLike[str] = "config.json") -> dict[str, Any]:
    """Read a JSON configuration file.

    Args:
        file: path of the file, relative to the working folder.

    Returns:
        The document as a dictionary.

    Raises:
        MissingError: there is no such file.
        ConfigError: it cannot be read, is not JSON, or does not fit its schema. The message names
            the file, the key, the value and what is allowed.
    """
    path = Path(file)
    document = _read_object(path, "configuration file")
    schema = document.get("$schema")
    if isinstance(schema, str) and "://" not in schema:
        _validate(path, document, path.parent / schema)
    return document


def _read_object(path: Path, what: str) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise MissingError(
            f"{what} {path} does not exist (working folder: {Path.cwd()}); "
            "create it or give its path",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{what} {path} is not UTF-8 text (byte {error.start}); save it as UTF-8",
        ) from error
    except OSError as error:
        raise ConfigError(f"{what} {path} cannot be read: {error.strerror}") from error
    try:
        document = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{what} {path} is not valid JSON: line {error.lineno}, column {error.colno}: "
            f"{error.msg}",
        ) from error
    except RecursionError as error:
        raise ConfigError(f"{what} {path} is nested too deeply; flatten it") from error
    except _ConstantError as error:
        raise ConfigError(
            f"{what} {path} is not valid JSON: {error} is no JSON value; use null or a number"
        ) from error
    except _DuplicateKeyError as error:
        raise ConfigError(f"{what} {path} has the key {error} twice; remove one") from error
    if not isinstance(document, dict):
        raise ConfigError(
            f"{what} {path} holds {_shown(document)}; it must hold one object: {{…}}",
        )
    return document


class _RemoteError(Exception):
    """A schema refers to one elsewhere."""


def _refuse_remote(uri: str) -> None:
    raise _RemoteError(f"it refers to {uri}; write what it needs into it")


_NO_HANDLERS = dict.fromkeys(("http", "https", "ftp", "file", ""), _refuse_remote)


class _DuplicateKeyError(Exception):
    """A JSON object says two things about one key."""


class _ConstantError(Exception):
    """NaN or Infinity, which Python's json takes and JSON does not know."""


def _refuse_constant(name: str) -> None:
    raise _ConstantError(name)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in pairs:
        if key in document:
            raise _DuplicateKeyError(json.dumps(key))
        document[key] = value
    return document


def _validate(path: Path, document: dict[str, Any], schema_path: Path) -> None:
    import fastjsonschema

    schema = _read_object(schema_path, f"schema of {path}:")
    try:
        check = fastjsonschema.compile(schema, use_default=False, handlers=_NO_HANDLERS)
    except (fastjsonschema.JsonSchemaDefinitionException, re.error, _RemoteError) as error:
        raise ConfigError(f"schema of {path}: {schema_path} is no JSON Schema: {error}") from error
    try:
        check(document)
    except fastjsonschema.JsonSchemaValueException as error:
        raise ConfigError(f"configuration file {path}: {_explain(error)}") from error


def _explain(error: Any) -> str:
    """Say what is wrong in the words of the file, not of the validator."""
    key = _key_path(error.path[1:])
    rule, allowed, definition = error.rule, error.rule_definition, error.definition
    if rule == "required":
        missing = [name for name in allowed if name not in error.value]
        return f"{_within(key)}{_listed(missing)} is missing; add it"
    if rule == "additionalProperties" and allowed is False:
        known = list(definition.get("properties", {}))
        patterns = definition.get("patternProperties", {})
        unknown = [
            name
            for name in error.value
            if name not in known and not any(re.search(pattern, name) for pattern in patterns)
        ]
        return f"{_within(key)}{_listed(unknown)} is not a known key; {_suggestion(unknown, known)}"
    if rule == "propertyNames" and "pattern" in allowed:
        wrong = [name for name in error.value if not re.search(allowed["pattern"], name)]
        return f"{_within(key)}{_listed(wrong)} cannot be a key; keys match {allowed['pattern']}"
    where = key or "the document"
    must_be = _allowed(rule, allowed)
    if must_be is None:
        said = error.message.removeprefix(error.name or "").strip()
        return f"{where} is {_shown(error.value)}; it {said}: {rule} {_shown(allowed)}"
    hint = f" ({definition['description']})" if "description" in definition else ""
    example = (
        f", for example {_shown(definition['examples'][0])}" if "examples" in definition else ""
    )
    return f"{where} is {_shown(error.value)}; it must be {must_be}{hint}{example}"


_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object: {…}",
    "string": "text",
}
_BOUNDS = {
    "minLength": "at least {} characters long",
    "maxLength": "at most {} characters long",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "a list of at least {}",
    "maxItems": "a list of at most {}",
    "uniqueItems": "a list without repetitions",
    "pattern": "text that matches {}",
}


def _allowed(rule: str, allowed: Any) -> str | None:
    """Say in words what a rule of JSON Schema allows; None when there are no words for it."""
    if rule == "type":
        kinds = [allowed] if isinstance(allowed, str) else allowed
        return " or ".join(_KINDS.get(kind, kind) for kind in kinds)
    if rule == "enum":
        return f"one of {_listed(allowed)}"
    if rule == "const":
        return _shown(allowed)
    return _BOUNDS[rule].format(allowed) if rule in _BOUNDS else None


def _key_path(path: list[str]) -> str:
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path).lstrip(".")


def _within(key: str) -> str:
    return f"in {key}: " if key else ""


def _listed(values: list[Any]) -> str:
    return ", ".join(_shown(value) for value in values)


def _suggestion(unknown: list[str], known: list[str]) -> str:
    close = [match for name in unknown for match in difflib.get_close_matches(name, known, 1)]
    return f"did you mean {_listed(close)}?" if close else f"known are {_listed(known)}"


def _shown(value: Any, limit: int = 80) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[:limit] + "…"
