"""A statement's tokens, with the places where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import SqlglotError

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Words(Redshift):
    """Redshift's tokens; no statement is taken as a whole."""

    class Tokenizer(Redshift.Tokenizer):
        """Reads every word."""

        COMMANDS: ClassVar[Any] = set()


@dataclass(frozen=True)
class Word:
    """A token.

    Attributes:
        text: as written; of a text or quoted name what is inside.
        kind: sqlglot's name of its type.
        start: where it begins.
        end: where it ends, exclusive.
    """

    text: str
    kind: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        """In capital letters; empty for texts and quoted names, which are no keywords."""
        return "" if self.is_text or self.kind == "IDENTIFIER" else self.text.upper()

    @property
    def is_text(self) -> bool:
        """Whether it is a string literal."""
        return self.kind == "STRING" or self.kind.endswith("_STRING")


def words(sql: str) -> list[Word]:
    """The tokens of a text; none if it cannot be read, which PostgreSQL will say better."""
    try:
        tokens = _Words().tokenize(sql)
    except SqlglotError:
        return []
    return [Word(token.text, token.token_type.name, token.start, token.end + 1) for token in tokens]


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
