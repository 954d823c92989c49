"""``batcat status``."""

from batcat_runtime.deploy.project import load_project

from .errors import reported
from .options import AsJson, Debug, Environment, ProjectFolder
from .reached import is_nowhere, reached
from .screen import Screen

EXAMPLES = """
batcat status                what is on the local AWS that you exported
batcat status --env dev      what is in the account of environment dev
batcat status --json         the same for a program
"""


@reported
def status(
    *,
    env: Environment = "local",
    project: ProjectFolder = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Show the stack and the last executions.

    Executions are shown with how long they took and how they ended.
    """
    here = load_project(project, env)
    screen = Screen(as_json=as_json)
    if is_nowhere(here):
        screen.say("No local AWS is exported; start one with: batcat local")
        screen.answer({"environment": here.environment, "stack": None, "runs": []})
        return
    with reached(here, screen):
        from batcat_runtime.deploy.status import read_status

        from .views.tables import show_status, status_document

        found = read_status(here)
        show_status(screen, found, here)
        screen.answer(status_document(found, here))
