"""How long a query may take before it is cancelled."""

from __future__ import annotations

from batcat_runtime.errors import ConfigError

LIMIT = 1800.0
"""Seconds by default: as long as Athena lets a query run unless its quota is raised."""


def check_limit(timeout: float | None) -> None:
    """Make sure that a limit is one.

    Args:
        timeout: seconds; None for no limit.

    Raises:
        ConfigError: it is no number, or not more than 0.
    """
    if timeout is not None and not (isinstance(timeout, (int, float)) and timeout > 0):
        raise ConfigError(f"timeout is {timeout!r}; give seconds, or None for no limit")
