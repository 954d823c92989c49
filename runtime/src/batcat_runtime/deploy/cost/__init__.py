"""``batcat cost``: what a run and a month would cost, by AWS's own price list.

rates      what has a price, and how the price list names it
prices     ask the price list, and keep what it said for some days
usage      what a run and a month take: measured where something has run, else assumed
estimate   usage times prices
"""

from __future__ import annotations

from .estimate import Estimate, Line, estimate
from .usage import Assumed

__all__ = ["Assumed", "Estimate", "Line", "estimate"]
