"""``batcat cost``."""

from decimal import Decimal
from typing import Annotated, Any

import typer

from batcat_runtime.deploy.project import Project, load_project
from batcat_runtime.errors import ConfigError

from .errors import reported
from .options import AsJson, Debug, Environment, ProjectFolder
from .reached import reached
from .screen import Screen

EXAMPLES = """
batcat cost --env dev                        what a run and a month would cost in dev
batcat cost --env dev --runs 4 --hours 2.5   with your own numbers
batcat cost --env dev --refresh              ask the price list again
"""


@reported
def cost(  # noqa: PLR0913 - typer makes an option of each argument
    *,
    env: Environment = "local",
    hours: Annotated[
        str, typer.Option("--hours", metavar="N", help="Machine hours of a run, all steps.")
    ] = "",
    runs: Annotated[
        int | None, typer.Option("--runs", min=0, metavar="N", help="Runs a month.")
    ] = None,
    stored_gb: Annotated[
        str, typer.Option("--stored-gb", metavar="N", help="What lies in S3, in GB.")
    ] = "",
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask for prices again that are known.")
    ] = False,
    project: ProjectFolder = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Show what a run and a month would cost, by AWS's own price list.

    What has run is measured; what has not is assumed, and each assumption is shown. Prices are
    kept for a week.
    """
    here = load_project(project, env)
    screen = Screen(as_json=as_json)
    hours_given, stored = _number("--hours", hours), _number("--stored-gb", stored_gb)
    with reached(here, screen):
        from batcat_runtime.deploy.cost import Assumed, estimate

        from .views.costs import cost_document, show_cost

        with screen.busy("Asking for prices …"):
            found = estimate(here, Assumed(hours_given, runs, stored), refresh=refresh)
        show_cost(screen, found)
        screen.answer(cost_document(found, here))


def _number(option: str, text: str) -> Decimal | None:
    try:
        number = Decimal(text) if text else None
    except ArithmeticError as error:
        raise ConfigError(f"{option} is {text!r}; it must be a number, for example 2.5") from error
    if number is not None and not (number.is_finite() and number >= 0):
        raise ConfigError(f"{option} is {text!r}; it must be a number from 0")
    return number


def show_briefly(screen: Screen, project: Project, seconds: float = 10.0) -> None:
    """Say in one line what a month would cost, before a deployment is asked for.

    It never stands in the way: what cannot be had within the time is said not to be known.

    Args:
        screen: where to say it.
        project: the project in its environment.
        seconds: how long it may take.
    """
    from batcat_runtime.deploy.cost import estimate
    from batcat_runtime.deploy.side_by_side import side_by_side

    from .views.costs import times

    with screen.busy("Asking what it would cost …"):
        found: Any = side_by_side({"cost": lambda: estimate(project)}, seconds).get("cost")
    more = f"see: batcat cost{project.option}"
    if found is None or isinstance(found, Exception) or not found.priced:
        reasons = list(getattr(found, "reasons", {}))
        screen.say(f"Cost: not known: {[*reasons, found or 'no answer in time'][0]}; {more}")
        return
    unpriced = len(found.lines) - len(found.priced)
    without = f", without {unpriced} of {len(found.lines)} things, whose price is not known"
    screen.say(
        f"Cost: about {found.month_cost:.2f} {found.currency} a month for "
        f"{times(found.usage.runs)}{without if unpriced else ''}; {more}"
    )
