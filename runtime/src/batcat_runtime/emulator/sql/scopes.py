"""Who sees what: common tables, and aliases that Trino does not see where DuckDB does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from .errors import QueryError
from .nodes import call, sql_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .kinds import Kind

    Types = Callable[[str], list[Kind] | None]


def visible_ctes(node: exp.Expr) -> set[str]:
    """Names of the common tables that a place in a query can refer to."""
    names: set[str] = set()
    inner: exp.Expr = node
    while inner.parent is not None:
        outer = inner.parent
        if isinstance(outer, exp.With):
            recursive = bool(outer.args.get("recursive"))
            for one in outer.expressions:
                if one is inner and not recursive:
                    break
                names.add(one.alias.lower())
                if one is inner:
                    break
        elif outer.args.get("with_") is not None and outer.args["with_"] is not inner:
            names |= {one.alias.lower() for one in outer.args["with_"].expressions}
        inner = outer
    return names


def bindable(tree: exp.Expr) -> str:
    """A whole query as SQL, also where it is a VALUES."""
    return sql_of(tree)


def probes(place: exp.Expr, operand: exp.Expr) -> Iterator[str]:
    """Small queries that ask for the type of an expression in the FROM around a place.

    Args:
        place: a part of a FROM, or an expression of a SELECT.
        operand: what is asked for.
    """
    inner, outer = place, place.parent
    while outer is not None:
        if isinstance(outer, exp.Select):
            asking = exp.Select(expressions=[call("len", call("row", operand.copy()))])
            source = outer.args.get("from_")
            if source is not None and source is not inner:
                asking.set("from_", source.copy())
                joins = outer.args.get("joins") or []
                before = joins[: joins.index(inner)] if inner in joins else joins
                asking.set("joins", [join.copy() for join in before])
            ctes = [one.copy() for one in _ctes(outer)]
            if ctes:
                asking.set("with_", exp.With(expressions=ctes))
            yield sql_of(asking)
        inner, outer = outer, outer.parent


def refuse_aliases(tree: exp.Expr, types: Types) -> None:
    """Refuse what refers to an alias of its own SELECT: only ORDER BY sees one in Trino.

    Raises:
        QueryError: COLUMN_NOT_FOUND, as in Trino.
    """
    for select in list(tree.find_all(exp.Select)):
        aliases = {item.alias.lower() for item in select.expressions if isinstance(item, exp.Alias)}
        parts = [select.args.get(name) for name in ("where", "group", "having")]
        for part in [*select.expressions, *[part for part in parts if part is not None]]:
            for column in part.find_all(exp.Column):
                if (
                    column.table
                    or column.name.lower() not in aliases
                    or _owner(column) is not select
                ):
                    continue
                if not binds(types, column, column):
                    raise QueryError(
                        "COLUMN_NOT_FOUND", f"Column '{column.name}' cannot be resolved"
                    )


def binds(types: Types, place: exp.Expr, operand: exp.Expr) -> bool:
    """Whether an expression means something in the FROM around a place."""
    return any(_binds(types, sql) for sql in probes(place, operand))


def _binds(types: Types, sql: str) -> bool:
    try:
        return types(sql) is not None
    except QueryError:
        return False


def _owner(node: exp.Expr) -> exp.Expr | None:
    """The SELECT that an expression belongs to; a lambda's parameter belongs to none."""
    lambdas = node.find_ancestor(exp.Lambda)
    if lambdas and node.name.lower() in {one.name.lower() for one in lambdas.expressions}:
        return None
    return node.find_ancestor(exp.Select)


def _ctes(node: exp.Expr) -> Iterator[exp.Expr]:
    """Common tables around a query, outermost first."""
    outer = node.parent
    inner: exp.Expr = node
    around: list[list[exp.Expr]] = []
    own = node.args.get("with_")
    if own is not None:
        around.append(list(own.expressions))
    while outer is not None:
        if isinstance(outer, exp.With):
            ahead = []
            for one in outer.expressions:
                if one is inner:
                    break
                ahead.append(one)
            around.append(ahead)
        elif outer.args.get("with_") is not None and outer.args["with_"] is not inner:
            around.append(list(outer.args["with_"].expressions))
        inner, outer = outer, outer.parent
    for group in reversed(around):
        yield from group
