"""Lines of a step's log, as a person wants to read them."""

from __future__ import annotations

import json
import re
from typing import Any

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")
# Source: ECMA-48, control sequences and strings.


def readable(line: str) -> list[str]:
    """Write out a line that a logger wrote as JSON; leave any other as it is.

    Args:
        line: one line of a log.

    Returns:
        ``time logger | level -> message`` as on a terminal, and the exception's lines below it.
    """
    record = _record(line)
    if record is None:
        return [printable(line)]
    time = str(record.get("time", ""))[11:19]
    first = f"{time} {record.get('logger', '')} | {record['level']} -> {record['message']}"
    parts = [*first.splitlines(), *str(record.get("exception") or "").splitlines()]
    return [printable(part) for part in parts]


def printable(text: str) -> str:
    """Leave out what would steer a terminal: escape sequences and control characters."""
    plain = _ESCAPES.sub("", text)
    return "".join(sign if sign.isprintable() or sign == "\t" else " " for sign in plain)


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and {"level", "message"} <= record.keys() else None
