"""Redshift's words that PostgreSQL lacks, replaced in the text; the rest stays as it is.

Source: Amazon Redshift Database Developer Guide, "SQL commands", "SQL functions reference" and
"Names and identifiers" (names in double quotes are folded to lower case, too, unless
``enable_case_sensitive_identifier`` is on).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .refused import refuse
from .tables import table_change, table_definition
from .types import casts
from .words import Edits, Word, arguments, closing, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SETTINGS = frozenset(
    [
        *("enable_case_sensitive_identifier", "query_group", "wlm_query_slot_count"),
        *("enable_result_cache_for_session", "describe_field_name_in_uppercase"),
        *("downcase_delimited_identifier", "enable_case_sensitive_super_attribute"),
        "json_serialization_enable",
    ]
)
"""Parameters of a session that PostgreSQL does not know; kept, and read back."""

FOLDED = "enable_case_sensitive_identifier"
PARTS = ("DATEADD", "DATEDIFF", "DATE_PART", "DATE_TRUNC")


def translated(sql: str, *, fold: bool) -> str:
    """A statement in PostgreSQL's words.

    Args:
        sql: as Redshift takes it.
        fold: whether names in double quotes are folded to lower case.

    Raises:
        NotEmulatedError: it has what is not emulated.
        UnsupportedError: it has what Redshift has not.
    """
    parts = words(sql)
    refuse(parts)
    edits = Edits(sql, [])
    if fold:
        for part in parts:
            if part.kind == "IDENTIFIER" and part.text != part.text.lower():
                quoted = part.text.lower().replace('"', '""')
                edits.replace(part.start, part.end, f'"{quoted}"')
    casts(parts, edits)
    first = [part.upper for part in parts[:4]]
    if first[:1] == ["CREATE"] and "TABLE" in first:
        table_definition(parts, edits)
    elif first[:2] == ["ALTER", "TABLE"]:
        table_change(parts, edits)
    elif first[:1] in (["SET"], ["SHOW"], ["RESET"]):
        _setting(parts, edits)
    for place, part in enumerate(parts):
        maker = _MAKERS.get(part.upper)
        if maker:
            maker(parts, place, edits)
    return edits.result()


def _setting(parts: Sequence[Word], edits: Edits) -> None:
    for part in parts[1:3]:
        if part.text.lower() in SETTINGS:
            edits.replace(part.start, part.end, f"batcat.{part.text.lower()}")
            return


def _opened(parts: Sequence[Word], place: int) -> bool:
    return place + 1 < len(parts) and parts[place + 1].kind == "L_PAREN"


def _part(parts: Sequence[Word], place: int, edits: Edits) -> None:
    """The unit of time, which may be a bare word, as a text."""
    if _opened(parts, place) and place + 3 < len(parts) and parts[place + 3].kind == "COMMA":
        unit = parts[place + 2]
        if not unit.is_text:
            edits.replace(unit.start, unit.end, f"'{unit.text.lower()}'")


def _sysdate(parts: Sequence[Word], place: int, edits: Edits) -> None:
    if not _opened(parts, place):
        edits.replace(parts[place].start, parts[place].end, "pg_catalog.redshift_sysdate()")


def _serialize(parts: Sequence[Word], place: int, edits: Edits) -> None:
    """JSON_SERIALIZE is a word of PostgreSQL's grammar, with another meaning."""
    if _opened(parts, place):
        edits.replace(parts[place].start, parts[place].end, "pg_catalog.redshift_json_text")


def _minus(parts: Sequence[Word], place: int, edits: Edits) -> None:
    if place + 1 < len(parts) and parts[place + 1].upper in ("SELECT", "("):
        edits.replace(parts[place].start, parts[place].end, "EXCEPT")


def _approximate(parts: Sequence[Word], place: int, edits: Edits) -> None:
    if place + 1 < len(parts) and parts[place + 1].upper == "COUNT":
        edits.replace(parts[place].start, parts[place + 1].start, "")


