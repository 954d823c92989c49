"""What the local engine would do otherwise than Redshift, or not at all: refused by name.

Source: Amazon Redshift Database Developer Guide, "SQL commands", "Unsupported PostgreSQL features"
and "Unsupported PostgreSQL functions"; "System tables and views reference" for the prefixes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import NotEmulatedError, UnsupportedError
from .words import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .words import Word

_MADE = ("CREATE", "CREATE OR REPLACE", "ALTER", "DROP")
# How a statement begins that Redshift has.
_STATEMENTS = {
    *(
        f"{verb} {what}"
        for verb in _MADE
        for what in ("PROCEDURE", "FUNCTION", "EXTERNAL", "MODEL", "DATASHARE", "LIBRARY", "ROLE",
                     "MASKING", "RLS", "IDENTITY")
    ),
    *("CALL", "CANCEL", "USE", "ANALYZE COMPRESSION", "SET SESSION AUTHORIZATION"),
    *(
        f"SHOW {what}"
        for what in ("TABLES", "DATABASES", "SCHEMAS", "COLUMNS", "TABLE", "VIEW", "PROCEDURE",
                     "PROCEDURES", "FUNCTIONS", "PARAMETERS", "GRANTS", "CONSTRAINTS", "DATASHARES",
                     "MODEL", "EXTERNAL")
    ),
}  # fmt: skip
# How a statement begins that only PostgreSQL has.
_FOREIGN = {
    *(
        f"{verb} {what}"
        for verb in _MADE
        for what in ("INDEX", "UNIQUE INDEX", "SEQUENCE", "TRIGGER", "TYPE", "DOMAIN", "EXTENSION",
                     "RULE", "AGGREGATE", "OPERATOR", "TABLESPACE", "COLLATION", "PUBLICATION",
                     "EVENT TRIGGER", "UNLOGGED TABLE", "SERVER")
    ),
    *("DO", "LISTEN", "NOTIFY", "UNLISTEN", "REINDEX", "CLUSTER", "CHECKPOINT", "LOAD", "DISCARD",
      "ALTER SYSTEM", "VALUES"),
}  # fmt: skip
_LONGEST_BEGIN = 4  # words
# Words that follow each other anywhere. ``(`` stands for a bracket.
_PHRASES = {
    "QUALIFY": True,
    "PIVOT (": True,
    "UNPIVOT (": True,
    "IGNORE NULLS": True,
    "RESPECT NULLS": True,
    "APPROXIMATE PERCENTILE_DISC": True,
    "REMOVE DUPLICATES": True,
    "* EXCLUDE": True,
    "COLLATE CASE_INSENSITIVE": True,
    "COLLATE CASE_SENSITIVE": True,
    "NO SCHEMA BINDING": True,
    "FROM DATASHARE": True,
    "RETURNING": False,
    "ON CONFLICT": False,
    "DISTINCT ON (": False,
    "FILTER ( WHERE": False,
    "TABLESAMPLE": False,
    "ARRAY [": False,
    "JOIN LATERAL": False,
    ", LATERAL": False,
    "( VALUES": False,
    "WITH ORDINALITY": False,
    "MATCHED AND": False,
    "MATCHED BY": False,
    "DO NOTHING": False,
}
"""Whether Redshift has it."""

_BY_FIRST: dict[str, list[tuple[list[str], bool]]] = {}
for _phrase, _has in _PHRASES.items():
    _BY_FIRST.setdefault(_phrase.split()[0], []).append((_phrase.split(), _has))

_SYSTEM = re.compile(r"(?:stl|stv|svl|svv|svcs|sys)_\w+", re.IGNORECASE)
SERVED = named("""
    stl_load_errors sys_load_error_detail svv_all_columns svv_all_tables svv_all_schemas
    svv_redshift_databases svv_tables svv_columns
""")
"""System views that there are."""

_NAMES = ("VAR", "IDENTIFIER")
_LONGEST_NAME = 63  # bytes; PostgreSQL would cut longer ones, Redshift has up to 127


def refuse(parts: Sequence[Word]) -> None:
    """Refuse a statement that would not do here what it does in Redshift.

    Raises:
        NotEmulatedError: Redshift does it.
        UnsupportedError: it does not.
    """
    begin = [part.upper for part in parts[:_LONGEST_BEGIN]]
    for count in range(1, len(begin) + 1):
        words = " ".join(begin[:count])
        if words in _STATEMENTS:
            raise NotEmulatedError(f"Redshift {words}")
        if words in _FOREIGN:
            raise UnsupportedError(words)
    for place, part in enumerate(parts):
        if part.upper in _BY_FIRST:
            _refuse_phrase(parts, place)
        elif part.kind in _NAMES:
            _refuse_name(parts, place)
        elif part.kind == "HASH":
            raise NotEmulatedError("a temporary table's name with #", "Use CREATE TEMP TABLE.")
    if begin[:2] == ["ALTER", "TABLE"]:
        _refuse_alteration(parts)


def _refuse_phrase(parts: Sequence[Word], place: int) -> None:
    for phrase, has in _BY_FIRST[parts[place].upper]:
        if [part.upper for part in parts[place : place + len(phrase)]] != phrase:
            continue
        shown = " ".join(word for word in phrase if word not in ("(", ",", "["))
        raise NotEmulatedError(f"Redshift {shown}") if has else UnsupportedError(shown)


def _refuse_name(parts: Sequence[Word], place: int) -> None:
    word = parts[place]
    if word.upper == "TOP" and parts[place - 1].upper in ("SELECT", "DISTINCT"):
        raise NotEmulatedError("Redshift SELECT TOP", "Use LIMIT.")
    if _SYSTEM.fullmatch(word.text) and _is_read(parts, place):
        raise NotEmulatedError(f"the system view {word.text}")
    if len(word.text) > _LONGEST_NAME // 4 and len(word.text.encode()) > _LONGEST_NAME:
        raise NotEmulatedError(
            f"the name {word.text[:20]}… of more than {_LONGEST_NAME} bytes", "Use a shorter one."
        )


def _is_read(parts: Sequence[Word], place: int) -> bool:
    """Whether a name stands where tables are named, and is none of those there are."""
    if parts[place].text.lower() in SERVED:
        return False
    before = place - 1
    while before > 0 and parts[before].kind == "DOT":
        before -= 2
    return parts[before].upper in ("FROM", "JOIN")


def _refuse_alteration(parts: Sequence[Word]) -> None:
    for place, part in enumerate(parts):
        if part.upper == "APPEND" and place + 1 < len(parts) and parts[place + 1].upper == "FROM":
            raise NotEmulatedError("Redshift ALTER TABLE APPEND")
        if part.upper == "ADD" and parts[place + 1].upper in (
            *("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK"),
        ):
            # PostgreSQL would enforce it, Redshift does not.
            raise NotEmulatedError("Redshift ALTER TABLE ADD CONSTRAINT")
