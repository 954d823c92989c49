"""``batcat down``."""

from typing import Annotated

import typer

from batcat_runtime.deploy.project import load_project

from .deploy import ask
from .errors import reported
from .options import AsJson, Debug, Environment, ProjectFolder, Yes
from .reached import is_nowhere, reached
from .screen import Screen

EXAMPLES = """
batcat down --env dev --dry-run         show what would be removed
batcat down --env dev                   remove the stack; data stays
batcat down --env dev --delete-data     remove everything
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
    """Remove what batcat deploy made.

    Inputs and results are kept unless you say --delete-data.
    """
    here = load_project(project, env)
    screen = Screen(as_json=as_json)
    if is_nowhere(here):
        screen.say("No local AWS is exported, so there is nothing to remove.")
        screen.answer({"environment": here.environment, "status": "NOTHING"})
        return
    with reached(here, screen):
        from batcat_runtime.deploy.down import plan_removal, remove

        from .views.tables import removal_document, show_removal, show_stack_event

        plan = plan_removal(here, delete_data=delete_data)
        show_removal(screen, plan)
        document = removal_document(plan)
        if dry_run or plan.is_empty:
            screen.answer({**document, "status": "PLANNED" if dry_run else "NOTHING"})
            return
        # Data that is gone is gone, on the local AWS as well; the rest of a local AWS is nothing.
        is_grave = not here.is_local or (delete_data and plan.has_data)
        if is_grave and not yes and not ask(_question(plan.account, delete_data), screen):
            screen.say("Nothing was removed.")
            screen.answer({**document, "status": "DECLINED"})
            raise typer.Exit(1)
        for event in remove(plan):
            show_stack_event(screen, event)
        if plan.bucket and plan.has_data and not delete_data:
            screen.say(f"Data is kept in s3://{plan.bucket}/{here.purpose}/")
        screen.answer({**document, "status": "REMOVED"})


def _question(account: object, delete_data: bool) -> str:
    what = "this, data included," if delete_data else "this"
    identity, region = getattr(account, "id", ""), getattr(account, "region", "")
    return f"Remove {what} from account {identity}, region {region}?"
