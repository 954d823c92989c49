"""What kind of statement a text is, and the parts of it that are no query.

Source: Amazon Athena User Guide, "DML queries, functions, and operators" and "DDL statements".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.athena import Athena
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError

from batcat_runtime.emulator.sql.errors import NotEmulatedError, QueryError

KINDS: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    (("SELECT",), "select", "DML", "SELECT"),
    (("WITH",), "select", "DML", "SELECT"),
    (("VALUES",), "select", "DML", "SELECT"),
    (("TABLE",), "select", "DML", "SELECT"),
    (("(",), "select", "DML", "SELECT"),
    (("UNLOAD",), "unload", "DML", "UNLOAD"),
    (("INSERT", "INTO"), "insert", "DML", "INSERT"),
    (("CREATE", "EXTERNAL", "TABLE"), "create_table", "DDL", "CREATE_TABLE"),
    (("CREATE", "TABLE"), "create_table_as", "DDL", "CREATE_TABLE_AS_SELECT"),
    (("CREATE", "VIEW"), "create_view", "DDL", "CREATE_VIEW"),
    (("CREATE", "OR", "REPLACE", "VIEW"), "create_view", "DDL", "CREATE_VIEW"),
    (("CREATE", "DATABASE"), "create_database", "DDL", "CREATE_DATABASE"),
    (("CREATE", "SCHEMA"), "create_database", "DDL", "CREATE_DATABASE"),
    (("DROP", "TABLE"), "drop_table", "DDL", "DROP_TABLE"),
    (("DROP", "VIEW"), "drop_table", "DDL", "DROP_VIEW"),
    (("DROP", "DATABASE"), "drop_database", "DDL", "DROP_DATABASE"),
    (("DROP", "SCHEMA"), "drop_database", "DDL", "DROP_DATABASE"),
    (("ALTER", "TABLE"), "alter_table", "DDL", "ALTER_TABLE"),
    (("MSCK", "REPAIR", "TABLE"), "repair_table", "DDL", "MSCK_REPAIR"),
    (("SHOW", "TABLES"), "show_tables", "UTILITY", "SHOW_TABLES"),
    (("SHOW", "VIEWS"), "show_views", "UTILITY", "SHOW_VIEWS"),
    (("SHOW", "DATABASES"), "show_databases", "UTILITY", "SHOW_DATABASES"),
    (("SHOW", "SCHEMAS"), "show_databases", "UTILITY", "SHOW_DATABASES"),
    (("SHOW", "PARTITIONS"), "show_partitions", "UTILITY", "SHOW_PARTITIONS"),
    (("SHOW", "COLUMNS"), "show_columns", "UTILITY", "SHOW_COLUMNS"),
    (("SHOW", "CREATE", "TABLE"), "show_create_table", "UTILITY", "SHOW_CREATE_TABLE"),
    (("DESCRIBE",), "describe", "UTILITY", "DESCRIBE"),
    (("DESC",), "describe", "UTILITY", "DESCRIBE"),
)
"""First words, handler, StatementType and SubstatementType."""


@dataclass(frozen=True)
class Statement:
    """A statement, recognised.

    Attributes:
        sql: its text without a semicolon at the end.
        handler: name of what carries it out.
        kind: StatementType.
        detail: SubstatementType.
    """

    sql: str
    handler: str
    kind: str
    detail: str

    @property
    def has_header(self) -> bool:
        """Whether its result begins with the names of the columns."""
        return self.handler == "select"


def recognised(sql: str) -> Statement:
    """What a text is.

    Raises:
        QueryError: it is no statement.
        NotEmulatedError: Athena may carry it out, and this server does not.
    """
    sql = sql.strip().removesuffix(";").rstrip()
    words = [token.text.upper() for token in tokens(sql)[:4]]
    for first, handler, kind, detail in KINDS:
        if tuple(words[: len(first)]) == first:
            return Statement(sql, handler, kind, detail)
    if not words:
        raise QueryError("SYNTAX_ERROR", "the query is empty")
    if words[0] in STATEMENTS:
        raise NotEmulatedError(f"Athena statement {' '.join(words[:2])}")
    raise QueryError("SYNTAX_ERROR", f"line 1:1: mismatched input '{words[0]}'")


STATEMENTS = (
    "ALTER", "CALL", "CREATE", "DEALLOCATE", "DELETE", "DROP", "EXECUTE", "EXPLAIN", "GRANT",
    "MERGE", "OPTIMIZE", "PREPARE", "REVOKE", "SHOW", "UPDATE", "USING", "VACUUM",
)  # fmt: skip


class _Words(Trino):
    """Trino's tokens; no statement is taken as a whole."""

    class Tokenizer(Trino.Tokenizer):
        """Reads every word."""

        COMMANDS: ClassVar[Any] = set()


