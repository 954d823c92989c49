"""``batcat deploy``."""

from contextlib import closing
from typing import Annotated, Any

import typer

from batcat_runtime.deploy.project import Project, load_project
from batcat_runtime.errors import ConfigError, DeployError

from .cost import show_briefly
from .errors import reported
from .options import AsJson, Debug, Environment, ProjectFolder, Yes
from .pushing import ensure_pushed
from .reached import reached, say_unenforced
from .screen import Screen

EXAMPLES = """
batcat deploy                        a rehearsal on a local AWS
batcat deploy --dry-run              only show the changes
batcat deploy --env dev              into the account of environment dev; asks first
batcat deploy --env dev --yes        the same without asking, for a pipeline
batcat deploy --env dev --smoke      try it with test/data; if that fails, go back
batcat deploy --env prod --promoted  with the image that was promoted; builds none
"""

TRIAL_SECONDS = 3600.0
"""How long a trial run may take; then there is still time to go back, with the same credentials."""


@reported
def deploy(  # noqa: PLR0913 - typer makes an option of each argument
    *,
    env: Environment = "local",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    smoke: Annotated[
        bool,
        typer.Option("--smoke", help="Then run it once; if that fails, go back to what was."),
    ] = False,
    locked: Annotated[
        bool, typer.Option("--locked", help="Refuse a lock of the image that does not fit; for CI.")
    ] = False,
    promoted: Annotated[
        bool, typer.Option("--promoted", help="Build no image: batcat image promote brought it.")
    ] = False,
    source: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="PATH", help="Input of that run; by default test/data or data/raw."
        ),
    ] = None,
    project: ProjectFolder = None,
    as_json: AsJson = False,
    yes: Yes = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Show what would change, then apply it.

    A table shows what will be added, changed, replaced or removed. An account is changed only
    after you agree.
    """
    here = load_project(project, env)
    screen = Screen(as_json=as_json)
    if source is not None and not smoke:
        raise ConfigError("--input is the input of a trial run; say --smoke, too")
    with reached(here, screen) as is_brief:
        from batcat_runtime.deploy import releases
        from batcat_runtime.deploy.git import commit
        from batcat_runtime.deploy.image.push import has_image
        from batcat_runtime.deploy.plan import discard, examine, make_plan

        from .views.tables import plan_document, show_plan

        say_unenforced(here, screen)
        if has_image(here):
            examine(here)  # before one is built that a mistake makes useless
        ensure_pushed(here, screen, yes=yes, dry_run=dry_run, locked=locked, promoted=promoted)
        plan = make_plan(here, clean_up=not dry_run)
        stood = releases.untried(here, plan.account) if smoke and plan.is_empty else None
        show_plan(screen, plan, here)
        if not plan.is_empty and not here.is_local:
            show_briefly(screen, here)
        if dry_run:
            discard(plan)
            screen.answer({**plan_document(plan, here), "status": "PLANNED"})
            return
        if not plan.is_empty:
            confirm(here, plan, screen, yes=yes)
            releases.begin(here, plan.account)
            stood = releases.standing(here)
            execute(here, plan, screen)
        if smoke:
            _try(here, plan, screen, source, stood)
        releases.record(here, plan.account, commit(here.root))
        outputs = _outputs(here)
        for name, value in outputs.items():
            screen.say(f"{name:<22} {value}")
        if is_brief:
            screen.say("This local AWS ends with the command; keep one with: batcat local")
        screen.answer({**plan_document(plan, here), "status": "DEPLOYED", "outputs": outputs})


def confirm(here: Project, plan: Any, screen: Screen, *, yes: bool) -> None:
    """Ask before an account is changed; the local AWS is nobody's account.

    Raises:
        ConfigError: there is nobody to answer.
        typer.Exit: the answer is no.
    """
    from batcat_runtime.deploy.plan import discard

    if yes or here.is_local:
        return
    where = f"account {plan.account.id}, region {plan.account.region}"
    try:
        agreed = ask(f"Apply these changes to {where}?", screen)
    except BaseException:
        discard(plan)
        raise
    if not agreed:
        discard(plan)
        screen.say("Nothing was changed.")
        screen.answer({"status": "DECLINED"})
        raise typer.Exit(1)


def ask(question: str, screen: Screen) -> bool:
    """Ask for a yes.

    Raises:
        ConfigError: there is nobody to answer.
    """
    import sys

    if not sys.stdin.isatty():
        raise ConfigError(f"{question} Nobody is here to answer; say --yes if you agree")
    return typer.confirm(question, err=screen.as_json)


def execute(here: Project, plan: Any, screen: Screen) -> None:
    """Apply a plan and show what happens."""
    from batcat_runtime.deploy.apply import apply

    from .views.tables import show_stack_event

    try:
        for event in apply(plan):
            show_stack_event(screen, event)
    except KeyboardInterrupt:
        if not here.is_local:
            screen.say(
                f"CloudFormation goes on by itself; see: batcat status --env {here.environment}"
            )
        raise


def _try(here: Project, plan: Any, screen: Screen, source: str | None, stood: Any) -> None:
    """Run the pipeline once as it was deployed; when that fails, go back to what stood before.

    Raises:
        DeployError: the run failed; the message says what stands now.
    """
    from batcat_runtime.deploy import releases
    from batcat_runtime.deploy.data import sample
    from batcat_runtime.deploy.run import Run
    from batcat_runtime.deploy.run_plan import prepare

    from .run import make

    try:
        with closing(Run(prepare(here, source=source or sample(here)))) as this:
            this.open()
            this.limit = TRIAL_SECONDS
            screen.say(f"Run {this.plan.run}: environment {here.environment}, region {here.region}")
            make(this, screen, {})
    except KeyboardInterrupt:
        screen.say(f"What was deployed stays; to go back: batcat rollback{here.option}")
        raise
    except Exception as error:
        failed = f"the trial run failed: {error}"
        if plan.is_empty and stood is None:
            raise DeployError(f"{failed}. Nothing had been changed before it") from error
        if stood is None:
            raise DeployError(
                f"{failed}. This was the first deployment, so there is nothing to go back to; it "
                "stays for you to look at"
            ) from error
        screen.say("The trial run failed: going back to what was before …", "red")
        back = releases.plan_return(here, stood, plan.account)
        execute(here, back, screen)
        raise DeployError(f"{failed}. Stack {plan.stack} is again as it was before") from error


def _outputs(here: Project) -> dict[str, str]:
    from batcat_runtime.deploy.stack import deployed_stack

    return deployed_stack(here).outputs
