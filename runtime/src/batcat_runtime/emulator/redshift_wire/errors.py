"""Statements that are refused, by name."""

from __future__ import annotations


class NotEmulatedError(Exception):
    """Redshift may do this; the local one does not, and says so by name."""

    def __init__(self, what: str, instead: str = "") -> None:
        hint = f" {instead}" if instead else ""
        super().__init__(f"NotEmulated: {what} is not emulated by batcat local.{hint}")


class UnsupportedError(Exception):
    """PostgreSQL would do this, and Redshift does not."""

    def __init__(self, what: str, instead: str = "") -> None:
        hint = f" {instead}" if instead else ""
        super().__init__(f"Redshift has no {what}.{hint}")
