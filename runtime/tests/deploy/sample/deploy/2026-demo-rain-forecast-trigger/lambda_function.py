"""A trigger as small as can be: what it starts is of no interest to these tests."""

from __future__ import annotations

from typing import Any


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer what came in."""
    del context
    return event
