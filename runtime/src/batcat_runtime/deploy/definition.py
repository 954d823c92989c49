"""The workflow's definition held against the configuration: both must mean the same steps."""

from __future__ import annotations

import json
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
        ConfigError: they name other steps, another project or another purpose. Deployed, an
            intermediate table would be taken for the result, or two stacks for one.
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


def _change(answer: str) -> str:
    return (
        "put it back, or change the answer: "
        f"copier update --defaults --vcs-ref=:current: --data {answer}"
    )


def _job_states(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in (definition.get("States") or {}).items():
        if JOB in str(state.get("Resource", "")):
            yield name, state
        inner = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])]
        for one in filter(None, inner):
            yield from _job_states(one)
