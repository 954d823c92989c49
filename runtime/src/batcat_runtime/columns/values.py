"""Single values: what lies inside them, and what none of the formats can write."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import DataError

if TYPE_CHECKING:
    from .types import Type


def half_character(where: str, error: UnicodeEncodeError) -> DataError:
    """Say of a text that UTF-8 does not have what to do."""
    return DataError(
        f"{where} holds {error.object[error.start : error.end]!r}, half of a character; decode the "
        "text it comes from with its own encoding",
    )


def without_missing(value: Any) -> Any:
    """Give what a list, map or row holds as Arrow takes it: NULL is None, and NaN stays."""
    import pandas as pd

    if isinstance(value, dict):
        return {key: without_missing(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) or (hasattr(value, "ndim") and value.dtype == object):
        return [without_missing(item) for item in value]
    return None if value is pd.NA or value is pd.NaT else value


def holds(kind: Type, what: str) -> bool:
    """Whether a type is of a kind, or something inside it is."""
    return kind.kind == what or any(holds(item, what) for item in kind.items)


def has_zone(value: Any) -> bool:
    """Whether it is, or holds, a time of day with a zone."""
    if isinstance(value, dict):
        return any(map(has_zone, value.values()))
    if isinstance(value, (list, tuple)) or hasattr(value, "ndim"):
        return any(map(has_zone, value))
    return isinstance(value, dt.time) and value.tzinfo is not None
