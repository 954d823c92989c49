"""CREATE TABLE and ALTER TABLE: what PostgreSQL lacks is left out, types get their names there.

Source: Amazon Redshift Database Developer Guide, "CREATE TABLE" and "ALTER TABLE".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import UnsupportedError
from .types import bracket as _bracket
from .types import type_at
from .words import arguments, closing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .words import Edits, Word

WITH_BRACKET = ("DISTKEY", "SORTKEY")
WITH_WORD = ("DISTSTYLE", "ENCODE", "BACKUP")
WITH_BRACKET = ("DISTKEY", "SORTKEY")
WITH_WORD = ("DISTSTYLE", "ENCODE", "BACKUP")
UNKNOWN = ("CHECK", "EXCLUDE", "INHERITS", "TABLESPACE", "PARTITION", "GENERATED")


def table_definition(parts: Sequence[Word], edits: Edits) -> None:
    """Change a CREATE TABLE.

    Args:
        parts: its words.
        edits: where the changes go.
    """
    opened = next((place for place, part in enumerate(parts) if part.kind == "L_PAREN"), None)
    columns = range(opened, closing(parts, opened) + 1) if opened is not None else range(0)
    place = 0
    while place < len(parts):
        word = parts[place].upper
        if word == "AS" and place not in columns:
            return  # what follows is a query
        place = _attribute(parts, place, edits, inside=place in columns)


def table_change(parts: Sequence[Word], edits: Edits) -> None:
    """Change the types in an ALTER TABLE, and leave out how rows are stored.

    Args:
        parts: its words.
        edits: where the changes go.
    """
    place = 0
    while place < len(parts):
        word = parts[place].upper
        if word == "ADD":
            named = place + (2 if _next(parts, place) == "COLUMN" else 1)
            place = _type(parts, named + 1, edits) if named + 1 < len(parts) else len(parts)
        elif word == "TYPE" and place + 1 < len(parts):
            place = type_at(parts, place + 1, edits)
        else:
            end = _storage(parts, place)
            place = place + 1 if end is None else _drop(parts, place, end, edits)


def _attribute(parts: Sequence[Word], place: int, edits: Edits, *, inside: bool) -> int:
    """Change what begins at a place; the place after it."""
    word = parts[place].upper
    dropped = _storage(parts, place)
    if dropped is not None:
        return _drop(parts, place, dropped, edits)
    if inside:
        if word == "IDENTITY" or (word == "GENERATED" and "IDENTITY" in _ahead(parts, place)):
            return _identity(parts, place, edits)
        if word in ("PRIMARY", "UNIQUE", "FOREIGN", "REFERENCES", "CONSTRAINT"):
            return _constraint(parts, place, edits)
        if _begins(parts, place - 1) and parts[place - 1].upper != "LIKE":
            return _type(parts, place, edits)
    is_name = _begins(parts, place) and _next(parts, place) != "("
    return place + 1 if word not in UNKNOWN or is_name else _refuse(word)


def _begins(parts: Sequence[Word], place: int) -> bool:
    """Whether a column or constraint begins at a place."""
    return place > 0 and parts[place - 1].kind in ("COMMA", "L_PAREN")


def _refuse(word: str) -> int:
    raise UnsupportedError(f"{word} in CREATE TABLE")


def _storage(parts: Sequence[Word], place: int) -> int | None:
    """The end of what says how rows are stored, if that begins at a place."""
    word = parts[place].upper
    if word in ("COMPOUND", "INTERLEAVED") and _next(parts, place) == "SORTKEY":
        return _bracket(parts, place + 1)
    if word in WITH_BRACKET:
        return place + 1 if _next(parts, place) in ("AUTO", "NONE") else _bracket(parts, place)
    return place + 1 if word in WITH_WORD and place + 1 < len(parts) else None


def _identity(parts: Sequence[Word], place: int, edits: Edits) -> int:
    start = place
    by_default = "DEFAULT" in _ahead(parts, place)
    while parts[place].upper != "IDENTITY":
        place += 1
    end = _bracket(parts, place)
    given = arguments(parts, place + 1, end) if end > place else []
    numbers = [edits.sql[parts[one].start : parts[last].end] for one, last in given]
    first, step = [*numbers, "1", "1"][:2]
    kind, bound = "BY DEFAULT" if by_default else "ALWAYS", "MAX" if step[0] == "-" else "MIN"
    made = (
        f"GENERATED {kind} AS IDENTITY "
        f"(START WITH {first} INCREMENT BY {step} {bound}VALUE {first})"
    )
    edits.replace(parts[start].start, parts[end].end, made)
    return end + 1


def _constraint(parts: Sequence[Word], place: int, edits: Edits) -> int:
    """Keys are not enforced; a primary key's column still takes no NULL."""
    start, word = place, parts[place].upper
    alone = _begins(parts, place)
    if word == "CONSTRAINT":
        place += 2
        word = parts[place].upper
        if word in UNKNOWN:
            return _refuse(word)
    if word in ("PRIMARY", "FOREIGN"):
        place += 1
    end = _bracket(parts, place)
    if word == "REFERENCES" or _at(parts, end + 1) == "REFERENCES":
        place = place if word == "REFERENCES" else end + 1
        end = place + 1
        while _at(parts, end + 1) == ".":
            end += 2
        end = _bracket(parts, end)
    if alone and parts[start - 1].kind == "COMMA":
        edits.replace(parts[start - 1].start, parts[end].end, "")
    else:
        edits.replace(parts[start].start, parts[end].end, "NOT NULL" if word == "PRIMARY" else "")
    return end + 1


def _type(parts: Sequence[Word], place: int, edits: Edits) -> int:
    """The type of the column whose name stands before it."""
    name = parts[place - 1]
    folded = (text for start, _, text in edits.made if start == name.start)
    return type_at(parts, place, edits, next(folded, edits.sql[name.start : name.end]))


def _drop(parts: Sequence[Word], start: int, end: int, edits: Edits) -> int:
    edits.replace(parts[start].start, parts[end].end, "")
    return end + 1


def _next(parts: Sequence[Word], place: int) -> str:
    return _at(parts, place + 1)


def _at(parts: Sequence[Word], place: int) -> str:
    if place >= len(parts):
        return ""
    return "." if parts[place].kind == "DOT" else parts[place].upper


def _ahead(parts: Sequence[Word], place: int) -> list[str]:
    return [part.upper for part in parts[place : place + 5]]
