"""Functions whose meaning depends on the types of their arguments.

Source: Trino documentation, "Functions and operators"; ``moments`` has those of time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from . import moments
from .aggregates import FINITE
from .errors import NotEmulatedError, QueryError
from .kinds import MAX_DIGITS, Kind, to_trino
from .nodes import call, cast, is_text, needs, text, value_of
from .operators import agree, joined, unified
from .patterns import check

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Made = Callable[[list[exp.Expr], Sequence[Kind]], exp.Expr]


def at(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A subscript, counted from 1; what is not there is an error."""
    kind = kinds[0].name
    if kind == "array" and (kinds[1].is_integer or kinds[1].name == "null"):
        return call("trino_at", *arguments)
    if kind == "map" and agree(kinds[0].items[0], kinds[1]):
        return call("trino_key", *arguments)
    if kind == "row" and isinstance(arguments[1], exp.Literal) and not is_text(arguments[1]):
        return call("struct_extract_at", *arguments)
    raise QueryError(
        "TYPE_MISMATCH",
        f"Cannot use {to_trino(kinds[1])} for subscript of {to_trino(kinds[0])}",
    )


def element_at(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A subscript; what is not there is NULL."""
    if kinds[0].name == "map":
        _fits("element_at", kinds[0].items[0], kinds[1])
        return call("trino_pending_element_at", *arguments)
    needs(kinds[0], "element_at", "array")
    needs(kinds[1], "element_at", *WHOLE)
    return call("trino_element_at", *arguments)


def _fits(name: str, held: Kind, asked: Kind) -> None:
    if not agree(held, asked):
        raise QueryError(
            "FUNCTION_NOT_FOUND",
            f"Unexpected parameters ({to_trino(held)}, {to_trino(asked)}) for function {name}",
        )


def of_element(name: str) -> Made:
    """A function of an array and a value that its elements may have."""

    def made(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
        needs(kinds[0], name, "array")
        for held in kinds[0].items:
            _fits(name, held, kinds[1])
        return call(f"trino_{name}", *arguments)

    return made


def of_pattern(name: str) -> Made:
    """A function of a text and a pattern; what the pattern means must be known beforehand."""

    def made(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
        needs(kinds[0], name, "varchar")
        pattern = value_of(arguments[1], f"{name} with a pattern")
        try:
            check(pattern)
        except ValueError as error:
            kind, _, message = str(error).partition(": ")
            if kind == "NOT_EMULATED":
                raise NotEmulatedError(message.partition(" is not emulated")[0]) from None
            raise QueryError(kind, message) from None
        if name == "regexp_replace" and len(arguments) > 2:  # noqa: PLR2004 - the replacement
            needs(kinds[2], name, "varchar")
        elif len(arguments) > 2:  # noqa: PLR2004 - the group's number
            needs(kinds[2], name, *WHOLE)
        return call(f"trino_{name}", *arguments)

    return made


def cardinality(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """How many elements or entries."""
    needs(kinds[0], "cardinality", "array", "map")
    return cast(call("cardinality" if kinds[0].name == "map" else "len", arguments[0]), "BIGINT")


def length(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Characters of text, bytes of bytes."""
    needs(kinds[0], "length", "varchar", "varbinary")
    return call("octet_length" if kinds[0].name == "varbinary" else "length", arguments[0])


def reverse(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Text or an array, back to front."""
    needs(kinds[0], "reverse", "varchar", "array")
    return call("list_reverse" if kinds[0].name == "array" else "trino_reverse", arguments[0])


def concat(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """The operator ``||``: NULL with anything is NULL."""
    made = arguments[0]
    for argument in arguments[1:]:
        made = exp.DPipe(this=made, expression=argument)
    return joined(exp.Paren(this=made), kinds)


def rounding(name: str) -> Made:
    """Floor and ceiling: of an integer an integer, of a decimal one without places."""

    def made(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
        needs(kinds[0], name, *NUMBERS)
        if kinds[0].is_integer:
            return arguments[0]
        return _of_no_places(call(name, arguments[0]), kinds[0], carry=1)

    return made


def _of_no_places(node: exp.Expr, kind: Kind, carry: int) -> exp.Expr:
    """A decimal without places after the point, with room for a digit more if it may carry."""
    if kind.name != "decimal":
        return node
    digits = kind.size - kind.scale + min(carry, kind.scale)
    return cast(node, Kind("decimal", min(MAX_DIGITS, max(1, digits)), 0))


def round_(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Half away from zero, in the argument's type."""
    needs(kinds[0], "round", *NUMBERS)
    if len(arguments) == 1:
        whole = kinds[0].is_integer
        return arguments[0] if whole else _of_no_places(call("round", *arguments), kinds[0], 1)
    needs(kinds[1], "round", *WHOLE)
    if kinds[0].name == "decimal":
        wide = Kind("decimal", min(38, kinds[0].size + 1), kinds[0].scale)
        return cast(call("round", *arguments), wide)
    return cast(call("round", *arguments), kinds[0])


def truncate(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Towards zero."""
    needs(kinds[0], "truncate", "double", "real", "decimal")
    return _of_no_places(call("trunc", arguments[0]), kinds[0], carry=0)


def sign(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """-1, 0 or 1 in the argument's type."""
    needs(kinds[0], "sign", *NUMBERS)
    kind = Kind("decimal", 1, 0) if kinds[0].name == "decimal" else kinds[0]
    return cast(call("sign", arguments[0]), kind)


def extreme(name: str) -> Made:
    """Greatest and least: NULL if anything is NULL."""

    def made(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
        unified(arguments[0], kinds)
        missing = [exp.Is(this=argument.copy(), expression=exp.null()) for argument in arguments]
        return exp.Case(
            ifs=[exp.If(this=exp.or_(*missing), true=exp.null())],
            default=call(name, *arguments),
        )

    return made


def array_join(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Elements as text, NULL left out."""
    needs(kinds[0], "array_join", "array")
    inner = kinds[0].items[0].name if kinds[0].items else "null"
    if inner not in ("varchar", "integer", "bigint", "smallint", "tinyint", "boolean"):
        raise NotEmulatedError(f"array_join of {to_trino(kinds[0])}")
    if len(arguments) > 2:  # noqa: PLR2004 - the third is what stands for NULL
        raise NotEmulatedError("array_join with three arguments")
    return call("array_to_string", cast(arguments[0], "VARCHAR[]"), arguments[1])


def typeof(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """The type's name; of a literal text DuckDB does not know the length."""
    texts = any(part.is_string for part in arguments[0].find_all(exp.Literal))
    if _holds(kinds[0], "timestamp") or (texts and _holds(kinds[0], "varchar")):
        raise NotEmulatedError("typeof of a literal text, or of a time that no table holds")
    told = text(to_trino(kinds[0]))
    missing = exp.Is(this=arguments[0], expression=exp.null())
    # With the argument in it, for an aggregate makes one row of many.
    return exp.Case(ifs=[exp.If(this=missing, true=told)], default=told.copy())


def _holds(kind: Kind, name: str) -> bool:
    """Whether a type is, or holds, one of that name of which the length is not known."""
    return (kind.name == name and not kind.size) or any(_holds(one, name) for one in kind.items)


WHOLE = ("tinyint", "smallint", "integer", "bigint", "hugeint")
NUMBERS = (*WHOLE, "real", "double", "decimal")
CALLS: dict[str, tuple[Made, int, int]] = {
    "at": (at, 2, 2),
    **moments.CALLS,
    "element_at": (element_at, 2, 2),
    "cardinality": (cardinality, 1, 1),
    "length": (length, 1, 1),
    "reverse": (reverse, 1, 1),
    "concat": (concat, 2, 99),
    "floor": (rounding("floor"), 1, 1),
    "ceil": (rounding("ceil"), 1, 1),
    "ceiling": (rounding("ceil"), 1, 1),
    "round": (round_, 1, 2),
    "truncate": (truncate, 1, 1),
    "sign": (sign, 1, 1),
    "greatest": (extreme("greatest"), 2, 99),
    "least": (extreme("least"), 2, 99),
    "array_join": (array_join, 2, 3),
    "typeof": (typeof, 1, 1),
    "contains": (of_element("contains"), 2, 2),
    "array_position": (of_element("array_position"), 2, 2),
    "array_remove": (of_element("array_remove"), 2, 2),
    "regexp_like": (of_pattern("regexp_like"), 2, 2),
    "regexp_extract": (of_pattern("regexp_extract"), 2, 3),
    "regexp_extract_all": (of_pattern("regexp_extract_all"), 2, 3),
    "regexp_replace": (of_pattern("regexp_replace"), 2, 3),
    "regexp_split": (of_pattern("regexp_split"), 2, 2),
    "regexp_count": (of_pattern("regexp_count"), 2, 2),
}
"""Name to what makes the call, fewest and most arguments. ``at`` is a subscript, not a name."""

SUMS = ("sum", "avg", "count_if", "approx_distinct", *FINITE)
"""Aggregates of which the result's type is Trino's own."""
