"""Operators as Trino has them, once the types of their operands are known.

Sources: Trino documentation, "Mathematical functions and operators" (integer division),
"Decimal functions and operators" (precision and scale of results), "Date and time functions and
operators", "Comparison functions and operators" and "String functions and operators".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from .errors import NotEmulatedError, QueryError
from .kinds import MAX_DIGITS, Kind, to_trino
from .nodes import call, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNS = {
    "EQ": "=",
    "NEQ": "<>",
    "LT": "<",
    "LTE": "<=",
    "GT": ">",
    "GTE": ">=",
    "NullSafeEQ": "IS NOT DISTINCT FROM",
    "NullSafeNEQ": "IS DISTINCT FROM",
    "Add": "+",
    "Sub": "-",
    "Mul": "*",
    "Div": "/",
    "Mod": "%",
}


def arithmetic(node: exp.Expr, kinds: Sequence[Kind]) -> exp.Expr:
    """One of + - * / %."""
    left, right = kinds
    if left.is_number and right.is_number:
        return _numbers(node, left, right)
    if "null" in (left.name, right.name):
        return node
    if isinstance(node, (exp.Add, exp.Sub)):
        return _in_time(node, left, right)
    if isinstance(node, exp.Mul) and {left.name, right.name} == {"interval", "bigint"}:
        return node
    if isinstance(node, exp.Mul) and {left.name, right.name} == {"interval", "integer"}:
        return node
    raise mismatch(node, left, right)


def _numbers(node: exp.Expr, left: Kind, right: Kind) -> exp.Expr:
    names = {left.name, right.name}
    if names & {"double", "real"}:
        wide = Kind("double") if "double" in names else Kind("real")
        return _cast_to(wide, node) if wide.name == "real" or isinstance(node, exp.Div) else node
    if isinstance(node, exp.Mod):
        return _modulo(node, left, right)
    if "decimal" not in names:
        return _whole_division(node, left, right) if isinstance(node, exp.Div) else node
    one, two = left.as_decimal(), right.as_decimal()
    if isinstance(node, exp.Div):
        scale = max(one.scale, two.scale)
        digits = min(MAX_DIGITS, one.size + two.scale + max(0, two.scale - one.scale))
        quotient = call(
            "trino_decimal_divide",
            cast(node.this, "VARCHAR"),
            cast(node.expression, "VARCHAR"),
            exp.Literal.number(scale),
        )
        return cast(quotient, Kind("decimal", digits, scale))
    if isinstance(node, exp.Mul):
        digits, scale = min(MAX_DIGITS, one.size + two.size), one.scale + two.scale
        if scale > MAX_DIGITS:
            raise QueryError("NUMERIC_VALUE_OUT_OF_RANGE", "DECIMAL scale must be in [0, 38]")
        node.set("this", cast(node.this, Kind("decimal", MAX_DIGITS, one.scale)))
        return cast(node, Kind("decimal", digits, scale))
    return node


def _whole_division(node: exp.Expr, left: Kind, right: Kind) -> exp.Expr:
    """Integers divide to an integer, towards zero; the wider type holds the quotient."""
    order = ("tinyint", "smallint", "integer", "bigint", "hugeint")
    wide = max(left.name, right.name, key=order.index)
    quotient = call("trino_divide", node.this, node.expression)
    return cast(quotient, Kind("bigint" if wide == "hugeint" else wide))


def _modulo(node: exp.Expr, left: Kind, right: Kind) -> exp.Expr:
    rest = call("trino_modulo", node.this, node.expression)
    if "decimal" not in (left.name, right.name):
        return rest
    one, two = left.as_decimal(), right.as_decimal()
    scale = max(one.scale, two.scale)
    digits = min(one.size - one.scale, two.size - two.scale) + scale
    return cast(rest, Kind("decimal", min(MAX_DIGITS, max(1, digits)), scale))


def _cast_to(kind: Kind, node: exp.Expr) -> exp.Expr:
    """Do the arithmetic in doubles, and give a real where both are real."""
    if isinstance(node, exp.Div):
        node.set("this", cast(node.this, "DOUBLE"))
        node.set("expression", cast(node.expression, "DOUBLE"))
    return cast(exp.Paren(this=node), kind) if kind.name == "real" else node


def _in_time(node: exp.Expr, left: Kind, right: Kind) -> exp.Expr:
    names = (left.name, right.name)
    if names == ("interval", "interval"):
        return node
    if "interval" in names and "date" in names:
        units = {str(one.args["unit"]).upper() for one in node.find_all(exp.Interval)}
        if not units:
            raise NotEmulatedError("a date and an interval that is no literal", "Use date_add.")
        if units & {"HOUR", "MINUTE", "SECOND"}:
            raise QueryError(
                "INVALID_FUNCTION_ARGUMENT", "Cannot add hour, minutes or seconds to a date"
            )
    if "interval" in names and "time" in names:
        raise NotEmulatedError("a time of day and an interval")
    if right.name == "interval" and left.is_time:
        return cast(exp.Paren(this=node), left) if left.name == "date" else node
    if left.name == "interval" and right.is_time and isinstance(node, exp.Add):
        return cast(exp.Paren(this=node), right) if right.name == "date" else node
    if left.is_time and right.is_time and isinstance(node, exp.Sub):
        raise NotEmulatedError(f"{left.name} - {right.name}", "Use date_diff.")
    raise mismatch(node, left, right)


def joined(node: exp.Expr, kinds: Sequence[Kind]) -> exp.Expr:
    """``||``: text with text, arrays with arrays, bytes with bytes; NULL with anything is NULL."""
    names = {kind.name for kind in kinds} - {"null"}
    if len(names) > 1 and "array" in names:
        raise NotEmulatedError("|| of an array and an element", "Write ARRAY[…] around it.")
    if len(names) > 1 or not names <= {"varchar", "array", "varbinary"}:
        raise QueryError(
            "FUNCTION_NOT_FOUND",
            "Unexpected parameters "
            f"({', '.join(to_trino(kind) for kind in kinds)}) for function concat",
        )
    return node


def compared(node: exp.Expr, kinds: Sequence[Kind]) -> exp.Expr:
    """A comparison: Trino converts no text by itself."""
    first = kinds[0]
    for other in kinds[1:]:
        if not agree(first, other):
            raise mismatch(node, first, other)
    if any(_holds_map(kind) for kind in kinds):
        raise NotEmulatedError("a comparison of maps", "DuckDB regards the order of their keys.")
    maker = _WITH_NAN.get(type(node))
    if maker is None or not {"double", "real"} & {kind.name for kind in kinds}:
        return node
    operands = [node.this, node.expression]
    if any(isinstance(one, exp.Literal) for one in operands) and maker[0] == "trino_equal":
        return node
    made: exp.Expr = call(maker[0], *(operands if maker[1] else operands[::-1]))
    return exp.Not(this=made) if isinstance(node, exp.NEQ) else made


_WITH_NAN: dict[type[exp.Expr], tuple[str, bool]] = {
    exp.EQ: ("trino_equal", True),
    exp.NEQ: ("trino_equal", True),
    exp.GT: ("trino_greater", True),
    exp.GTE: ("trino_greater_equal", True),
    exp.LT: ("trino_greater", False),
    exp.LTE: ("trino_greater_equal", False),
}
"""What compares where there may be NaN, and whether in the same order."""


def _holds_map(kind: Kind) -> bool:
    return kind.name == "map" or any(_holds_map(one) for one in kind.items)


def unified(node: exp.Expr, kinds: Sequence[Kind]) -> exp.Expr:
    """Results of CASE, IF, COALESCE: of one type."""
    for one in kinds:
        for other in kinds:
            if not agree(one, other):
                raise QueryError(
                    "TYPE_MISMATCH",
                    "All results of CASE, IF or COALESCE must be the same type: "
                    f"{to_trino(one)}, {to_trino(other)}",
                )
    return node


def agree(one: Kind, other: Kind) -> bool:
    """Whether two types have a common one that Trino finds by itself."""
    if "null" in (one.name, other.name) or (one.is_number and other.is_number):
        return True
    if one.is_time and other.is_time:
        return True
    if one.name != other.name:
        return False
    return all(agree(a, b) for a, b in zip(one.items, other.items, strict=False))


def fits(source: Kind, target: Kind) -> bool:
    """Whether Trino converts a value by itself, so that none can be lost, as for INSERT."""
    if source.name == "null" or source.name == target.name == "varchar":
        return True
    if source.is_number and target.is_number:
        order = ("tinyint", "smallint", "integer", "bigint", "decimal", "real", "double")
        names = ["bigint" if one.name == "hugeint" else one.name for one in (source, target)]
        if target.name == "decimal" and names[0] not in ("real", "double"):
            held = Kind(names[0]).as_decimal() if source.is_integer else source
            whole = target.size - target.scale >= held.size - held.scale
            return whole and target.scale >= held.scale
        return order.index(names[0]) <= order.index(names[1])
    if source.is_time and target.is_time:
        moments = ("date", "timestamp", "timestamptz")
        return moments.index(source.name) <= moments.index(target.name)
    same = source.name == target.name and len(source.items) == len(target.items)
    return same and all(fits(a, b) for a, b in zip(source.items, target.items, strict=True))


def mismatch(node: exp.Expr, left: Kind, right: Kind) -> QueryError:
    """The error that Trino gives for an operator and types that do not fit."""
    name = type(node).__name__
    sign = SIGNS.get(name, name.upper())
    return QueryError(
        "TYPE_MISMATCH",
        f"Cannot apply operator: {to_trino(left)} {sign} {to_trino(right)}",
    )


COMPARISONS = (
    exp.EQ,
    exp.NEQ,
    exp.LT,
    exp.LTE,
    exp.GT,
    exp.GTE,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.Between,
    exp.In,
)
ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
