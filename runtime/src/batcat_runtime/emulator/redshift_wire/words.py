"""A statement's words, with the places where they stand.

Source: Amazon Redshift descends from PostgreSQL 8.0, whose manual, "Lexical Structure", has the
rules; there a backslash in a text begins an escape, as the examples of "UNLOAD" in the Amazon
Redshift Database Developer Guide show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = re.compile(
    r"""
    (?P<blank>\s+|--[^\n]*)
    |(?P<comment>/\*)
    |(?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$)
    |(?P<text>[eE]?'(?:[^'\\]|''|\\.)*')
    |(?P<name>"(?:[^"]|"")*")
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<word>[^\W\d][\w$]*)
    |(?P<place>\$\d+)
    |(?P<sign>::|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = {"text": "STRING", "name": "IDENTIFIER", "number": "NUMBER", "word": "VAR"}
_SIGNS = {
    ",": "COMMA", "(": "L_PAREN", ")": "R_PAREN", "[": "L_BRACKET", ".": "DOT", ";": "SEMICOLON",
    ":": "COLON", "::": "DCOLON", "*": "STAR", "#": "HASH",
}  # fmt: skip
_ESCAPED = re.compile(r"\\([0-7]{1,3}|.)|''", re.DOTALL)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_REMEMBERED = 16


class Word(NamedTuple):
    """A word or sign.

    Attributes:
        text: as written; of a text or quoted name what is inside.
        kind: STRING, IDENTIFIER (in double quotes), NUMBER, VAR (any other word), PLACE, or the
            name of a sign.
        start: where it begins.
        end: where it ends, exclusive.
        upper: in capital letters; empty for texts and quoted names, which are no keywords.
    """

    text: str
    kind: str
    start: int
    end: int
    upper: str

    @property
    def is_text(self) -> bool:
        """Whether it is a string literal."""
        return self.kind == "STRING"


@lru_cache(_REMEMBERED)
def words(sql: str) -> Sequence[Word]:
    """The words of a text; none if it cannot be read, which PostgreSQL will say better."""
    found: list[Word] = []
    place, end = 0, len(sql)
    match, append = _WORD.match, found.append
    while place < end:
        one = match(sql, place)
        if one is None:
            return []
        start, place, kind = place, one.end(), one.lastgroup
        if kind == "blank":
            continue
        if kind == "comment":
            place = _after_comment(sql, place)
        elif kind == "dollar":
            stop = sql.find(one[0], place)
            append(Word(sql[place:stop], "STRING", start, stop + len(one[0]), ""))
            place = stop + len(one[0]) if stop >= 0 else 0
        else:
            append(_made(kind or "", one[0], start, place))
        if place <= start or (kind == "sign" and one[0] in "'\""):
            return []  # it does not end
    return found


def _made(kind: str, text: str, start: int, end: int) -> Word:
    if kind == "word":
        return Word(text, "VAR", start, end, text.upper())
    if kind == "text":
        inside = text[text.index("'") + 1 : -1]
        return Word(_ESCAPED.sub(_unescaped, inside), "STRING", start, end, "")
    if kind == "name":
        return Word(text[1:-1].replace('""', '"'), "IDENTIFIER", start, end, "")
    return Word(text, _KINDS.get(kind) or _SIGNS.get(text, kind.upper()), start, end, text)


def _unescaped(found: re.Match[str]) -> str:
    sign = found[1]
    if sign is None:
        return "'"
    return chr(int(sign, 8)) if sign[0] in "01234567" else _LETTERS.get(sign, sign)


def _after_comment(sql: str, place: int) -> int:
    """The place after a comment, which may hold others; 0 if it does not end."""
    depth = 1
    for mark in re.compile(r"/\*|\*/").finditer(sql, place):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    return 0


def named(text: str) -> frozenset[str]:
    """Words that stand in a text, as a set."""
    return frozenset(text.split())


def closing(parts: Sequence[Word], start: int) -> int:
    """The place of the bracket that closes the one at ``start``; the end if none does."""
    depth = 0
    for place in range(start, len(parts)):
        depth += {"L_PAREN": 1, "R_PAREN": -1}.get(parts[place].kind, 0)
        if depth == 0:
            return place
    return len(parts) - 1


def arguments(parts: Sequence[Word], start: int, end: int) -> list[tuple[int, int]]:
    """First and last place of each argument between two brackets."""
    found, depth, first = [], 0, start + 1
    for place in range(start + 1, end + 1):
        depth += {"L_PAREN": 1, "R_PAREN": -1}.get(parts[place].kind, 0)
        at_end = place == end
        if at_end or (depth == 0 and parts[place].kind == "COMMA"):
            if place > first:
                found.append((first, place - 1))
            first = place + 1
    return found


@dataclass
class Edits:
    """Changes to a text, made all at once.

    Attributes:
        sql: the text.
        made: start, end and what takes the place.
    """

    sql: str
    made: list[tuple[int, int, str]]

    def replace(self, start: int, end: int, text: str) -> None:
        """Put something in the place of a range; ranges inside another are dropped with it."""
        self.made.append((start, end, text))

    def result(self) -> str:
        """The changed text."""
        pieces, place = [], 0
        for start, end, text in sorted(self.made, key=lambda one: (one[0], -one[1])):
            if start < place:
                continue
            pieces += [self.sql[place:start], text]
            place = end
        return "".join([*pieces, self.sql[place:]])
