"""CREATE TABLE: what PostgreSQL lacks is left out, types are given their names there.

Source: Amazon Redshift Database Developer Guide, "CREATE TABLE" and "Character types" (TEXT and a
VARCHAR without length hold 256 bytes, MAX is 65535).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .words import closing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .words import Edits, Word

WITH_BRACKET = ("DISTKEY", "SORTKEY")
WITH_WORD = ("DISTSTYLE", "ENCODE", "BACKUP")
DEFAULT_LENGTH = 256
LONGEST = 65535
BINARY = ("VARBYTE", "VARBINARY")
TEXTS = ("VARCHAR", "NVARCHAR", "TEXT", "BPCHAR")


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


def _attribute(parts: Sequence[Word], place: int, edits: Edits, *, inside: bool) -> int:
    """Change what begins at a place; the place after it."""
    word = parts[place].upper
    dropped = _storage(parts, place)
    if dropped is not None:
        return _drop(parts, place, dropped, edits)
    if not inside:
        return place + 1
    if word == "IDENTITY" or (word == "GENERATED" and "IDENTITY" in _ahead(parts, place)):
        return _identity(parts, place, edits)
    if word.partition(" ")[0] in ("PRIMARY", "UNIQUE", "FOREIGN", "REFERENCES", "CONSTRAINT"):
        return _constraint(parts, place, edits)
    return _type(parts, place, edits)


def _storage(parts: Sequence[Word], place: int) -> int | None:
    """The end of what says how rows are stored, if that begins at a place."""
    word = parts[place].upper
    if word in ("COMPOUND", "INTERLEAVED") and _next(parts, place) == "SORTKEY":
        return _bracket(parts, place + 1)
    if word in WITH_BRACKET:
        return _bracket(parts, place)
    return place + 1 if word in WITH_WORD and place + 1 < len(parts) else None


def _identity(parts: Sequence[Word], place: int, edits: Edits) -> int:
    start = place
    by_default = "DEFAULT" in _ahead(parts, place)
    while parts[place].upper != "IDENTITY":
        place += 1
    end = _bracket(parts, place)
    numbers = [part.text for part in parts[place + 1 : end] if part.kind == "NUMBER"]
    first, step = [*numbers, "1", "1"][:2]
    kind = "BY DEFAULT" if by_default else "ALWAYS"
    made = f"GENERATED {kind} AS IDENTITY (START WITH {first} INCREMENT BY {step} MINVALUE {first})"
    edits.replace(parts[start].start, parts[end].end, made)
    return end + 1


def _constraint(parts: Sequence[Word], place: int, edits: Edits) -> int:
    """Keys are not enforced; a primary key's column still takes no NULL."""
    start, word = place, parts[place].upper.partition(" ")[0]
    alone = place > 0 and parts[place - 1].kind in ("COMMA", "L_PAREN")
    if word == "CONSTRAINT":
        place += 2
        word = parts[place].upper.partition(" ")[0]
        if word == "CHECK":
            return place + 1
    if word in ("PRIMARY", "FOREIGN") and " " not in parts[place].text:
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
    """A column's type; names and defaults do not follow a name or a bracket's begin."""
    word, before = parts[place].upper, parts[place - 1]
    after_name = before.kind not in ("COMMA", "L_PAREN", "DOT") and before.upper != "DEFAULT"
    if not after_name:
        return place + 1
    sized = _bracket(parts, place)
    if word in BINARY:
        edits.replace(parts[place].start, parts[sized].end, "bytea")
        return sized + 1
    if word in TEXTS:
        size = parts[place + 2].text if sized > place else str(DEFAULT_LENGTH)
        length = str(LONGEST) if size.upper() == "MAX" else size
        edits.replace(parts[place].start, parts[sized].end, f"varchar({length})")
        return sized + 1
    return place + 1


def _drop(parts: Sequence[Word], start: int, end: int, edits: Edits) -> int:
    edits.replace(parts[start].start, parts[end].end, "")
    return end + 1


def _bracket(parts: Sequence[Word], place: int) -> int:
    """The end of the brackets that follow a place; the place itself if none do."""
    opened = place + 1 < len(parts) and parts[place + 1].kind == "L_PAREN"
    return closing(parts, place + 1) if opened else place


def _next(parts: Sequence[Word], place: int) -> str:
    return _at(parts, place + 1)


def _at(parts: Sequence[Word], place: int) -> str:
    if place >= len(parts):
        return ""
    return "." if parts[place].kind == "DOT" else parts[place].upper


def _ahead(parts: Sequence[Word], place: int) -> list[str]:
    return [part.upper for part in parts[place : place + 5]]
