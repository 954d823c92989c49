"""``batcat down``."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from batcat_runtime.deploy.holdings import DATA, IMAGES
from batcat_runtime.deploy.project import load_project

from .deploy import ask
from .errors import reported
from .options import AsJson, Debug, Environment, ProjectFolder, Yes
from .reached import is_nowhere, reached
from .screen import Screen

EXAMPLES = """
batcat down --env dev --dry-run         show what would be removed
batcat down --env dev                   remove all but the data; asks first
batcat down --env dev --delete-data     remove the data, too
"""


@reported
def down(  # noqa: PLR0913 - typer makes an option of each argument
    *,
    env: Environment = "local",
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete inputs and results as well.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be removed, and remove nothing.")
    ] = False,
    project: ProjectFolder = None,
    as_json: AsJson = False,
    yes: Yes = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Remove what batcat deploy made, images included, and prove that nothing billable is left.

    Inputs and results are kept unless you say --delete-data. After a failure midway, say the same
    again. The exit code is 1 when something is left that should not be.
    """
    here = load_project(project, env)
    screen = Screen(as_json=as_json)
    if is_nowhere(here):
        screen.say("No local AWS is exported, so there is nothing to remove.")
        screen.answer({"environment": here.environment, "status": "NOTHING"})
        return
    with reached(here, screen):
        from batcat_runtime.deploy.down import plan_removal

        from .views.tables import removal_document, show_removal

        plan = plan_removal(here, delete_data=delete_data)
        show_removal(screen, plan)
        document = removal_document(plan)
        if dry_run:
            screen.answer({**document, "status": "PLANNED"})
            return
        gone = set() if plan.is_empty else _remove(plan, screen, yes=yes)
        proof = _prove(plan, gone, screen)
        status = "NOTHING" if plan.is_empty else "REMOVED"
        screen.answer({**document, "status": status, **asdict(proof)})
        if not proof.is_clean:
            raise typer.Exit(1)


def _remove(plan: Any, screen: Screen, *, yes: bool) -> set[str]:
    """Ask, and do what was planned; returns physical ids of what CloudFormation has deleted."""
    from batcat_runtime.deploy.down import remove

    from .views.tables import removal_document, show_stack_event

    here = plan.project
    # Data that is gone is gone, on the local AWS as well; the rest of a local AWS is nothing.
    is_grave = not here.is_local or (plan.delete_data and plan.has_data)
    if is_grave and not yes and not ask(_question(plan), screen):
        screen.say("Nothing was removed.")
        screen.answer({**removal_document(plan), "status": "DECLINED"})
        raise typer.Exit(1)
    gone = set()
    for event in remove(plan):
        show_stack_event(screen, event)
        if event.status == "DELETE_COMPLETE":
            gone.add(event.physical)
    if plan.bucket and plan.has_data and not plan.delete_data:
        screen.say(f"Data is kept in s3://{plan.bucket}/{here.purpose}/")
    return gone


def _prove(plan: Any, gone: set[str], screen: Screen) -> Any:
    """Look for what is left, and show it."""
    from batcat_runtime.deploy.left import prove

    from .views.tables import show_proof

    with screen.busy("Looking for what is left …"):
        proof = prove(plan.project, plan.account, keeps_data=not plan.delete_data, gone=gone)
    show_proof(screen, proof)
    return proof


def _question(plan: Any) -> str:
    """Name what cannot be had again as it was; the rest has just been shown."""
    lost = [one.kind for one in plan.removed if one.kind in {DATA, IMAGES}]
    what = f"this, {' and '.join(lost)} included," if lost else "this"
    return f"Remove {what} from account {plan.account.id}, region {plan.account.region}?"
