"""SQL as its engine reads it: literals, quoted names, comments, words and signs.

Nothing is understood beyond that, which is enough to tell a place for a value from the same signs
inside a literal or a comment.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from batcat_runtime.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

_IDLE = {"blank", "comment"}


class Dialect(NamedTuple):
    """How an engine writes SQL.

    Attributes:
        backslash: a backslash in a literal takes the next sign as it is.
        nested: a comment may hold comments.
        dollar: ``$$`` and ``$name$`` begin and end literals.
        hash_comment: ``#`` begins a comment, and ``--`` only with a blank after it.
        double: what double quotes hold: ``name`` or ``literal``.
        quote: the sign that quotes names.
    """

    backslash: bool = False
    nested: bool = False
    dollar: bool = False
    hash_comment: bool = False
    double: str = "name"
    quote: str = '"'


# Sources: Trino's grammar (SqlBase.g4); Amazon Redshift descends from PostgreSQL 8.0, whose manual,
# "Lexical Structure", says so of backslashes, comments and dollars; MySQL Reference Manual, "String
# Literals" and "Comments".
DIALECTS = {
    "athena": Dialect(),
    "redshift": Dialect(backslash=True, nested=True, dollar=True),
    "mysql": Dialect(backslash=True, hash_comment=True, double="literal", quote="`"),
}


class Token(NamedTuple):
    """A piece of SQL.

    Attributes:
        kind: literal, name, comment, blank, word, brace (``{}``, ``{0}``, ``{1}``) or sign.
        text: the piece as it stands.
    """

    kind: str
    text: str


def tokens(query: str, dialect: str) -> list[Token]:
    """Take SQL apart; its pieces, joined, are the SQL again.

    Args:
        query: the SQL.
        dialect: ``athena``, ``redshift`` or ``mysql``.

    Raises:
        ConfigError: a literal, a quoted name or a comment does not end.
    """
    how = DIALECTS[dialect]
    pattern = _pattern(how)
    found, place = [], 0
    while place < len(query):
        match = pattern.match(query, place)
        if match is None or match.lastgroup is None:
            raise _unended(query, place)
        end = match.end()
        if match.lastgroup == "comment" and how.nested and query.startswith("/*", place):
            end = _end_of_comment(query, place)
        found.append(Token(match.lastgroup, query[place:end]))
        place = end
    return found


def trimmed(parts: Sequence[Token]) -> list[Token]:
    """Leave out blanks, comments and semicolons at both ends."""
    start, end = 0, len(parts)
    while start < end and parts[start].kind in _IDLE:
        start += 1
    while end > start and (parts[end - 1].kind in _IDLE or parts[end - 1].text == ";"):
        end -= 1
    return list(parts[start:end])


def outermost(parts: Sequence[Token]) -> list[str]:
    """Give what is in no bracket: words and signs in small letters, of all else its kind."""
    found, depth = [], 0
    for part in parts:
        if part.kind in _IDLE:
            continue
        if part.text == ")":
            depth -= 1
        if not depth:
            found.append(part.text.lower() if part.kind in {"word", "sign"} else part.kind)
        if part.text == "(":
            depth += 1
    return found


@lru_cache
def _pattern(how: Dialect) -> re.Pattern[str]:
    inside = r"(?:[^{0}\\]|{0}{0}|\\.)*" if how.backslash else r"(?:[^{0}]|{0}{0})*"
    single = f"'{inside.format(chr(39))}'"
    double = f'"{inside.format(chr(34))}"' if how.double == "literal" else '"(?:[^"]|"")*"'
    literals, names = [single], ["`(?:[^`]|``)*`"]
    (literals if how.double == "literal" else names).append(double)
    if how.dollar:
        literals.append(r"\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$")
    line = r"--(?=\s|\Z)[^\n]*|\#[^\n]*" if how.hash_comment else r"--[^\n]*"
    kinds = {
        "comment": rf"{line}|/\*.*?\*/",
        "literal": "|".join(literals),
        "name": "|".join(names),
        "blank": r"\s+",
        "word": r"\w+",
        "brace": r"\{[01]?\}",
        "sign": r"::|:=|(?!/\*)[^\s\w'\"`]",
    }
    return re.compile("|".join(f"(?P<{kind}>{form})" for kind, form in kinds.items()), re.DOTALL)


def _end_of_comment(query: str, place: int) -> int:
    depth = 0
    for mark in re.finditer(r"/\*|\*/", query[place:]):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return place + mark.end()
    raise _unended(query, place)


def _unended(query: str, place: int) -> ConfigError:
    line = query.count("\n", 0, place) + 1
    start = query[place : place + 30].splitlines()[0]
    return ConfigError(
        f"line {line} of the query begins something that does not end: {start}; close the quote "
        "or the comment"
    )
