"""``batcat rollback``."""

# Without `from __future__ import annotations`: typer reads the annotations when it runs.

from typing import Annotated, Any

import typer

from batcat_runtime.deploy.project import Project, load_project

from .deploy import confirm, execute
from .errors import reported
from .options import AsJson, Debug, Environment, ProjectFolder, Yes
from .reached import reached
from .screen import Screen

EXAMPLES = """
batcat rollback --env prod                                to the release before
batcat rollback --env prod --list                         which releases there are
batcat rollback --env prod --to 20261121T140500.123456Z   to this one
"""


@reported
def rollback(  # noqa: PLR0913 - typer makes an option of each argument
    *,
    env: Environment = "local",
    to: Annotated[
        str, typer.Option("--to", metavar="RELEASE", help="By default the one before.")
    ] = "",
    only_list: Annotated[
        bool, typer.Option("--list", help="List the releases, and change nothing.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    project: ProjectFolder = None,
    as_json: AsJson = False,
    yes: Yes = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Deploy an earlier release again: its template, its values and its image.

    The files of your project stay as they are, and data is not touched. Twice in a row leads back
    to where you were.
    """
    here, screen = load_project(project, env), Screen(as_json=as_json)
    with reached(here, screen):
        from batcat_runtime.deploy import releases
        from batcat_runtime.deploy.artifacts import account_of
        from batcat_runtime.deploy.plan import discard

        from .views.tables import plan_document, show_plan

        account = account_of(here)
        if only_list:
            _list(here, account, screen)
            return
        release = releases.read(here, account, to) if to else releases.before(here, account)
        screen.say(f"Back to release {release.name}{_from(release.commit)}")
        plan = releases.plan_return(here, release, account)
        show_plan(screen, plan, here)
        document = {**plan_document(plan, here), "release": release.name, "commit": release.commit}
        if dry_run:
            discard(plan)
            screen.answer({**document, "status": "PLANNED"})
            return
        if not plan.is_empty:
            confirm(here, plan, screen, yes=yes)
            execute(here, plan, screen)
            releases.record(here, account, release.commit)
        screen.answer({**document, "status": "DEPLOYED"})


def _list(here: Project, account: Any, screen: Screen) -> None:
    from batcat_runtime.deploy import releases

    now = releases.standing(here)
    rows = []
    for name in releases.recorded(here, account):
        one = releases.read(here, account, name)
        stands = now is not None and one.is_same(now)
        now = None if stands else now  # an earlier one may be the same
        rows.append({"release": name, "commit": one.commit, "image": one.image, "stands": stands})
        note = "  stands now" if stands else ""
        screen.say(f"{name}  {_short(one.commit) or 'no commit':<18}{note}")
    if not rows:
        screen.say(f"No release of {here.stack} in environment {here.environment} yet.")
    screen.answer({"stack": here.stack, "environment": here.environment, "releases": rows})


def _from(commit: str) -> str:
    return f", deployed from commit {_short(commit)}" if commit else ""


def _short(commit: str) -> str:
    """A commit for people, which still says that files had changed since."""
    revision, changed, mark = commit.partition("-")
    return f"{revision[:12]}{changed}{mark}"
