"""What can be wrong with a query."""

from __future__ import annotations


class QueryError(Exception):
    """A query that the real engine would fail, too.

    Args:
        kind: error name as Trino has it, e.g. ``TYPE_MISMATCH``.
        message: what is wrong, in words like the real engine's.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class NotEmulatedError(QueryError):
    """A query that the real engine may carry out, and this one does not.

    Args:
        what: the construct, by name.
        instead: what to do about it, if there is something.
    """

    def __init__(self, what: str, instead: str = "") -> None:
        hint = f" {instead}" if instead else ""
        super().__init__("NOT_EMULATED", f"{what} is not emulated by batcat local.{hint}")
