"""Machines that AWS does not have at the moment: as many jobs as a test says find none."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from batcat_runtime.emulator.protocol import ServiceError

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

NO_MACHINE = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a "
    "different ML instance type."
)
"""FailureReason of a job that got no machine (public issue threads:
DIAGNijmegen/rse-grand-challenge 2631, aws/sagemaker-pytorch-training-toolkit 171)."""


@dataclass
class Machines:
    """How many of the next jobs find none, of those whose names hold a text."""

    lacking: int = 0
    name: str = ""
    lock: Lock = field(default_factory=Lock)

    def are_found(self, job: str) -> bool:
        """Whether a job finds its machines."""
        with self.lock:
            if not self.lacking or self.name not in job:
                return True
            self.lacking -= 1
            return False


def machines_of(world: World) -> Machines:
    """Those of a server."""
    found: Machines = world.shared("machines", Machines)
    return found


def lacked(world: World, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Answer a request to have no machine.

    Args:
        world: the server.
        body: JSON with how many ``jobs`` find none, and the text that their names hold.
    """
    try:
        told = json.loads(body)
        jobs, name = int(told["jobs"]), str(told["name"])
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError("ValidationException", f"it takes jobs and name: {error}") from error
    machines = machines_of(world)
    with machines.lock:
        machines.lacking, machines.name = jobs, name
    return 200, {"Content-Type": "application/json"}, body
