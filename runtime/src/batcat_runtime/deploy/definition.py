"""The workflow's definition held against the configuration: both must mean the same steps."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .package import Package
    from .project import Project

JOB = "sagemaker:createProcessingJob"


def job_states(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Find the states that make a Processing job.

    Args:
        definition: in Amazon States Language.

    Returns:
        Name to state, in the order of the definition; those inside Parallel and Map as well.
    """
    return dict(_job_states(definition))


def check(project: Project, packaged: Package) -> None:
    """Make sure that template, workflow and configuration are of one mind.

    Args:
        project: what ``deploy/config.json`` says.
        packaged: the template and its definitions.

    Raises:
        ConfigError: they name other steps, another project or another purpose: deployed, an
            intermediate table would be taken for the result, or two stacks for one. Or a state
            of the workflow leads to none.
    """
    parameters = json.loads(packaged.body).get("Parameters") or {}
    for name, value in (("Project", project.project), ("Purpose", project.purpose)):
        made_for = parameters.get(name, {}).get("Default", value)
        if made_for != value:
            key = name.lower()
            raise ConfigError(
                f"deploy/config.json says {key} {value!r}, but deploy/template.yaml was made for "
                f"{made_for!r}; {_change(f'{key}={value}')}"
            )
    for artifact in packaged.artifacts:
        document = json.loads(artifact.body) if artifact.key.endswith(".json") else {}
        found = job_states(document)
        if found and list(found) != list(project.steps):
            raise ConfigError(
                f"deploy/config.json says steps {', '.join(project.steps)}, but "
                f"deploy/{artifact.source} runs {', '.join(found)}; "
                + _change(f'steps="{", ".join(project.steps)}"')
            )
        _check_flow(document, f"deploy/{artifact.source}")
        _check_steps(document, f"deploy/{artifact.source}")


def _change(answer: str) -> str:
    return (
        "put it back, or change the answer: "
        f"copier update --defaults --vcs-ref=:current: --data {answer}"
    )


def _check_flow(machine: dict[str, Any], file: str) -> None:
    """Each state leads to one that is there, and is led to: else nothing of it can be deployed."""
    states = machine.get("States") or {}
    led_to: set[Any] = set()
    for name, key, target in _targets(machine):
        if target not in states:
            close = get_close_matches(str(target), states, 1)
            hint = f" ({close[0]}?)" if close else ""
            raise ConfigError(f"{file}: {key} of {name} is {target!r}, which is no state{hint}")
        led_to |= {target} - {name}
    for name, state in states.items():
        if name not in led_to:
            raise ConfigError(f"{file}: nothing leads to state {name}; name it, or take it out")
        for inner in _inner(state):
            _check_flow(inner, file)


def _check_steps(machine: dict[str, Any], file: str) -> None:
    """Each step is reached where nothing fails; else a run would publish what it left out."""
    states = machine.get("States") or {}
    waiting, reached = [machine.get("StartAt")], set[Any]()
    while waiting:
        name = waiting.pop()
        state = states.get(name)
        if state is None or name in reached:
            continue
        reached.add(name)
        waiting += [state.get("Next"), state.get("Default")]
        waiting += [rule.get("Next") for rule in state.get("Choices", [])]
    for name, state in states.items():
        if name not in reached and any(_job_states({"States": {name: state}})):
            raise ConfigError(
                f"{file}: step {name} runs only after a failure; let the step before it lead to it "
                "(Next)"
            )


def _targets(machine: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Where each state leads: its name, the key that says so, and the state's name there."""
    if "States" in machine:
        yield "the workflow", "StartAt", machine.get("StartAt")
    for name, state in (machine.get("States") or {}).items():
        for key in ("Next", "Default"):
            if key in state:
                yield name, key, state[key]
        for key in ("Choices", "Catch"):
            yield from ((name, f"Next in {key}", rule.get("Next")) for rule in state.get(key, []))


def _inner(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The machines inside a Parallel or a Map."""
    inner = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])]
    return [one for one in inner if one]


def _job_states(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in (definition.get("States") or {}).items():
        if JOB in str(state.get("Resource", "")):
            yield name, state
        for one in _inner(state):
            yield from _job_states(one)
