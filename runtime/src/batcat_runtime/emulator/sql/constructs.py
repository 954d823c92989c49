"""Athena's grammar: sqlglot's Trino without its own ideas of what functions mean.

Every call stays a call by name, so ``functions`` and ``typed`` alone decide what it does. A
construct that is not in :data:`ALLOWED` is refused by name.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError

from .errors import NotEmulatedError, QueryError
from .grammar import check_node, check_words

KEPT_PARSERS = ("CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM", "LISTAGG")


class AthenaQueries(Trino):
    """Trino, calls unread and subscripts as they are written."""

    INDEX_OFFSET = 0

    class Parser(Trino.Parser):  # type: ignore[misc, valid-type]
        """Reads calls by name only."""

        FUNCTIONS: Any = {}  # noqa: RUF012 - sqlglot's own way
        FUNCTION_PARSERS: Any = {  # noqa: RUF012
            name: parser
            for name, parser in Trino.Parser.FUNCTION_PARSERS.items()
            if name in KEPT_PARSERS
        }


_ALLOWED = """
Select Union Intersect Except Subquery With CTE From Join Where Group Having Order Ordered
Limit Offset Fetch Distinct Values Tuple Table TableAlias Alias Column Identifier Star Dot
Literal Boolean Null Paren And Or Not EQ NEQ GT GTE LT LTE Is In Between Like Escape Exists
Add Sub Mul Div Mod Neg Case If Cast TryCast DataType DataTypeParam ColumnDef Interval Var
Anonymous Lambda Array Bracket Window WindowSpec Filter IgnoreNulls RespectNulls Extract
Trim Substring StrPosition DPipe Unnest GroupConcat WithinGroup AtTimeZone CurrentDate
CurrentTimestamp Localtimestamp NullSafeEQ NullSafeNEQ Placeholder Rollup Cube GroupingSets
HexString Any All UnicodeString LimitOptions
"""
ALLOWED = frozenset(_ALLOWED.split())
"""Names of the parts that a query's tree may have."""

WORDS = {
    "TableSample": "TABLESAMPLE",
    "MatchRecognize": "MATCH_RECOGNIZE",
    "Version": "FOR TIMESTAMP AS OF",
    "Pivot": "PIVOT",
    "CurrentTime": "CURRENT_TIME",
    "Localtime": "LOCALTIME",
    "CurrentUser": "CURRENT_USER",
    "JSONValue": "JSON_VALUE",
    "JSONExtract": "JSON_QUERY",
}


@lru_cache(64)
def _parsed(sql: str) -> exp.Expr:
    try:
        check_words(sql, AthenaQueries().tokenize(sql))
        statements = AthenaQueries().parse(sql)
    except SqlglotError as error:
        raise QueryError("SYNTAX_ERROR", _first_line(error)) from None
    if len(statements) != 1 or statements[0] is None:
        raise QueryError("SYNTAX_ERROR", "Only one sql statement is allowed.")
    return statements[0]


def read(sql: str) -> exp.Expr:
    """Read one query, refusing what is not emulated.

    Args:
        sql: one SELECT, VALUES, WITH or TABLE.

    Raises:
        QueryError: it is not SQL.
        NotEmulatedError: it has a construct that is not on the list.
    """
    tree = _parsed(sql).copy()
    if not isinstance(tree, (exp.Query, exp.Values)):
        raise NotEmulatedError(f"Athena statement {tree.key.upper()}")
    for node in tree.walk():
        name = type(node).__name__
        if name not in ALLOWED:
            raise NotEmulatedError(f"Athena SQL {WORDS.get(name, name)}")
    for node in tree.walk():
        check_node(node)
    return tree


def _first_line(error: SqlglotError) -> str:
    lines = str(error).splitlines()
    return (lines[0] if lines else "cannot be read").replace("\x1b[4m", "").replace("\x1b[0m", "")
