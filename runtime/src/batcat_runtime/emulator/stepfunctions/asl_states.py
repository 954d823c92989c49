"""Check one state of a definition: its fields, values, retriers, catchers and rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import asl_fields as fields
from .asl_resources import check_resource
from .comparisons import instant

if TYPE_CHECKING:
    from .asl_problems import Checker

PATH_FIELDS = ("InputPath", "OutputPath")
OTHER_PATHS = ("ItemsPath", "SecondsPath", "TimestampPath", "TimeoutSecondsPath")
PATHS_OR_CALLS = ("ErrorPath", "CausePath")
TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Assign")
ERROR_WILDCARD = "States.ALL"
OPEN_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\$")
READERS = ("CSV", "JSON")
READER_FIELDS = ("InputType", "CSVHeaderLocation", "CSVHeaders", "MaxItems", "MaxItemsPath")
DISTRIBUTED_ONLY = ("ItemReader", "Label")
READER_RESOURCES = ("s3:getObject", "s3:listObjectsV2")


def check_state(checker: Checker, state: dict[str, Any], language: str, path: str) -> None:
    """Note every problem of a state, its transitions' targets apart.

    Args:
        checker: collects the problems.
        state: the state.
        language: its query language.
        path: where it is.
    """
    kind = state.get("Type")
    if kind not in fields.TYPES:
        checker.schema(f"Type must be one of {list(fields.TYPES)}", f"{path}/Type")
        return
    _check_fields(checker, state, language, path)
    if "End" in state and state["End"] is not True:
        checker.schema("End must be true", f"{path}/End")
    _check_numbers(checker, state, language, path)
    if language == fields.JSONATA:
        _check_jsonata(checker, state, path)
    else:
        _check_jsonpath(checker, state, path)
    for index, retrier in _listed(checker, state, "Retry", path):
        _check_retrier(checker, state["Retry"], retrier, index, f"{path}/Retry[{index}]")
    for index, catcher in _listed(checker, state, "Catch", path):
        checker.known(catcher, fields.CATCHER[language], f"{path}/Catch[{index}]")
        _check_errors(checker, state["Catch"], catcher, index, f"{path}/Catch[{index}]")
        checker.result_path(catcher, f"{path}/Catch[{index}]")
        if "Next" not in catcher:
            checker.schema("These fields are required: ['Next']", f"{path}/Catch[{index}]")
    if kind == "Choice":
        _check_choices(checker, state, language, path)
    if kind == "Map":
        _check_map(checker, state, path)
    if kind == "Task" and "Resource" in state:
        check_resource(checker, state, language, path)


def _check_fields(checker: Checker, state: dict[str, Any], language: str, path: str) -> None:
    kind = state["Type"]
    other = fields.JSONATA if language == fields.JSONPATH else fields.JSONPATH
    for name in state:
        if name in fields.STATE[language][kind]:
            if name in fields.NOT_EMULATED_FIELDS:
                checker.not_emulated(name, f"{path}/{name}", fields.NOT_EMULATED_FIELDS[name])
        elif name in fields.STATE[other][kind]:
            message = (
                f'Field "{name}" belongs to {other}; this state\'s QueryLanguage is {language}'
            )
            checker.schema(message, f"{path}/{name}")
        else:
            checker.schema(f'Field "{name}" is not supported in a {kind} state', f"{path}/{name}")
    missing = [name for name in fields.REQUIRED.get(kind, ()) if name not in state]
    if missing:
        checker.schema(f"These fields are required: {missing}", path)
    for group in fields.ONE_OF.get(kind, ()):
        if sum(name in state for name in group) != 1:
            checker.schema(f"Exactly one of these fields is required: {list(group)}", path)
    for group in fields.NOT_BOTH:
        if all(name in state for name in group):
            checker.schema(f"Only one of these fields is allowed: {list(group)}", path)


def _check_numbers(checker: Checker, state: dict[str, Any], language: str, path: str) -> None:
    for name, least in (
        ("TimeoutSeconds", 1),
        ("HeartbeatSeconds", 1),
        ("Seconds", 0),
        ("MaxConcurrency", 0),
    ):
        value = state.get(name)
        if value is None or (language == fields.JSONATA and isinstance(value, str)):
            continue
        checker.positive_integer(value, f"{path}/{name}", least)
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        message = "HeartbeatSeconds must be smaller than TimeoutSeconds"
        checker.schema(message, f"{path}/HeartbeatSeconds")


def _check_jsonata(checker: Checker, value: Any, path: str) -> None:
    """Every ``{% %}`` in a state must parse; the states inside it are looked at on their own."""
    if isinstance(value, str):
        checker.jsonata(value, path)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_jsonata(checker, inner, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("Branches", "ItemProcessor", "Iterator", "Comment"):
                _check_jsonata(checker, inner, f"{path}/{key}")


def _check_jsonpath(checker: Checker, state: dict[str, Any], path: str) -> None:
    for name in PATH_FIELDS:
        if state.get(name) is not None:
            checker.json_path(state[name], f"{path}/{name}", name, "a JSONPath or null")
    checker.result_path(state, path)
    for name in OTHER_PATHS:
        if name in state:
            checker.json_path(state[name], f"{path}/{name}", name)
    for name in PATHS_OR_CALLS:
        if name in state:
            _check_path_or_call(checker, state[name], f"{path}/{name}", name)
    for name in TEMPLATES:
        _check_template(checker, state.get(name), f"{path}/{name}")


def _check_template(checker: Checker, value: Any, path: str) -> None:
    """A key that ends in ``.$`` takes its value from a path or an intrinsic function."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            _check_template(checker, inner, f"{path}[{index}]")
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key.endswith(".$"):
            _check_path_or_call(checker, inner, f"{path}/{key}", key)
        else:
            _check_template(checker, inner, f"{path}/{key}")


