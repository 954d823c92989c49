"""What a run would do, decided before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batcat_runtime.errors import ConfigError, MissingError

from . import data, execution

if TYPE_CHECKING:
    from .project import Project


@dataclass(frozen=True)
class RunPlan:
    """What a run would do; nothing has been done yet.

    Attributes:
        project: the project.
        run: name of the run.
        step: the step that runs alone; empty for all.
        source: local path or ``s3://`` address of the input; empty when all of it is queried.
        input_prefix: ``s3://`` prefix the first step to run reads; empty when it reads no files.
        result_prefix: ``s3://`` prefix the result will be at.
        destination: local folder the result will be fetched to.
        sample: local file or folder that the local Athena and Redshift are filled from; empty
            when the step queries neither, or an account's own.
    """

    project: Project
    run: str
    step: str
    source: str
    input_prefix: str
    result_prefix: str
    destination: Path
    sample: str = ""


def prepare(project: Project, *, source: str | None = None, step: str | None = None) -> RunPlan:
    """Decide what a run does.

    Args:
        project: the project.
        source: local file or folder, or ``s3://`` address, of the input; None takes ``data/raw``
            (for a later step: ``data/tmp/<the step before>``).
        step: run only this step.

    Returns:
        The plan.

    Raises:
        ConfigError: there is no such step, AWS would not allow the run's name, or the first step
            gets no files.
        MissingError: the local input does not exist or holds no files.
    """
    if step is not None and step not in project.steps:
        raise ConfigError(f"there is no step {step!r}; the steps are {', '.join(project.steps)}")
    run = execution.new_run(project)
    base = f"{project.result_path}/{run}"
    first = step or project.steps[0]
    queries = bool(project.queried) and first == project.steps[0]
    taken = source or str(data.default_input(project, step))
    if queries and not project.reads_files:
        taken = _check_sample(project, source)
    if taken.startswith("s3://"):
        data.split_uri(taken)
    elif taken:
        _check_input(project, taken, first, given=source is not None)
    if queries and not project.reads_files:
        prefix = ""
    elif first != project.steps[0]:
        # A later step reads where the step before it would have written in this run.
        before = project.steps[project.steps.index(first) - 1]
        prefix = f"{base}/{before}/"
    elif taken.startswith(f"{project.result_path}/"):
        prefix = taken
    else:
        # The role of a step reads this prefix alone, so input from elsewhere is copied here.
        # Not below the prefix that an S3 trigger watches, or that would start a second run.
        prefix = f"{project.result_path}/run-input/{run}/"
    return RunPlan(
        project=project,
        run=run,
        step=step or "",
        source=taken,
        input_prefix=prefix,
        result_prefix=f"{base}/{step or project.steps[-1]}/",
        destination=project.root / data.RESULT_FOLDER / run,
        sample=_sample(project, taken) if queries and project.is_local else "",
    )


def _check_sample(project: Project, source: str | None) -> str:
    """Give what a step that only queries is given here: a sample for the local tables."""
    if project.is_local and not (source or "").startswith("s3://"):
        return source or str(data.default_input(project))
    if source:
        raise ConfigError(
            f"the first step reads no files but queries {' and '.join(project.queried)}; leave "
            "--input out, or give a local file or folder to fill the local tables from",
        )
    return ""


def _sample(project: Project, taken: str) -> str:
    return str(data.default_input(project)) if taken.startswith("s3://") else taken


def _check_input(project: Project, source: str, step: str, *, given: bool) -> None:
    try:
        data.input_files(Path(source))
    except MissingError as error:
        if given or step == project.steps[0]:
            raise
        before = project.steps[project.steps.index(step) - 1]
        raise MissingError(
            f"there is no input for {step} yet: run the step before it (python "
            f"script/{before}.py), or name other input with --input",
        ) from error
