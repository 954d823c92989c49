"""Check a state machine's definition: every problem, each with its path.

AWS refuses a definition that is not right when the state machine is created; moto accepts most
of them and fails, or goes on as if nothing were wrong, when an execution comes there. Codes and
paths (``/States/A/Next``) follow ValidateStateMachineDefinition; the words are our own where AWS
does not document its own. What AWS would accept and this engine cannot do is a problem with the
code ``NOT_EMULATED``.
"""

from __future__ import annotations

import json
from typing import Any

from . import asl_fields as fields
from .asl_problems import INVALID_JSON, MISSING_TARGET, Checker, Problem
from .asl_states import check_state

__all__ = ["Problem", "check"]

MOST_BYTES = 1_048_576
"""Largest definition (API reference CreateStateMachine)."""
LONGEST_NAME = 80
"""Most characters of a state's name (developer guide, statemachine-structure)."""


def check(definition: str, region: str) -> list[Problem]:
    """All problems of a definition.

    Args:
        definition: the Amazon States Language, as JSON.
        region: where the state machine is to live; its partition must be that of its ARNs.

    Returns:
        Problems in the order of the definition; none when it is right and can be executed here.
    """
    checker = Checker(region)
    try:
        document = json.loads(definition)
    except (ValueError, RecursionError) as error:  # the latter: nested without a bottom
        checker.add(INVALID_JSON, str(error), "/")
        return checker.problems
    if not isinstance(document, dict):
        checker.schema("The definition must be a JSON object", "")
        return checker.problems
    if len(definition.encode()) > MOST_BYTES:
        checker.schema(f"The definition is longer than {MOST_BYTES} bytes", "")
    _check_machine(checker, document)
    return checker.problems


def _check_machine(checker: Checker, document: dict[str, Any]) -> None:
    checker.known(document, fields.MACHINE, "")
    if document.get("Version", "1.0") != "1.0":
        checker.schema('The value of "Version" must be "1.0"', "/Version")
    if "TimeoutSeconds" in document:
        checker.positive_integer(document["TimeoutSeconds"], "/TimeoutSeconds")
    language = checker.language(document, fields.JSONPATH, "")
    check_scope(checker, document, language, "", set())


def check_scope(
    checker: Checker, document: dict[str, Any], language: str, path: str, names: set[str]
) -> None:
    """Check StartAt and States of a state machine, branch or item processor.

    Args:
        checker: collects the problems.
        document: what holds StartAt and States.
        language: query language of its states when they say none.
        path: where the document is.
        names: names of states seen so far; they are unique in the whole state machine.
    """
    missing = [name for name in ("StartAt", "States") if name not in document]
    if missing:
        checker.schema(f"These fields are required: {missing}", path)
        return
    states = document["States"]
    if not isinstance(states, dict) or not states:
        checker.schema("States must be an object with at least one state", f"{path}/States")
        return
    for name, state in states.items():
        here = f"{path}/States/{name}"
        if not name or len(name) > LONGEST_NAME:
            checker.schema(f"A state's name has 1 to {LONGEST_NAME} characters", here)
        if name in names:
            checker.add("DUPLICATE_STATE_NAME", f'Duplicate state name: "{name}"', here)
        names.add(name)
        if not isinstance(state, dict):
            checker.schema("A state must be an object", here)
            continue
        own = checker.language(state, language, here)
        check_state(checker, state, own, here)
        for inner, inner_path in _inner_scopes(checker, state, here):
            inner_language = checker.language(inner, own, inner_path)
            check_scope(checker, inner, inner_language, inner_path, names)
    _check_flow(checker, document, path)


def _inner_scopes(
    checker: Checker, state: dict[str, Any], path: str
) -> list[tuple[dict[str, Any], str]]:
    """Branches of a Parallel state, item processor of a Map state."""
    found: list[tuple[dict[str, Any], str]] = []
    if state.get("Type") == "Parallel":
        branches = state.get("Branches")
        if not isinstance(branches, list) or not branches:
            checker.schema("Branches must be a list with at least one branch", f"{path}/Branches")
            return found
        for index, branch in enumerate(branches):
            if isinstance(branch, dict):
                checker.known(branch, fields.BRANCH, f"{path}/Branches[{index}]")
                found.append((branch, f"{path}/Branches[{index}]"))
    if state.get("Type") == "Map":
        for name in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(name), dict):
                checker.known(state[name], fields.PROCESSOR, f"{path}/{name}")
                found.append((state[name], f"{path}/{name}"))
    return found


def _check_flow(checker: Checker, document: dict[str, Any], path: str) -> None:
    """Every target exists, every state can be reached, and something ends."""
    states = document["States"]
    reached: set[str] = set()
    waiting = [(document["StartAt"], f"{path}/StartAt")]
    while waiting:
        target, where = waiting.pop(0)
        if not isinstance(target, str) or target not in states:
            checker.add(MISSING_TARGET, f"Missing 'Next' target: {target}", where)
            continue
        if target not in reached:
            reached.add(target)
            waiting += _targets(states[target], f"{path}/States/{target}")
    for name in states:
        if name not in reached:
            message = f'State "{name}" is not reachable.'
            checker.add(MISSING_TARGET, message, f"{path}/States/{name}")
            for target, where in _targets(states[name], f"{path}/States/{name}"):
                if target not in states:
                    checker.add(MISSING_TARGET, f"Missing 'Next' target: {target}", where)
    ends = any(
        isinstance(state, dict) and (state.get("End") or state.get("Type") in ("Succeed", "Fail"))
        for state in states.values()
    )
    if not ends:
        checker.add("MISSING_END_STATE", "No terminal state is defined", f"{path}/States")


def _targets(state: Any, path: str) -> list[tuple[Any, str]]:
    if not isinstance(state, dict):
        return []
    found = [(state[name], f"{path}/{name}") for name in ("Next", "Default") if name in state]
    for name in ("Choices", "Catch"):
        rules = state.get(name)
        for index, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, dict) and "Next" in rule:
                found.append((rule["Next"], f"{path}/{name}[{index}]/Next"))
    return found