def _check_path_or_call(checker: Checker, value: Any, path: str, name: str) -> None:
    if isinstance(value, str) and value.startswith("States."):
        checker.intrinsic(value, path, name)
    else:
        allowed = "a valid JSONPath or a valid intrinsic function call"
        checker.json_path(value, path, name, allowed)


def _listed(
    checker: Checker, state: dict[str, Any], name: str, path: str
) -> list[tuple[int, dict[str, Any]]]:
    rules = state.get(name, [])
    if not isinstance(rules, list):
        checker.schema(f"{name} must be a list", f"{path}/{name}")
        return []
    return [(index, rule) for index, rule in enumerate(rules) if isinstance(rule, dict)]


def _check_retrier(
    checker: Checker, retriers: list[Any], retrier: dict[str, Any], index: int, path: str
) -> None:
    checker.known(retrier, fields.RETRIER, path)
    _check_errors(checker, retriers, retrier, index, path)
    for name, least in (("IntervalSeconds", 1), ("MaxAttempts", 0), ("MaxDelaySeconds", 1)):
        if name in retrier:
            checker.positive_integer(retrier[name], f"{path}/{name}", least)
    rate = retrier.get("BackoffRate", 1)
    if not isinstance(rate, (int, float)) or isinstance(rate, bool) or rate < 1:
        checker.schema("BackoffRate must be a number of at least 1", f"{path}/BackoffRate")
    if retrier.get("JitterStrategy", "NONE") not in ("NONE", "FULL"):
        checker.schema('JitterStrategy must be "NONE" or "FULL"', f"{path}/JitterStrategy")


def _check_errors(
    checker: Checker, rules: list[Any], rule: dict[str, Any], index: int, path: str
) -> None:
    errors = rule.get("ErrorEquals")
    here = f"{path}/ErrorEquals"
    if not isinstance(errors, list) or not errors or not all(isinstance(e, str) for e in errors):
        checker.schema("ErrorEquals must be a list of at least one error name", here)
    elif ERROR_WILDCARD in errors and (len(errors) > 1 or index != len(rules) - 1):
        message = "States.ALL must stand alone in its ErrorEquals, in the last rule of the list"
        checker.schema(message, here)


def _check_choices(checker: Checker, state: dict[str, Any], language: str, path: str) -> None:
    choices = state.get("Choices")
    if not isinstance(choices, list) or not choices:
        checker.schema("Choices must be a list with at least one rule", f"{path}/Choices")
        return
    for index, rule in enumerate(choices):
        here = f"{path}/Choices[{index}]"
        if not isinstance(rule, dict):
            checker.schema("A rule must be an object", here)
            continue
        if "Next" not in rule:
            checker.schema("These fields are required: ['Next']", here)
        if language == fields.JSONATA:
            checker.known(rule, {"Condition", "Next", "Assign", "Output", "Comment"}, here)
            if "Condition" not in rule:
                checker.schema("These fields are required: ['Condition']", here)
        else:
            _check_rule(checker, rule, here, {"Next", "Assign", "Comment"})


