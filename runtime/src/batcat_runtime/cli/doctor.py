"""``batcat doctor``."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from .errors import reported
from .options import AsJson, Debug, Environment, ProjectFolder
from .reached import reached
from .screen import Screen

EXAMPLES = """
batcat doctor                     look at the project, on a local AWS
batcat doctor --env dev           look at all that a deployment to dev needs
batcat doctor --env dev --strict  the same for a pipeline that takes no warnings
"""

STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red", "unknown": "dim"}


@reported
def doctor(
    *,
    env: Environment = "local",
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail, too.")] = False,
    project: ProjectFolder = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Look at all that a deployment and a run need, and say what mends what is wrong.

    Nothing is changed. The exit code is 1 when something failed.
    """
    from batcat_runtime.deploy.doctor import examine
    from batcat_runtime.deploy.doctor.seen import look

    seen = look(project, env)
    screen = Screen(as_json=as_json)
    with reached(seen.project, screen):
        with screen.busy("Looking …"):
            report = examine(seen)
        is_well = report.is_well(strict=strict)
        for finding in report.findings:
            show(screen, finding)
        counts = {level: sum(one.level == level for one in report.findings) for level in STYLES}
        screen.say(", ".join(f"{count} {level}" for level, count in counts.items() if count))
        screen.answer(
            {
                "environment": seen.project.environment,
                "region": seen.project.region,
                "status": "OK" if is_well else "FAILED",
                "findings": [asdict(finding) for finding in report.findings],
            }
        )
    if not is_well:
        raise typer.Exit(1)


def show(screen: Screen, finding: Any) -> None:
    """Show one finding, and below it what mends it."""
    where = f" ({finding.where})" if finding.where else ""
    screen.say(
        f"{finding.level:<8} {finding.check:<12} {finding.text}{where}", STYLES[finding.level]
    )
    if finding.mend:
        screen.say(f"{'':<8} {'':<12} → {finding.mend}")
