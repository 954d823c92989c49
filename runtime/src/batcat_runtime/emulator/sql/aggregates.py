"""Aggregates whose result has a type of Trino's own.

Source: Trino documentation, "Aggregate functions": ``sum`` of integers is a bigint, of reals a
real; ``avg`` of a decimal is a decimal of the same scale.
"""

from __future__ import annotations

from sqlglot import exp

from .errors import QueryError
from .kinds import MAX_DIGITS, Kind, to_trino
from .nodes import call, cast, core

FINITE = ("corr", "regr_slope", "regr_intercept")
"""Aggregates that are NULL where they are no number (one row, rows that are all alike)."""


def aggregated(name: str, node: exp.Expr, kind: Kind) -> exp.Expr:
    """The aggregate, with FILTER and OVER, in Trino's type.

    Args:
        name: of the aggregate.
        node: the call and what belongs to it.
        kind: type of its argument.
    """
    if name == "approx_distinct" or (name == "count_if" and kind.name in ("boolean", "null")):
        return cast(node.copy(), "BIGINT")
    if name == "count_if" or (not kind.is_number and kind.name != "null"):
        raise QueryError(
            "FUNCTION_NOT_FOUND", f"Unexpected parameters ({to_trino(kind)}) for function {name}"
        )
    if name in FINITE:
        return call("trino_finite", node.copy())
    if name == "sum":
        result = {"real": "FLOAT", "double": None, "decimal": None}.get(kind.name, "BIGINT")
        return cast(node.copy(), result) if result else node.copy()
    if kind.name == "decimal":
        parts = [cast(_instead(node, other), "VARCHAR") for other in ("sum", "count")]
        known = exp.Is(this=_instead(node, "sum"), expression=exp.null())
        quotient = call("trino_decimal_divide", *parts, exp.Literal.number(kind.scale))
        guarded = exp.Case(ifs=[exp.If(this=known, true=exp.null())], default=quotient)
        return cast(guarded, Kind("decimal", min(MAX_DIGITS, kind.size), kind.scale))
    return cast(node.copy(), "FLOAT") if kind.name == "real" else node.copy()


def _instead(node: exp.Expr, name: str) -> exp.Expr:
    """The same over the same rows with another function."""
    other = node.copy()
    core(other).set("this", name)
    return other
