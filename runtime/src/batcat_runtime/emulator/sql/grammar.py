"""Where sqlglot reads more than Athena does: what Athena would not accept is an error here, too.

Source: Trino documentation, "SELECT" (the synopsis) and "Date and time functions and operators"
(intervals); Amazon Athena User Guide, "SELECT" (OFFSET before LIMIT).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from .errors import NotEmulatedError, QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST = 2**63 - 1
_SPAN = re.compile(r"[+-]?\d[\d :.-]*")
_PARTS = """
Select with_ expressions distinct from_ joins where group having order limit offset windows
Join this on using side kind
Star
Distinct expressions
Group expressions grouping_sets cube rollup
Union this expression distinct with_ order limit offset
Intersect this expression distinct with_ order limit offset
Except this expression distinct with_ order limit offset
Subquery this alias with_ order limit offset joins
Between this low high
CTE this alias
With expressions recursive
WindowSpec kind start start_side end end_side
Window this partition_by order spec over alias
Limit expression
LimitOptions rows with_ties
Ordered this desc nulls_first
Order this expressions
Table this db catalog alias joins
Cast this to
TryCast this to safe
In this expressions query
Unnest expressions alias offset
Fetch direction count limit_options
"""
PARTS = {words[0]: frozenset(words[1:]) for words in map(str.split, _PARTS.strip().split("\n"))}
"""Parts that each node may have; what else sqlglot reads there is other dialects' grammar."""


def check_words(sql: str, parts: Sequence[Any]) -> None:
    """Refuse what the tree does not tell from what Trino has.

    Args:
        sql: the query.
        parts: its tokens.

    Raises:
        QueryError: SYNTAX_ERROR.
    """
    limited: list[bool] = [False]
    for token, after in pairwise([*parts, None]):
        name, follows = token.token_type.name, after.token_type.name if after else ""
        if name in FOREIGN or (name == "EQ" and token.text == "=="):
            raise _unexpected(token)
        if (name, follows) in UNKNOWN_PAIRS:
            raise _unexpected(after or token)
        if name in ("NUMBER", "HEX_STRING", "INTERVAL"):
            _check_constant(sql, token, after)
        if name == "L_PAREN":
            limited.append(False)
        elif name == "R_PAREN" and len(limited) > 1:
            limited.pop()
        elif name == "LIMIT":
            limited[-1] = True
            at = parts.index(token) + 2
            if at < len(parts) and parts[at].token_type.name == "COMMA":
                raise _unexpected(parts[at])
        elif name == "OFFSET" and limited[-1]:
            raise QueryError("SYNTAX_ERROR", "mismatched input 'OFFSET': it stands before LIMIT")


FOREIGN = ("DCOLON", "NULLSAFE_EQ", "L_BRACE")
"""Tokens that Trino does not have."""
UNKNOWN_PAIRS = {
    ("COMMA", "FROM"),
    ("COMMA", "R_PAREN"),
    ("COMMA", ""),
    ("STRING", "STRING"),
    ("INTERVAL", "NUMBER"),
}
"""Tokens that never follow each other in Trino's grammar."""


def _check_constant(sql: str, token: Any, after: Any) -> None:
    name, follows = token.token_type.name, after.token_type.name if after else ""
    if name == "NUMBER" and follows == "VAR" and after.start == token.end + 1:
        raise QueryError("SYNTAX_ERROR", "identifiers must not start with a digit")
    if name == "HEX_STRING" and sql[token.start] == "0":
        raise NotEmulatedError("a hexadecimal number")
    if name == "INTERVAL" and follows == "STRING" and not _SPAN.fullmatch(after.text):
        raise QueryError("INVALID_LITERAL", f"'{after.text}' is not a valid interval literal")


def check_node(node: exp.Expr) -> None:
    """Refuse one node of a query, or a part of it, that is not Trino's.

    Raises:
        QueryError: Athena would refuse it, too.
        NotEmulatedError: Athena may carry it out.
    """
    name = type(node).__name__
    known = PARTS.get(name)
    given = {part for part, value in node.args.items() if value}
    others = set() if known is None else given - known
    if others:
        raise QueryError("SYNTAX_ERROR", f"{name.upper()} has no {', '.join(sorted(others))}")
    checker = _CHECKS.get(type(node))
    if checker:
        checker(node)


def _join(node: Any) -> None:
    words = f"{node.side} {node.kind}".upper().split()
    if not set(words) <= {"LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS"}:
        raise QueryError("SYNTAX_ERROR", f"mismatched input '{' '.join(words)} JOIN'")
    always = isinstance(node.args.get("on"), exp.Boolean) and node.args["on"].this
    if node.side and isinstance(node.this, exp.Unnest) and not always:
        raise QueryError(
            "NOT_SUPPORTED", "LEFT JOIN involving UNNEST is only supported with condition ON TRUE"
        )


def _is(node: Any) -> None:
    if not isinstance(node.expression, exp.Null):
        raise QueryError("SYNTAX_ERROR", f"mismatched input 'IS {node.expression}'")


def _with(node: Any) -> None:
    if node.args.get("recursive"):
        raise NotEmulatedError("WITH RECURSIVE")


def _limit(node: Any) -> None:
    if not isinstance(node.expression, (exp.Literal, exp.Var)):
        raise QueryError("SYNTAX_ERROR", f"mismatched input '{node.expression}' after LIMIT")


def _set_operation(node: Any) -> None:
    if not node.args.get("distinct"):
        raise NotEmulatedError(f"{node.key.upper()} ALL")


def _literal(node: Any) -> None:
    digits = str(node.this)
    largest = LARGEST + isinstance(node.parent, exp.Neg)
    if not node.is_string and digits.isdigit() and int(digits) > largest:
        raise QueryError("INVALID_LITERAL", f"Invalid numeric literal: {digits}")


def _interval(node: Any) -> None:
    unit = str(node.args.get("unit") or "").upper()
    if not isinstance(node.this, exp.Literal):
        raise NotEmulatedError("INTERVAL of an expression", "Use date_add.")
    if unit not in ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"):
        raise NotEmulatedError(f"INTERVAL in {unit or 'no unit'}", "Use date_add.")
    if "." in node.name and unit != "SECOND":
        raise QueryError("INVALID_LITERAL", f"'{node.name}' is not a valid interval literal")


def _star(node: Any) -> None:
    holder = node.parent if isinstance(node.parent, exp.Column) else node
    call = holder.parent
    if isinstance(call, exp.Anonymous) and (holder is not node or call.name.lower() != "count"):
        raise QueryError("SYNTAX_ERROR", f"{call.name} takes no *")


def _column(node: Any) -> None:
    if node.name.startswith("$"):
        raise NotEmulatedError(f"the hidden column {node.name}")


_CHECKS: dict[type[Any], Any] = {
    exp.Join: _join,
    exp.Is: _is,
    exp.With: _with,
    exp.Limit: _limit,
    exp.Intersect: _set_operation,
    exp.Except: _set_operation,
    exp.Literal: _literal,
    exp.Interval: _interval,
    exp.Star: _star,
    exp.Column: _column,
}


def _unexpected(token: Any) -> QueryError:
    return QueryError("SYNTAX_ERROR", f"mismatched input '{token.text}'")