def tokens(sql: str) -> list[Any]:
    """The text's tokens, comments left out.

    Raises:
        QueryError: it is not SQL, e.g. a quotation that does not end.
    """
    try:
        return list(_Words().tokenize(sql))
    except SqlglotError as error:
        raise QueryError("SYNTAX_ERROR", str(error).splitlines()[0]) from None


def closing(parts: list[Any], start: int) -> int:
    """The place of the bracket that closes the one at ``start``."""
    depth = 0
    for place in range(start, len(parts)):
        depth += {"L_PAREN": 1, "R_PAREN": -1}.get(parts[place].token_type.name, 0)
        if depth == 0:
            return place
    raise QueryError("SYNTAX_ERROR", "a bracket is not closed")


def texted(sql: str, parts: list[Any], start: int, end: int | None = None) -> str:
    """The text of tokens ``start`` up to ``end``."""
    stop = len(sql) if end is None else parts[end].start
    return sql[parts[start].start : stop]


def properties(parts: list[Any], start: int, end: int) -> dict[str, Any]:
    """``name = value, …`` of a WITH: texts, numbers, booleans and ARRAY['…'].

    Args:
        parts: the statement's tokens.
        start: the first inside the brackets.
        end: the closing bracket.
    """
    found, place = {}, start
    while place < end:
        if place + 2 >= end + 1 or parts[place + 1].text != "=":
            raise QueryError("SYNTAX_ERROR", f"a property has no value: {parts[place].text}")
        found[parts[place].text.lower()], place = _property(parts, place + 2)
        if place < end and parts[place].text != ",":
            raise QueryError("SYNTAX_ERROR", f"mismatched input '{parts[place].text}'")
        place += 1
    return found


def _property(parts: list[Any], place: int) -> tuple[Any, int]:
    """A property's value and the place after it."""
    token = parts[place]
    if token.token_type.name == "STRING":
        return token.text, place + 1
    if token.token_type.name == "NUMBER":
        return int(token.text), place + 1
    if token.text.upper() in ("TRUE", "FALSE"):
        return token.text.upper() == "TRUE", place + 1
    if token.text.upper() == "ARRAY" and parts[place + 1].text == "[":
        values, place = [], place + 2
        while parts[place].text != "]":
            if parts[place].token_type.name == "STRING":
                values.append(parts[place].text)
            place += 1
        return values, place + 1
    raise QueryError("INVALID_TABLE_PROPERTY", f"a property's value is no literal: {token.text}")


def ddl(sql: str) -> Any:
    """The tree of a statement in Hive's grammar.

    Raises:
        QueryError: it cannot be read.
    """
    try:
        trees = Athena().parse(sql)
    except SqlglotError as error:
        raise QueryError("SYNTAX_ERROR", str(error).splitlines()[0]) from None
    if len(trees) != 1 or trees[0] is None:
        raise QueryError("SYNTAX_ERROR", "Only one sql statement is allowed.")
    return trees[0]


def filled(sql: str, given: list[str]) -> str:
    """Put ExecutionParameters, each the text of one SQL value, into the places of ``?``.

    Raises:
        QueryError: there are more or fewer than places, or one is no value.
    """
    places = [token for token in tokens(sql) if token.token_type.name == "PLACEHOLDER"]
    if len(places) != len(given):
        raise QueryError(
            "INVALID_PARAMETER_USAGE",
            f"Incorrect number of parameters: expected {len(places)} but found {len(given)}",
        )
    pieces, start = [], 0
    for place, value in zip(places, given, strict=True):
        pieces += [sql[start : place.start], _value(value)]
        start = place.end + 1
    return "".join([*pieces, sql[start:]])


def _value(text: str) -> str:
    """A parameter, which must be one value and nothing else."""
    try:
        trees = Trino().parse(f"SELECT {text}")
    except SqlglotError:
        trees = []
    tree = trees[0] if len(trees) == 1 else None
    parts = set(tree.args) if isinstance(tree, exp.Select) else set()
    filled_parts = {part for part in parts if tree is not None and tree.args[part]}
    if tree is None or filled_parts != {"expressions"} or len(tree.expressions) != 1:
        raise QueryError("INVALID_PARAMETER_USAGE", "an execution parameter is not one SQL value")
    if tree.expressions[0].find(exp.Column, exp.Query, exp.Star):
        raise QueryError(
            "INVALID_PARAMETER_USAGE",
            "an execution parameter is not one SQL value; a text needs quotation marks",
        )
    return text
