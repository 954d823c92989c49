"""Where DuckDB converts or resolves by itself, and Trino fails or finds something else.

Source: Trino documentation, "SELECT", "Conversion functions" ("Trino will not convert between
character and numeric types") and "Logical operators".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from .errors import NotEmulatedError, QueryError
from .functions import LETTERS, OVERLOADED, Function
from .kinds import Kind, to_trino
from .nodes import bare, call
from .operators import COMPARISONS, agree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Kinds = Callable[..., Sequence[Kind]]

TRUTHS = (
    *COMPARISONS, exp.And, exp.Or, exp.Not, exp.Is, exp.Like, exp.Escape, exp.Exists, exp.Boolean,
    exp.Null,
)  # fmt: skip
"""Nodes whose value is a boolean whatever is in them."""


def conditions(node: exp.Expr) -> Iterator[exp.Expr]:
    """Parts of a node that must be boolean."""
    if isinstance(node, (exp.And, exp.Or)):
        yield from (node.this, node.expression)
    elif isinstance(node, (exp.Not, exp.Where, exp.Having)):
        yield node.this
    elif isinstance(node, exp.Join) and node.args.get("on") is not None:
        yield node.args["on"]
    elif isinstance(node, exp.Case) and node.this is None:
        yield from (branch.this for branch in node.args["ifs"])


def check_conditions(node: exp.Expr, kinds: Kinds) -> None:
    """Refuse a condition that is no boolean.

    Raises:
        QueryError: TYPE_MISMATCH.
    """
    for condition in conditions(node):
        inner = condition
        while isinstance(inner, exp.Paren):
            inner = inner.this
        if isinstance(inner, TRUTHS) or node.meta.get("done"):
            continue
        kind = kinds([condition], condition)[0]
        if kind.name not in ("boolean", "null"):
            word = {"Case": "CASE WHEN"}.get(type(node).__name__, node.key.upper())
            raise QueryError(
                "TYPE_MISMATCH",
                f"{word} clause must evaluate to a boolean: actual type {to_trino(kind)}",
            )


def check_arguments(name: str, known: Function, operands: list[Any], kinds: Kinds) -> None:
    """Refuse arguments that Trino would not convert.

    Raises:
        QueryError: FUNCTION_NOT_FOUND.
    """
    letters = known.letters(len(operands))
    asked = [place for place, letter in enumerate(letters) if letter != "."]
    if "=" in letters and 0 not in asked:
        asked.insert(0, 0)
    if not asked:
        return
    found = dict(zip(asked, kinds([operands[place] for place in asked]), strict=True))
    for place, kind in found.items():
        allowed = LETTERS.get(letters[place], (kind.name,))
        fits = agree(found[0], kind) if letters[place] == "=" else kind.name in (*allowed, "null")
        if not fits:
            listed = ", ".join(to_trino(one) for one in found.values())
            if name in OVERLOADED:
                raise NotEmulatedError(f"Athena function {name} of ({listed})")
            raise QueryError(
                "FUNCTION_NOT_FOUND", f"Unexpected parameters ({listed}) for function {name}"
            )


def check_alike(rows: Sequence[Sequence[exp.Expr]], kinds: Kinds, what: str) -> None:
    """Refuse columns, each given as its values, that are not of one type.

    Raises:
        QueryError: TYPE_MISMATCH.
    """
    for cells in rows:
        plain = {
            cell.is_string if isinstance(cell, exp.Literal) else type(cell)
            for cell in cells
            if not isinstance(cell, exp.Null)
        }
        if len(plain) <= 1 and plain <= {True, False, exp.Boolean}:
            continue
        found = kinds(list(cells), cells[0])
        for one in found[1:]:
            if not agree(found[0], one) or not agree(_typed(found), one):
                raise QueryError(
                    "TYPE_MISMATCH",
                    f"{what} must be of one type: {to_trino(_typed(found))}, {to_trino(one)}",
                )


def _typed(kinds: Sequence[Kind]) -> Kind:
    """The first that is not only NULL."""
    return next((kind for kind in kinds if kind.name != "null"), kinds[0])


def check_sides(node: exp.Expr, types: Callable[[], Sequence[Kind] | None]) -> None:
    """Refuse UNION, INTERSECT and EXCEPT of columns that Trino would not convert.

    Args:
        node: the set operation.
        types: binds the whole query.

    Raises:
        QueryError: TYPE_MISMATCH.
    """
    sides = []
    for part in ("this", "expression"):
        side = node.args[part]
        source = exp.Subquery(this=side.copy(), alias=exp.TableAlias(this=exp.to_identifier("s")))
        if isinstance(side, exp.Subquery):
            source = side.copy()
            source.set("alias", exp.TableAlias(this=exp.to_identifier("s")))
        asking = call("len", call("row", exp.Var(this="*COLUMNS(*)")))
        node.set(part, exp.Select(expressions=[asking]).from_(source))
        try:
            sides.append(types() or [])
        finally:
            node.set(part, side)
    left, right = sides
    word = node.key.upper()
    if len(left) != len(right):
        raise QueryError(
            "TYPE_MISMATCH",
            f"{word} query has different number of fields: {len(left)}, {len(right)}",
        )
    for place, (one, other) in enumerate(zip(left, right, strict=True), 1):
        if not agree(one, other):
            raise QueryError(
                "TYPE_MISMATCH",
                f"column {place} in {word} query has incompatible types: {to_trino(one)}, "
                f"{to_trino(other)}",
            )


def check_like(node: exp.Expr, kinds: Kinds) -> None:
    """Refuse LIKE of what is no text, and an escape before what needs none.

    Raises:
        QueryError: TYPE_MISMATCH, INVALID_FUNCTION_ARGUMENT.
    """
    like = node.this if isinstance(node, exp.Escape) else node
    for kind in kinds([like.this, like.expression], node):
        if kind.name not in ("varchar", "char", "null"):
            raise QueryError(
                "TYPE_MISMATCH", f"Left side of LIKE must be varchar: {to_trino(kind)}"
            )
    pattern = like.expression
    if not isinstance(node, exp.Escape) or not isinstance(pattern, exp.Literal):
        return
    signs, mark = iter(str(pattern.this)), node.expression.name
    for sign in signs:
        if sign == mark and next(signs, "") not in ("%", "_", mark):
            raise QueryError(
                "INVALID_FUNCTION_ARGUMENT",
                "Escape character must be followed by '%', '_' or the escape character itself",
            )


def check(node: exp.Expr, kinds: Kinds, types: Callable[[], Sequence[Kind] | None]) -> None:
    """Refuse a node whose parts Trino would not convert.

    Args:
        node: which one.
        kinds: gives types of what stands in the query.
        types: binds the whole query.

    Raises:
        QueryError: TYPE_MISMATCH.
    """
    if isinstance(node, exp.SetOperation):
        check_sides(node, types)
    elif isinstance(node, exp.Values):
        rows = [
            one.expressions if isinstance(one, exp.Tuple) else [one] for one in node.expressions
        ]
        check_alike(list(zip(*rows, strict=False)), kinds, "Values rows")
    elif isinstance(node, exp.Array):
        check_alike([node.expressions], kinds, "ARRAY's elements")
    elif isinstance(node, exp.GroupConcat):
        check_arguments("listagg", _LISTAGG, [bare(node.this)], kinds)
    elif isinstance(node, (exp.Like, exp.Escape)) and not isinstance(node.parent, exp.Escape):
        check_like(node, kinds)


_LISTAGG = Function("listagg", 1, 2, "t")
