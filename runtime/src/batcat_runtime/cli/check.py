"""``batcat check``."""

# Without `from __future__ import annotations`: typer reads the annotations when it runs.

import os
from dataclasses import asdict
from typing import Annotated, Any

import typer

from batcat_runtime.deploy.project import load_project

from .errors import FAILED, reported
from .options import AsJson, Debug, ProjectFolder
from .reached import reached, say_unenforced
from .screen import Screen

EXAMPLES = """
batcat check                         deploy, run, start and fail it on a local AWS
batcat check --input sample.csv      with other input than test/data
"""


@reported
def check(
    *,
    source: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="PATH", help="Input of the runs; by default test/data or data/raw."
        ),
    ] = None,
    project: ProjectFolder = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Rehearse the whole project on a local AWS: what a pull request must pass.

    It is deployed twice, run, started by its trigger, and failed on purpose, each call decided by
    the policies of its roles. No account is needed and none is touched.
    """
    here, screen = load_project(project), Screen(as_json=as_json)
    with reached(here, screen):
        from batcat_runtime.deploy.data import sample
        from batcat_runtime.deploy.rehearsal import Rehearsal

        say_unenforced(here, screen)
        given = source or sample(here)
        rehearsal = Rehearsal(here, given, os.environ["AWS_ENDPOINT_URL"])
        parts = []
        for part in rehearsal.parts():
            parts.append(part)
            level, style = ("failed", "bold red") if part.failed else ("ok", "green")
            screen.say(f"{level:<8} {part.name:<12} {part.text}", style)
    is_well = not parts[-1].failed
    _hint(rehearsal.audit, screen)
    screen.answer(
        {"status": "OK" if is_well else "FAILED", "parts": [asdict(part) for part in parts]}
    )
    if not is_well:
        raise typer.Exit(FAILED)


def _hint(audit: Any, screen: Screen) -> None:
    """Say what was granted and not used: for somebody to look at, as a rehearsal is not all."""
    idle = [grant for grant in audit.grants if grant.unused] if audit else []
    if idle:
        screen.say("Granted, but not used in this rehearsal:")
    for grant in idle:
        screen.say(f"  {grant.role} {grant.sid}: {', '.join(grant.unused)}")
