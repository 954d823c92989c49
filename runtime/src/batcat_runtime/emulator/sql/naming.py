"""Names that DuckDB and Trino find in different places.

Source: Trino documentation, "SELECT": ORDER BY sees the query's own columns, HAVING those of FROM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from .errors import NotEmulatedError, QueryError
from .functions import AGGREGATES

if TYPE_CHECKING:
    from collections.abc import Callable


def settle_order(tree: exp.Expr) -> None:
    """Let ORDER BY see the query's own columns first, as Trino does, and only them if DISTINCT.

    Raises:
        QueryError: EXPRESSION_NOT_IN_DISTINCT.
    """
    for select in tree.find_all(exp.Select):
        order = select.args.get("order")
        if order is None:
            continue
        outputs = {
            item.alias.lower(): item.this
            for item in select.expressions
            if isinstance(item, exp.Alias)
        }
        distinct = select.args.get("distinct") and not any(
            one.is_star for one in select.expressions
        )
        for inner in [term.this for term in order.expressions]:
            if distinct and not _selected(inner, select):
                raise QueryError(
                    "EXPRESSION_NOT_IN_DISTINCT",
                    "For SELECT DISTINCT, ORDER BY expressions must appear in select list",
                )
            if isinstance(inner, exp.Literal) or (
                isinstance(inner, exp.Column) and not inner.table
            ):
                continue
            for column in list(inner.find_all(exp.Column)):
                given = outputs.get(column.name.lower())
                if column.table or given is None or _same(given, column):
                    continue
                if column.find_ancestor(exp.Select) is select:
                    column.replace(exp.Paren(this=given.copy()))


def _selected(inner: exp.Expr, select: exp.Select) -> bool:
    names = {item.alias_or_name.lower() for item in select.expressions}
    if isinstance(inner, exp.Literal):
        return True
    if isinstance(inner, exp.Column) and not inner.table:
        return inner.name.lower() in names
    return any(item.unalias() == inner for item in select.expressions)


def _same(given: exp.Expr, column: exp.Column) -> bool:
    return isinstance(given, exp.Column) and given.name.lower() == column.name.lower()


def refuse_hidden(tree: exp.Expr) -> None:
    """Refuse HAVING over a name that is a column's and an alias: DuckDB takes the alias.

    Raises:
        NotEmulatedError: by its name.
    """
    for select in tree.find_all(exp.Select):
        having = select.args.get("having")
        if having is None:
            continue
        hidden = {
            item.alias.lower()
            for item in select.expressions
            if isinstance(item, exp.Alias) and not _same_name(item)
        }
        for column in having.find_all(exp.Column):
            held = column.find_ancestor(exp.Anonymous)
            if held is not None and held.meta.get("called") in AGGREGATES:
                continue
            if not column.table and column.name.lower() in hidden:
                raise NotEmulatedError(
                    f"HAVING over {column.name}, a column and an alias", "Write table.column."
                )


def _same_name(item: exp.Alias) -> bool:
    return isinstance(item.this, exp.Column) and item.this.name.lower() == item.alias.lower()


def refuse_rows(tree: exp.Expr, binds: Callable[[exp.Expr, exp.Expr], bool]) -> None:
    """Refuse a table's name in the place of a column's: DuckDB gives the whole row.

    Args:
        tree: the query.
        binds: tells whether an expression means something in a place.

    Raises:
        QueryError: COLUMN_NOT_FOUND.
    """
    for column in list(tree.find_all(exp.Column)):
        select = column.find_ancestor(exp.Select)
        if column.table or select is None or isinstance(column.this, exp.Star):
            continue
        parts = [select.args.get("from_"), *(select.args.get("joins") or [])]
        sources = [part.this.alias_or_name for part in parts if part is not None]
        if column.name.lower() not in {name.lower() for name in sources}:
            continue
        if column.find_ancestor(exp.Lambda):
            continue
        if not any(binds(column, exp.column(column.name, table=name)) for name in sources):
            raise QueryError("COLUMN_NOT_FOUND", f"Column '{column.name}' cannot be resolved")
