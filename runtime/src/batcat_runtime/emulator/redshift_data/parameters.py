"""Named parameters: ``:name`` in a statement, bound as PostgreSQL's ``$1``.

Source: Amazon Redshift Management Guide, "Using the Amazon Redshift Data API", "Running SQL
statements with parameters": values are texts, which the database converts.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.redshift_wire.words import Edits, words

if TYPE_CHECKING:
    from collections.abc import Mapping


def bound(sql: str, given: Mapping[str, str]) -> tuple[str, list[str]]:
    """The statement with numbered places, and what fills them.

    Args:
        sql: with ``:name`` for each parameter.
        given: name to value.

    Raises:
        ServiceError: a parameter has no value.
    """
    parts, edits, order = words(sql), Edits(sql, []), list[str]()
    if not given:
        return sql, []
    for one, other in pairwise(parts):
        adjacent = one.kind == "COLON" and one.end == other.start
        if not adjacent or not (other.text[:1].isalpha() or other.text[:1] == "_"):
            continue
        if other.text not in given:
            raise ServiceError(
                "ValidationException", f"Parameters list is missing a value for :{other.text}"
            )
        if other.text not in order:
            order.append(other.text)
        edits.replace(one.start, other.end, f"${order.index(other.text) + 1}")
    return edits.result(), [given[name] for name in order]
