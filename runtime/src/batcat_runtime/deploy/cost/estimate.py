"""Usage times prices."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from . import rates
from .prices import NoPriceError, Price, read_prices
from .usage import Assumed, Usage, read_usage

if TYPE_CHECKING:
    from datetime import datetime

    from batcat_runtime.deploy.project import Project

    from .rates import Rate

HOURS_A_MONTH = Decimal(365 * 24) / 12
"""Hours of a month, over which storage is billed."""


@dataclass(frozen=True)
class Line:
    """One thing that costs.

    Attributes:
        name: what it is, and its unit.
        run: how much of it a run takes; None for what does not depend on runs.
        month: how much of it a month takes.
        price: its price, or why there is none.
        runs: runs a month.
    """

    name: str
    run: Decimal | None
    month: Decimal
    price: Price | NoPriceError
    runs: Decimal

    @property
    def month_cost(self) -> Decimal | None:
        """What a month costs; None without a price."""
        return self.price.of(self.month) if isinstance(self.price, Price) else None

    @property
    def run_cost(self) -> Decimal | None:
        """A run's share of it; None without a price, or where runs do not matter."""
        month = self.month_cost
        return None if month is None or self.run is None or not self.runs else month / self.runs


@dataclass(frozen=True)
class Estimate:
    """What a run and a month would cost.

    Attributes:
        region: the region whose prices these are.
        lines: what costs.
        usage: what they rest on.
    """

    region: str
    lines: tuple[Line, ...]
    usage: Usage

    @property
    def priced(self) -> tuple[Line, ...]:
        """Lines that have a price."""
        return tuple(line for line in self.lines if isinstance(line.price, Price))

    @property
    def reasons(self) -> dict[str, list[str]]:
        """Why there is no price, and of what."""
        found: dict[str, list[str]] = {}
        for line in self.lines:
            if isinstance(line.price, NoPriceError):
                found.setdefault(str(line.price), []).append(line.name)
        return found

    @property
    def currency(self) -> str:
        """Currency of the prices; empty when there are none."""
        return next(
            (line.price.currency for line in self.lines if isinstance(line.price, Price)), ""
        )

    @property
    def oldest(self) -> datetime | None:
        """When the oldest of the prices was asked for."""
        dates = [line.price.asked for line in self.lines if isinstance(line.price, Price)]
        return min(dates, default=None)

    @property
    def run_cost(self) -> Decimal:
        """What a run costs, of what has a price."""
        return sum((line.run_cost or Decimal(0) for line in self.priced), Decimal(0))

    @property
    def month_cost(self) -> Decimal:
        """What a month costs, of what has a price."""
        return sum((line.month_cost or Decimal(0) for line in self.priced), Decimal(0))


def estimate(
    project: Project,
    given: Assumed | None = None,
    *,
    refresh: bool = False,
    now: datetime | None = None,
) -> Estimate:
    """Work out what a run and a month would cost.

    Args:
        project: the project in its environment.
        given: what the user says instead of having it measured.
        refresh: ask for prices that are in the cache, too.
        now: the time, in UTC.

    Returns:
        The estimate; what has no price says why.
    """
    usage = read_usage(project, given or Assumed(), now)
    wanted = _quantities(project, usage)
    prices = read_prices([rate for rate, _, _ in wanted], project.region, refresh=refresh, now=now)
    lines = tuple(
        Line(rate.name, run, month, prices[rate], usage.runs) for rate, run, month in wanted
    )
    return Estimate(project.region, lines, usage)


def _quantities(project: Project, usage: Usage) -> list[tuple[Rate, Decimal | None, Decimal]]:
    """What costs, how much of it a run takes, and a month."""
    one = Decimal(1)
    a_run: list[tuple[Rate, Decimal]] = [
        (rates.machine(project.instance_type), usage.hours),
        (rates.VOLUME, usage.hours * project.volume_size_gb / HOURS_A_MONTH),
        (rates.TRANSITIONS, usage.transitions),
        (rates.INVOCATIONS, one if usage.trigger_gb_seconds else Decimal(0)),
        (rates.MEMORY, usage.trigger_gb_seconds),
        (rates.SCHEDULE, one if usage.scheduled else Decimal(0)),
        (rates.LOGS, usage.log_gb),
    ]
    a_month: list[tuple[Rate, Decimal]] = [
        (rates.STORAGE, usage.stored_gb),
        (rates.IMAGES, usage.image_gb),
        (rates.LOG_STORAGE, usage.kept_log_gb),
        (rates.ALARMS, usage.alarms),
    ]
    return [
        *((rate, quantity, quantity * usage.runs) for rate, quantity in a_run if quantity),
        *((rate, None, quantity) for rate, quantity in a_month if quantity),
    ]
