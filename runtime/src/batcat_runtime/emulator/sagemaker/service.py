"""SageMaker's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


class SageMaker:
    """SageMaker Processing jobs.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def list_processing_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        """List jobs."""
        del request
        return {"ProcessingJobSummaries": []}
