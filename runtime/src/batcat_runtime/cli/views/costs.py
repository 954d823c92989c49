"""What a run and a month would cost, as a table and as a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.deploy.cost.prices import NoPriceError
from batcat_runtime.deploy.cost.rates import NOT_COUNTED

from .tables import _table

if TYPE_CHECKING:
    from decimal import Decimal

    from batcat_runtime.cli.screen import Screen
    from batcat_runtime.deploy.cost import Estimate, Line
    from batcat_runtime.deploy.project import Project


def show_cost(screen: Screen, found: Estimate) -> None:
    """Show an estimate, and all that it rests on."""
    if found.priced:
        money = found.currency
        table = _table("what", "a run", "a month", f"{money} a run", f"{money} a month")
        for line in found.lines:
            table.add_row(
                line.name,
                _plain(line.run),
                _plain(line.month),
                _plain(line.run_cost),
                "no price" if line.month_cost is None else _plain(line.month_cost),
            )
        screen.console.print(table)
        screen.say(
            f"A run: {found.run_cost:.2f} {money}. "
            f"A month of {times(found.usage.runs)}: {found.month_cost:.2f} {money}."
        )
        screen.say(f"Prices of {found.region}, asked on {found.oldest:%Y-%m-%d}.")
    else:
        screen.say("What would cost:")
        for line in found.lines:
            a_run = "" if line.run is None else f"{_plain(line.run)} a run, "
            screen.say(f"  {line.name}: {a_run}{_plain(line.month)} a month")
    for reason, names in found.reasons.items():
        what = "" if len(names) == len(found.lines) else f" for {'; '.join(names)}"
        screen.say(f"No price{what}: {reason}")
    for title, texts in (
        ("Measured", found.usage.measured),
        ("Assumed", found.usage.assumed),
        ("Not known", found.usage.unknown),
    ):
        for text in texts:
            screen.say(f"{title}: {text}")
    screen.say(f"Not counted: {NOT_COUNTED}")


def times(runs: Decimal) -> str:
    """How many runs, as a person says it."""
    return f"{runs} run{'' if runs == 1 else 's'}"


def cost_document(found: Estimate, project: Project) -> dict[str, Any]:
    """Say the same for programs; amounts are text, for they are exact."""
    return {
        "environment": project.environment,
        "region": found.region,
        "currency": found.currency,
        "run": str(found.run_cost) if found.priced else None,
        "month": str(found.month_cost) if found.priced else None,
        "asked": found.oldest.isoformat() if found.oldest else None,
        "lines": [_line(line) for line in found.lines],
        "measured": found.usage.measured,
        "assumed": found.usage.assumed,
        "unknown": found.usage.unknown,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "run": None if line.run is None else str(line.run),
        "month": str(line.month),
        "month_cost": None if line.month_cost is None else str(line.month_cost),
        "reason": str(line.price) if isinstance(line.price, NoPriceError) else None,
    }


def _plain(number: Decimal | None) -> str:
    """A number without needless digits."""
    if number is None:
        return ""
    text = f"{number:.6f}".rstrip("0").rstrip(".")
    return text if text != "0" or not number else f"{number:.2g}"
