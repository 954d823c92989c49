"""Small pieces of a query's tree, and the tree as DuckDB's SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel, UnsupportedError

from .errors import NotEmulatedError, QueryError
from .kinds import Kind, to_duckdb, to_trino

if TYPE_CHECKING:
    from collections.abc import Iterator

PENDING = "trino_pending_"
SOURCES_FIRST = {"with_": 0, "from_": 1, "joins": 2, "laterals": 3}
"""Parts of a query that the others refer to."""


class _Generator(DuckDB.Generator):  # type: ignore[misc, valid-type]
    def ignorenulls_sql(self, expression: exp.Expr) -> str:
        """DuckDB has the words inside the call."""
        return f"{self.sql(expression, 'this')[:-1]} IGNORE NULLS)"


def sql_of(tree: exp.Expr) -> str:
    """The tree as DuckDB's SQL; every name quoted.

    Raises:
        NotEmulatedError: DuckDB has no words for something in it.
    """
    try:
        return str(
            _Generator(
                dialect=DuckDB(), identify=True, unsupported_level=ErrorLevel.RAISE
            ).generate(tree)
        )
    except UnsupportedError as error:
        raise NotEmulatedError(f"Athena SQL ({error})") from None


def call(name: str, *arguments: Any) -> exp.Anonymous:
    """A call of one of DuckDB's functions, macros or Python functions."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> exp.Literal:
    """A string literal."""
    return exp.Literal.string(value)


def cast(node: exp.Expr, kind: Kind | str) -> exp.Cast:
    """A plain cast of DuckDB's."""
    name = to_duckdb(kind) if isinstance(kind, Kind) else kind
    made = exp.Cast(this=node, to=exp.DataType.build(name, dialect="duckdb"))
    made.meta["done"] = True
    return made


def guard(good: exp.Expr, message: str, node: exp.Expr) -> exp.Anonymous:
    """The node, or a failure where the condition is false."""
    return call("trino_guard", good, text(message), node)


def in_order(node: exp.Expr) -> Iterator[exp.Expr]:
    """Every node after those that it depends on."""
    for key in sorted(node.args, key=lambda name: SOURCES_FIRST.get(name, 9)):
        value = node.args[key]
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, exp.Expr):
                yield from in_order(child)
    yield node


def core(node: exp.Expr) -> exp.Expr:
    """The call inside ``… FILTER (…) OVER (…)``."""
    while isinstance(node, (exp.Window, exp.Filter, exp.IgnoreNulls, exp.RespectNulls)):
        node = node.this
    return node


def is_wrapped(node: exp.Expr) -> bool:
    """Whether a FILTER or OVER belongs to the node."""
    return (
        isinstance(node.parent, (exp.Window, exp.Filter, exp.IgnoreNulls, exp.RespectNulls))
        and node.arg_key == "this"
    )


def bare(operand: exp.Expr) -> exp.Expr:
    """An aggregate's argument without DISTINCT and ORDER BY."""
    while isinstance(operand, (exp.Distinct, exp.Order)):
        operand = operand.expressions[0] if isinstance(operand, exp.Distinct) else operand.this
    return operand


def is_text(node: Any) -> bool:
    """Whether a node is a string literal."""
    return isinstance(node, exp.Literal) and bool(node.is_string)


def value_of(node: Any, what: str) -> str:
    """The text of a string literal.

    Raises:
        NotEmulatedError: it is an expression.
    """
    if not is_text(node):
        raise NotEmulatedError(f"{what} that is no literal")
    return str(node.this)


def needs(kind: Kind, name: str, *allowed: str) -> None:
    """Refuse an argument of a type that a function does not take.

    Raises:
        QueryError: FUNCTION_NOT_FOUND.
    """
    if kind.name not in (*allowed, "null"):
        raise QueryError(
            "FUNCTION_NOT_FOUND", f"Unexpected parameters ({to_trino(kind)}) for function {name}"
        )
