"""UNNEST as Trino has it: several at once, maps to two columns, rows to their fields.

Source: Trino documentation, "SELECT", section "UNNEST".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from .errors import NotEmulatedError, QueryError
from .kinds import Kind, to_trino
from .nodes import call
from .scopes import probes

if TYPE_CHECKING:
    from collections.abc import Callable

    Types = Callable[[str], list[Kind] | None]


def replace_unnest(node: exp.Unnest, types: Types) -> None:
    """Put a subquery in the place of an UNNEST.

    Raises:
        QueryError: what is unnested is neither array nor map.
    """
    columns: list[exp.Expr] = []
    lengths: list[exp.Expr] = []
    for operand in node.expressions:
        kind = _kind_of(node, operand, types)
        if kind.name == "map":
            columns += [
                call("unnest", call(name, operand.copy())) for name in ("map_keys", "map_values")
            ]
            lengths.append(call("len", call("map_keys", operand.copy())))
            continue
        if kind.name != "array":
            raise QueryError("TYPE_MISMATCH", f"Cannot unnest type: {to_trino(kind)}")
        lengths.append(call("len", operand.copy()))
        inner = kind.items[0]
        if inner.name == "row":
            columns += [
                call("unnest", _field(operand, number)) for number in range(1, len(inner.items) + 1)
            ]
        else:
            columns.append(call("unnest", operand.copy()))
    alias = node.args.get("alias")
    names = [column.copy() for column in (alias.columns if alias else [])]
    offset = node.args.get("offset")
    if offset:
        if isinstance(offset, exp.Identifier):
            names.append(offset.copy())
        longest = call("greatest", *lengths) if len(lengths) > 1 else lengths[0]
        columns.append(call("unnest", call("generate_series", exp.Literal.number(1), longest)))
    if names and len(names) != len(columns):
        raise QueryError(
            "MISMATCHED_COLUMN_ALIASES",
            f"Column alias list has {len(names)} entries but 't' has {len(columns)} columns "
            "available",
        )
    table = exp.TableAlias(
        this=alias.this.copy() if alias and alias.this else exp.to_identifier("trino_unnest"),
        columns=names,
    )
    made = exp.Subquery(this=exp.Select(expressions=columns), alias=table)
    holder = node.parent
    if isinstance(holder, exp.Lateral):
        holder.replace(made)
    else:
        node.replace(made)


def _field(operand: exp.Expr, number: int) -> exp.Expr:
    """One field of every row in an array."""
    name = exp.to_identifier("trino_row")
    body = call("struct_extract_at", exp.column("trino_row"), exp.Literal.number(number))
    return call("list_transform", operand.copy(), exp.Lambda(this=body, expressions=[name]))


def _kind_of(node: exp.Expr, operand: exp.Expr, types: Types) -> Kind:
    failure: QueryError | None = None
    for sql in probes(node, operand):
        try:
            found = types(sql)
        except QueryError as error:
            failure = failure or error
            continue
        if found:
            return found[0]
    raise failure or NotEmulatedError(f"UNNEST of {operand}")
