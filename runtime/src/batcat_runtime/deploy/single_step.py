"""Run one step of a workflow alone: a temporary state machine with just that state."""

from __future__ import annotations

import copy
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import ConfigError

from . import names
from .polling import pauses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .project import Project

DELETE_SECONDS = 60.0
_WORK = ("Task", "Parallel", "Map")


def only(definition: dict[str, Any], step: str) -> dict[str, Any]:
    """Reduce a state machine to one state.

    Args:
        definition: in Amazon States Language.
        step: name of the state to keep.

    Returns:
        A new definition: what comes before the first step, then the state. Its Retry stays; its
        Catch does not, so that the execution ends with the step's own error.

    Raises:
        ConfigError: there is no such state.
    """
    states = definition.get("States", {})
    if step not in states:
        known = [name for name, state in states.items() if state.get("Type") == "Task"]
        raise ConfigError(f"the workflow has no step {step!r}; its steps are {', '.join(known)}")
    state = {key: value for key, value in states[step].items() if key not in {"Next", "Catch"}}
    kept = {
        key: value
        for key, value in definition.items()
        if key in {"QueryLanguage", "TimeoutSeconds", "Version"}
    }
    before, start = _before_steps(definition, step)
    return {
        **kept,
        "Comment": f"Only {step}",
        "StartAt": start,
        "States": {**before, step: {**state, "End": True}},
    }


def _before_steps(definition: dict[str, Any], step: str) -> tuple[dict[str, Any], str]:
    """The states that are passed before the first step, leading to another step; and the start."""
    states = definition["States"]

    def target(name: str) -> str:
        return step if states[name]["Type"] in _WORK else name

    kept: dict[str, Any] = {}
    waiting = [target(definition["StartAt"])]
    while waiting:
        name = waiting.pop()
        if name in kept or name == step:
            continue
        state = copy.deepcopy(states[name])
        for one in (state, *state.get("Choices", [])):
            for key in {"Next", "Default"} & set(one):
                one[key] = target(one[key])
                waiting.append(one[key])
        kept[name] = state
    return kept, target(definition["StartAt"])


@contextmanager
def step_state_machine(project: Project, whole: str, step: str, run: str) -> Iterator[str]:
    """Make a state machine with one step, and delete it at the end.

    Args:
        project: the project.
        whole: ARN of the deployed state machine, whose definition and role are used.
        step: name of the step.
        run: name of the run it is for.

    Yields:
        The ARN of the temporary state machine.
    """
    client = aws.client("stepfunctions", project.region)
    with aws.explained(f"read the state machine {whole}", "deploy again"):
        found = client.describe_state_machine(stateMachineArn=whole)
    definition = only(json.loads(found["definition"]), step)
    name = names.step_state_machine(project.project, project.purpose, step, run)
    with aws.explained(f"make the temporary state machine {name}", "run again"):
        made = client.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=found["roleArn"]
        )["stateMachineArn"]
    try:
        yield made
    finally:
        with aws.explained(f"delete the temporary state machine {name}", "it is gone already"):
            client.delete_state_machine(stateMachineArn=made)
            _wait_until_gone(client, made)


def _wait_until_gone(client: Any, arn: str) -> None:
    """Wait for the deletion, which goes on in the background."""
    for _ in pauses(DELETE_SECONDS):
        if not _exists(client, arn):
            return


def _exists(client: Any, arn: str) -> bool:
    try:
        client.describe_state_machine(stateMachineArn=arn)
    except client.exceptions.StateMachineDoesNotExist:
        return False
    return True
