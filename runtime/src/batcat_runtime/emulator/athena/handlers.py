"""Each kind of statement, carried out."""

from __future__ import annotations

from .definitions import Definitions
from .queries import Queries


class Handlers(Queries, Definitions):
    """Carries out one statement, of whatever kind."""

    def run(self) -> None:
        """Carry it out."""
        getattr(self, f"_{self.execution.statement.handler}")()
