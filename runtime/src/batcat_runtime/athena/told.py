"""Types of columns as Athena tells them."""

from __future__ import annotations

from typing import Any

from batcat_runtime.columns.types import Type, parse
from batcat_runtime.errors import ConfigError

_NANOSECONDS = 9


def column_type(told: dict[str, Any]) -> Type:
    """Give the type that a ColumnInfo tells; text for what has none of its own."""
    name, precision = told["Type"], told.get("Precision", 0)
    if name == "decimal":
        return Type("decimal", precision=precision, scale=told.get("Scale", 0))
    if name.startswith("timestamp") and 0 < precision <= _NANOSECONDS:
        zone = " with time zone" if "zone" in name else ""
        return parse(f"timestamp({precision}){zone}", "athena")
    try:
        return parse(name, "athena")
    except ConfigError:
        return Type("text")  # intervals, ipaddress, …
