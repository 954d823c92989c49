"""Types as Redshift writes them, in PostgreSQL's words.

Source: Amazon Redshift Database Developer Guide, "Character types" (VARCHAR and TEXT without length
hold 256 bytes, BPCHAR is CHAR(256), MAX is 65535 or 4096), "Numeric types" (DECIMAL is
DECIMAL(18, 0)), "VARBYTE type" and "Unsupported PostgreSQL data types".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import UnsupportedError
from .words import closing, named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .words import Edits, Word

DEFAULT_LENGTH = 256
LONGEST = {"varchar": 65535, "char": 4096}
TEXTS = {"VARCHAR": "varchar", "NVARCHAR": "varchar", "TEXT": "varchar", "BPCHAR": "char"}
FIXED = {"CHAR": "char", "NCHAR": "char", "CHARACTER": "char"}
BINARY = ("VARBYTE", "VARBINARY", "BINARY")
DECIMALS = ("DECIMAL", "NUMERIC", "DEC")
UNKNOWN = named("""
    BIGSERIAL BIT BOX BYTEA CIDR CIRCLE CITEXT HSTORE INET INT4RANGE INT8RANGE JSON JSONB JSONPATH
    LINE LSEG MACADDR MONEY NUMRANGE PATH POINT POLYGON SERIAL SERIAL2 SERIAL4 SERIAL8 SMALLSERIAL
    TSQUERY TSRANGE TSTZRANGE TSVECTOR UUID XML
""")


def type_at(parts: Sequence[Word], place: int, edits: Edits, column: str = "") -> int:
    """Change the type that begins at a place; the place after it.

    Args:
        parts: words of the statement.
        place: where it begins.
        edits: where the changes go.
        column: name of the column that it belongs to, as written; empty in a cast.

    Raises:
        UnsupportedError: Redshift has no such type.
    """
    word = parts[place].upper
    if word in UNKNOWN:
        raise UnsupportedError(f"type {word}")
    varying = _at(parts, place + 1) == "VARYING"
    last = place + 1 if varying else place
    end = bracket(parts, last)
    made = _made(word, varying, _size(parts, last, end), column)
    if made:
        edits.replace(parts[place].start, parts[end].end, made)
    return end + 1


def _made(word: str, varying: bool, size: str, column: str) -> str:
    """The type's name in PostgreSQL; empty where it is the same."""
    if word in BINARY:
        length = f" CHECK (pg_catalog.redshift_fits({column}, {size}))" if column and size else ""
        return f"bytea{length}"
    name = TEXTS.get(word) or (FIXED.get(word) if not varying else "varchar")
    if name:
        default = DEFAULT_LENGTH if word in TEXTS or varying else 1
        length = str(LONGEST[name]) if size.upper() == "MAX" else size or str(default)
        return f"{name}({length})"
    return "numeric(18, 0)" if word in DECIMALS and not size else ""


def _size(parts: Sequence[Word], place: int, end: int) -> str:
    return parts[place + 2].text if end > place + 1 else ""


def bracket(parts: Sequence[Word], place: int) -> int:
    """The end of the brackets that follow a place; the place itself if none do."""
    return closing(parts, place + 1) if _at(parts, place + 1) == "(" else place


def casts(parts: Sequence[Word], edits: Edits) -> None:
    """Change the types of all casts.

    Raises:
        UnsupportedError: Redshift has no such type.
    """
    for place, part in enumerate(parts):
        if part.kind == "DCOLON" and place + 1 < len(parts):
            type_at(parts, place + 1, edits)
        elif part.upper == "CAST" and _at(parts, place + 1) == "(":
            found = _as(parts, place + 1)
            if found:
                type_at(parts, found, edits)


def _as(parts: Sequence[Word], opened: int) -> int:
    """The place after the AS that belongs to a bracket; 0 if there is none."""
    depth, found = 0, 0
    for place in range(opened, closing(parts, opened)):
        depth += {"L_PAREN": 1, "R_PAREN": -1}.get(parts[place].kind, 0)
        if depth == 1 and parts[place].upper == "AS":
            found = place + 1
    return found


def _at(parts: Sequence[Word], place: int) -> str:
    return parts[place].upper if place < len(parts) else ""
