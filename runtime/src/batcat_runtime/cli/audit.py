"""``batcat audit``."""

import os

import typer

from batcat_runtime.deploy.project import load_project
from batcat_runtime.errors import MissingError

from .errors import FAILED, reported
from .options import AsJson, Debug, Environment, ProjectFolder
from .reached import is_nowhere, reached
from .screen import Screen

EXAMPLES = """
batcat audit                 what the roles were granted and used on the local AWS you exported
batcat audit --json          the same for a program
"""


@reported
def audit(
    *,
    env: Environment = "local",
    project: ProjectFolder = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Show what the stack's roles were granted but never used, and what was denied to them.

    Run the pipeline, its trigger and a failure on a local AWS of your own first (batcat local):
    the more was done there, the more the answer is worth. Exit code 1 says that something was
    granted without use or reason, or denied.
    """
    here = load_project(project, env)
    screen = Screen(as_json=as_json)
    if is_nowhere(here):
        raise MissingError(
            "no local AWS is exported, so nothing was used; start one with batcat local, export "
            "what it prints, and run the pipeline there"
        )
    with reached(here, screen):
        from batcat_runtime.deploy.audit import read_audit

        from .views.permissions import audit_document, show_audit

        found = read_audit(here, os.environ.get("AWS_ENDPOINT_URL", ""))
        show_audit(screen, found)
        screen.answer(audit_document(found))
    if not found.is_clean:
        raise typer.Exit(FAILED)
