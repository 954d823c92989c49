"""The one zone of a query's times, where there is one other than UTC.

DuckDB keeps moments and no zones. If a query takes all its times with zone from literals of one
zone, and does nothing in which the zone matters, its results are written in that zone. Otherwise
such a literal is refused. Source: Trino documentation, "TIMESTAMP(P) WITH TIME ZONE".
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlglot import exp

from .errors import NotEmulatedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ZONED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?)(?:\.\d+)? ([A-Za-z]+(?:/[A-Za-z_]+)+)")
CALLS = ("sequence", "count", "coalesce", "min", "max")
"""Functions to which a zone means nothing."""


def zone_of(tree: exp.Expr) -> str | None:
    """The zone that all times of a query have; the literals are marked then.

    Args:
        tree: the query, before anything in it is replaced.

    Raises:
        NotEmulatedError: the clocks of a zone showed a time twice, or never.
    """
    zones = {zone for _, zone in _literals(tree)}
    if len(zones) != 1 or any(not _is_free(node) for node in tree.walk()):
        return None
    for node, _ in _literals(tree):
        node.meta["zoned"] = True
    return zones.pop()


def _literals(tree: exp.Expr) -> Iterator[tuple[exp.Expr, str]]:
    for node in tree.find_all(exp.Cast):
        found = _ZONED.fullmatch(str(node.name)) if isinstance(node.this, exp.Literal) else None
        if found and node.args["to"].is_type("timestamptz"):
            _check(found[1], found[2])
            yield node, found[2]


def _check(written: str, zone: str) -> None:
    """Refuse a time that is no single moment, of which DuckDB and Trino need not take the same."""
    try:
        rules, naive = ZoneInfo(zone), dt.datetime.fromisoformat(written)
    except (ValueError, KeyError, OSError):  # no such zone or day, which DuckDB says
        return
    if len({naive.replace(tzinfo=rules, fold=fold).utcoffset() for fold in (0, 1)}) > 1:
        raise NotEmulatedError(
            f"{written} {zone}, when clocks were changed", "Write the moment in UTC."
        )


def _is_free(node: exp.Expr) -> bool:
    """Whether a zone means nothing to a node, and it gives no time of another zone."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() in CALLS
    if isinstance(node, (exp.Cast, exp.TryCast)):
        other = node.args["to"].is_type("timestamptz") and not _ZONED.fullmatch(str(node.name))
        return isinstance(node.this, (exp.Literal, exp.Null)) and not other
    if isinstance(node, exp.Table):
        return any(node.name.lower() == one.alias.lower() for one in node.root().find_all(exp.CTE))
    return not isinstance(node, (exp.Extract, exp.AtTimeZone, exp.CurrentTimestamp, exp.Interval))