def _decode(parts: Sequence[Word], place: int, edits: Edits) -> None:
    """DECODE(x, a, b, …, z) as CASE."""
    if not _opened(parts, place):
        return
    end = closing(parts, place + 1)
    texts = [_text(edits, parts, *one) for one in arguments(parts, place + 1, end)]
    if len(texts) < 3:  # noqa: PLR2004 - PostgreSQL's own has two
        return
    tested, rest = texts[0], texts[1:]
    pairs = [
        f"WHEN ({tested}) IS NOT DISTINCT FROM ({one}) THEN {other}"
        for one, other in zip(rest[::2], rest[1::2], strict=False)
    ]
    default = f" ELSE {rest[-1]}" if len(rest) % 2 else ""
    made = f"CASE {' '.join(pairs)}{default} END"
    edits.replace(parts[place].start, parts[end].end, made)


def _nvl2(parts: Sequence[Word], place: int, edits: Edits) -> None:
    """NVL2(x, yes, no) as CASE."""
    if not _opened(parts, place):
        return
    end = closing(parts, place + 1)
    texts = [_text(edits, parts, *one) for one in arguments(parts, place + 1, end)]
    if len(texts) == 3:  # noqa: PLR2004 - NVL2's own
        made = "CASE WHEN ({}) IS NOT NULL THEN {} ELSE {} END".format(*texts)
        edits.replace(parts[place].start, parts[end].end, made)


def _convert(parts: Sequence[Word], place: int, edits: Edits) -> None:
    """CONVERT(type, x) as CAST."""
    if not _opened(parts, place):
        return
    end = closing(parts, place + 1)
    found = arguments(parts, place + 1, end)
    if len(found) == 2:  # noqa: PLR2004 - type and value
        kind, value = (_text(edits, parts, *one) for one in found)
        made = translated(f"CAST({value} AS {kind})", fold=False)
        edits.replace(parts[place].start, parts[end].end, made)


def _listagg(parts: Sequence[Word], place: int, edits: Edits) -> None:
    """LISTAGG(x, sep) WITHIN GROUP (ORDER BY y) as string_agg."""
    if not _opened(parts, place):
        return
    end = closing(parts, place + 1)
    found = [_text(edits, parts, *one) for one in arguments(parts, place + 1, end)]
    order, last = "", end
    if [part.upper for part in parts[end + 1 : end + 3]] == ["WITHIN", "GROUP"]:
        last = closing(parts, end + 3)
        order = f" {edits.sql[parts[end + 3].end : parts[last].start]}"
    if not found:
        return
    distinct = found[0].upper().startswith("DISTINCT ")
    value = found[0][9:] if distinct else found[0]
    mark = found[1] if len(found) > 1 else "''"
    made = f"string_agg({'DISTINCT ' if distinct else ''}({value})::varchar, {mark}{order})"
    edits.replace(parts[place].start, parts[last].end, made)


def _percentile(parts: Sequence[Word], place: int, edits: Edits) -> None:
    """PERCENTILE_CONT(p) WITHIN GROUP (ORDER BY x): of integers and decimals it is a decimal."""
    end = closing(parts, place + 1) if _opened(parts, place) else place
    if [part.upper for part in parts[end + 1 : end + 3]] != ["WITHIN", "GROUP"]:
        return
    last = closing(parts, end + 3)
    order = [part.upper for part in parts[end + 4 : end + 6]]
    if order != ["ORDER", "BY"]:
        return
    share = _text(edits, parts, place + 2, end - 1)
    falls = parts[last - 1].upper in ("DESC", "ASC")
    value = _text(edits, parts, end + 6, last - (2 if falls else 1))
    share = f"1 - ({share})" if parts[last - 1].upper == "DESC" else share
    made = f"pg_catalog.redshift_percentile(array_agg({value}), {share})"
    edits.replace(parts[place].start, parts[last].end, made)


def _text(edits: Edits, parts: Sequence[Word], first: int, last: int) -> str:
    """An argument's text, with what is in it translated."""
    inner = edits.sql[parts[first].start : parts[last].end]
    fold = any(
        parts[first].start <= start < parts[last].end and edits.sql[start] == '"'
        for start, _, _ in edits.made
    )
    return translated(inner, fold=fold)


_MAKERS: dict[str, Callable[[Sequence[Word], int, Edits], None]] = {
    **dict.fromkeys(PARTS, _part),
    "SYSDATE": _sysdate,
    "JSON_SERIALIZE": _serialize,
    "MINUS": _minus,
    "APPROXIMATE": _approximate,
    "DECODE": _decode,
    "NVL2": _nvl2,
    "CONVERT": _convert,
    "LISTAGG": _listagg,
    "PERCENTILE_CONT": _percentile,
}
