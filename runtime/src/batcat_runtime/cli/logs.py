"""``batcat logs``."""

from typing import Annotated

import typer

from batcat_runtime.deploy.project import Project, load_project
from batcat_runtime.errors import ConfigError, MissingError

from .errors import reported
from .options import AsJson, Debug, Environment, ProjectFolder
from .reached import is_nowhere, reached
from .screen import Screen
from .views.lines import readable

EXAMPLES = """
batcat logs                           every step of the newest run
batcat logs inference                 one step of it
batcat logs preprocess --follow       while it runs
batcat logs --run 2026-health-screening-inference-20260102030405
"""


@reported
def logs(  # noqa: PLR0913 - typer makes an option of each argument
    *,
    step: Annotated[
        str | None, typer.Argument(metavar="STEP", help="By default every step.")
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="NAME", help="By default the newest run.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the step has ended.")
    ] = False,
    env: Environment = "local",
    project: ProjectFolder = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Show what a step wrote.

    Both standard output and standard error, from every machine of the step's Processing job.
    """
    here = load_project(project, env)
    if step is not None and step not in here.steps:
        raise ConfigError(f"there is no step {step!r}; the steps are {', '.join(here.steps)}")
    screen = Screen(as_json=as_json)
    if is_nowhere(here):
        raise MissingError(
            "no local AWS is exported, and the logs of one that has ended are gone with it; "
            "keep one with: batcat local",
        )
    with reached(here, screen):
        _show(here, screen, (step,) if step else here.steps, run, follow=follow)


def _show(
    here: Project, screen: Screen, steps: tuple[str, ...], run: str | None, *, follow: bool
) -> None:
    from batcat_runtime.deploy.status import last_run

    run = run or last_run(here)
    found: list[dict[str, str | int]] = []
    absent: list[str] = []
    for step in steps:
        front = f"{step} | " if len(steps) > 1 else ""
        try:
            found += _show_step(here, screen, (step, run, front), follow=follow)
        except MissingError:
            absent.append(step)
    if len(absent) == len(steps):
        which = f"step {steps[0]} of run {run}" if len(steps) == 1 else f"run {run}"
        raise MissingError(
            f"{which} has no log: there is no such run, or it has not begun; "
            f"see: batcat status{here.option}",
        )
    screen.answer({"run": run, "lines": found})


def _show_step(
    here: Project, screen: Screen, which: tuple[str, str, str], *, follow: bool
) -> list[dict[str, str | int]]:
    from batcat_runtime.deploy.execution import jobs_of
    from batcat_runtime.deploy.logs import read

    step, run, front = which
    lines: list[dict[str, str | int]] = []
    for line in read(jobs_of(here, run, step), here.region, until_ended=follow):
        lines.append({"step": step, **vars(line)})
        if not screen.as_json:
            for part in readable(line.text):
                screen.say(front + part)
    return lines