def _check_rule(checker: Checker, rule: Any, path: str, extra: set[str]) -> None:
    if not isinstance(rule, dict):
        checker.schema("A rule must be an object", path)
        return
    operators = [name for name in rule if name not in extra and name != "Variable"]
    if len(operators) != 1:
        checker.schema(f"A rule has exactly one operator, not {operators}", path)
        return
    (name,) = operators
    value = rule[name]
    if name in ("And", "Or"):
        if not isinstance(value, list) or not value:
            checker.schema(f"{name} must be a list of rules", f"{path}/{name}")
            return
        for index, inner in enumerate(value):
            _check_rule(checker, inner, f"{path}/{name}[{index}]", {"Comment"})
    elif name == "Not":
        _check_rule(checker, value, f"{path}/Not", {"Comment"})
    else:
        _check_comparison(checker, name, value, path)
        if not (isinstance(rule.get("Variable"), str) and rule["Variable"].startswith("$")):
            checker.schema("Variable must be a JSONPath", f"{path}/Variable")


def _check_comparison(checker: Checker, name: str, value: Any, path: str) -> None:
    here = f"{path}/{name}"
    if name in fields.TESTS:
        right, expected = isinstance(value, bool), "true or false"
    elif name == "StringMatches":
        right = isinstance(value, str) and OPEN_ESCAPE.search(value) is None
        expected = "a string in which every backslash escapes a character"
    elif name not in fields.OPERATORS:
        checker.schema(f'Field "{name}" is not a comparison operator', here)
        return
    else:
        kind, is_path = fields.OPERATORS[name]
        if is_path:
            right = isinstance(value, str) and value.startswith("$")
            expected = "a JSONPath"
        elif kind == "Numeric":
            right = isinstance(value, (int, float)) and not isinstance(value, bool)
            expected = "a number"
        elif kind == "Boolean":
            right, expected = isinstance(value, bool), "true or false"
        elif kind == "Timestamp":
            right = instant(value) is not None
            expected = "a time such as 2026-11-21T08:00:00Z"
        else:
            right, expected = isinstance(value, str), "a string"
    if not right:
        checker.schema(f'The value for the field "{name}" must be {expected}', here)


def _check_map(checker: Checker, state: dict[str, Any], path: str) -> None:
    name = "Iterator" if "Iterator" in state else "ItemProcessor"
    processor = state.get(name)
    config = processor.get("ProcessorConfig", {}) if isinstance(processor, dict) else {}
    here = f"{path}/{name}/ProcessorConfig"
    checker.known(config, {"Mode", "ExecutionType"}, here)
    mode = config.get("Mode", "INLINE")
    if mode not in ("INLINE", "DISTRIBUTED"):
        checker.schema('Mode must be "INLINE" or "DISTRIBUTED"', f"{here}/Mode")
    if mode == "INLINE":
        for field in DISTRIBUTED_ONLY:
            if field in state:
                message = f'Field "{field}" needs ProcessorConfig.Mode DISTRIBUTED'
                checker.schema(message, f"{path}/{field}")
    elif config.get("ExecutionType") == "EXPRESS":
        checker.not_emulated("ExecutionType EXPRESS", f"{here}/ExecutionType", "use STANDARD")
    if isinstance(state.get("ItemReader"), dict):
        _check_reader(checker, state["ItemReader"], f"{path}/ItemReader")


def _check_reader(checker: Checker, reader: dict[str, Any], path: str) -> None:
    resource = str(reader.get("Resource", ""))
    if not resource.endswith(READER_RESOURCES):
        checker.not_emulated(f"ItemReader Resource {resource}", f"{path}/Resource")
    config = reader.get("ReaderConfig") or {}
    for name in config:
        if name not in READER_FIELDS:
            checker.not_emulated(f"ReaderConfig {name}", f"{path}/ReaderConfig/{name}")
    if config.get("InputType", READERS[0]) not in READERS:
        checker.not_emulated(
            f"ItemReader InputType {config['InputType']}",
            f"{path}/ReaderConfig/InputType",
            f"use {' or '.join(READERS)}",
        )
