"""Lines of a step's log, as a person wants to read them."""

from __future__ import annotations

import json
from typing import Any


def readable(line: str) -> list[str]:
    """Write out a line that a logger wrote as JSON; leave any other as it is.

    Args:
        line: one line of a log.

    Returns:
        ``time logger | level -> message`` as on a terminal, and the exception's lines below it.
    """
    record = _record(line)
    if record is None:
        return [line]
    time = str(record.get("time", ""))[11:19]
    first = f"{time} {record.get('logger', '')} | {record['level']} -> {record['message']}"
    return [*first.splitlines(), *str(record.get("exception") or "").splitlines()]


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and {"level", "message"} <= record.keys() else None
