"""``batcat run``."""

import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from batcat_runtime.deploy.project import Project, load_project

from .errors import reported
from .options import AsJson, Debug, Environment, ProjectFolder, Yes
from .reached import reached, say_unenforced
from .screen import Screen

EXAMPLES = """
batcat run                              on a local AWS, with data/raw
batcat run --input measurements.csv     with other input
batcat run --step preprocess            one step alone
batcat run --json > outcome.json        for a program that reads along
batcat run --env dev                    in an account, after batcat deploy --env dev
"""


@reported
def run(  # noqa: PLR0913 - typer makes an option of each argument
    *,
    env: Environment = "local",
    step: Annotated[
        str | None, typer.Option("--step", metavar="STEP", help="Run only this step.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="PATH",
            help="File, folder or s3:// address; by default data/raw, "
            "for a later step alone data/tmp/<the step before>.",
        ),
    ] = None,
    project: ProjectFolder = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    as_json: AsJson = False,
    yes: Yes = False,  # noqa: ARG001 - every verb takes it, so that scripts need not know which
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Run the pipeline and fetch its result.

    The result lies in data/result/ once the whole execution has succeeded. On the local AWS the
    project is deployed first, if it has changed; an account must be deployed to before.
    """
    here = load_project(project, env)
    screen = Screen(as_json=as_json)
    begin = time.monotonic()
    with reached(here, screen):
        from batcat_runtime.deploy.run import Run
        from batcat_runtime.deploy.run_plan import prepare

        plan = prepare(here, source=source, step=step)
        if dry_run:
            _describe(screen, plan)
            return
        seconds = {"start": time.monotonic() - begin}
        if here.is_local:
            say_unenforced(here, screen)
            _bring_up_to_date(here, screen, seconds)
        with closing(Run(plan)) as this:
            if not here.is_local:
                this.open()
                screen.say(
                    f"Run {this.plan.run}: environment {here.environment}, region {here.region}"
                )
            _make(this, screen, seconds)


def _make(this: Any, screen: Screen, seconds: dict[str, float]) -> None:
    """Make a run, and say how it ended to a program that asks."""
    from batcat_runtime.deploy.failure import RunFailedError

    from .views.outcome import outcome_document

    try:
        files = make(this, screen, seconds)
    except KeyboardInterrupt:
        screen.answer({"status": "ABORTED", "run": this.plan.run})
        raise
    except RunFailedError as error:
        screen.answer(outcome_document(this, seconds, error=error))
        raise
    screen.answer(outcome_document(this, seconds, files=files))


def make(this: Any, screen: Screen, seconds: dict[str, float]) -> list[Path]:
    """Upload, start, follow, fetch, and show all of it; stop everything on Ctrl-C.

    Args:
        this: a :class:`batcat_runtime.deploy.run.Run`.
        screen: where to show it.
        seconds: gets how long each part took, in seconds.

    Returns:
        The files of the result.

    Raises:
        RunFailedError: it did not succeed; the screen has shown why.
    """
    from batcat_runtime.deploy.failure import RunFailedError

    from .views.outcome import show_failure, show_result
    from .views.progress import progress

    try:
        with _timed(seconds, "upload"):
            this.upload()
        with _timed(seconds, "execution"), progress(screen) as show:
            this.start()
            for event in this.follow():
                show(event)
        with _timed(seconds, "fetch"):
            files: list[Path] = this.fetch()
    except KeyboardInterrupt:
        screen.say(f"Stopping {this.plan.run} …")
        this.stop()
        raise
    except RunFailedError as error:
        show_failure(screen, error)
        raise
    show_result(screen, this, files, seconds)
    return files


class _timed:  # noqa: N801 - reads as a word in a with statement
    """Note how long a block took, in seconds."""

    def __init__(self, seconds: dict[str, float], name: str) -> None:
        self._seconds, self._name = seconds, name

    def __enter__(self) -> None:
        self._begin = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._seconds[self._name] = time.monotonic() - self._begin


def _bring_up_to_date(here: Project, screen: Screen, seconds: dict[str, float]) -> None:
    """Deploy to the local AWS; says nothing when nothing has changed."""
    from batcat_runtime.deploy.apply import apply
    from batcat_runtime.deploy.plan import make_plan

    with _timed(seconds, "deploy"), screen.busy("Deploying to the local AWS …"):
        plan = make_plan(here)
        if plan.is_empty:
            return
        screen.say(f"Deploying {plan.stack} to the local AWS ({len(plan.changes)} changes) …")
        for _ in apply(plan):
            pass


def _describe(screen: Screen, plan: Any) -> None:
    from dataclasses import asdict

    rows = {
        "run": plan.run,
        "step": plan.step or "all: " + ", ".join(plan.project.steps),
        "input": plan.source or f"queried from {', '.join(plan.project.queried)}",
        "uploaded to": plan.input_prefix or "nowhere: the first step reads no files",
        "result at": plan.result_prefix,
        "fetched to": str(plan.destination),
    }
    for name, value in rows.items():
        screen.say(f"{name:<12} {value}")
    screen.answer({"status": "PLANNED", **asdict(plan), "project": plan.project.project})
