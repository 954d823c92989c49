"""What AWS does not do at the moment, because a test says so: as often as it says, and no more."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from typing import TYPE_CHECKING

from .protocol import ServiceError

if TYPE_CHECKING:
    from .world import World

NO_MACHINE = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a "
    "different ML instance type."
)
"""FailureReason of a job that got no machine (public issue threads:
DIAGNijmegen/rse-grand-challenge 2631, aws/sagemaker-pytorch-training-toolkit 171)."""


@dataclass
class Faults:
    """How many of the next are to fail, by a pattern of their names."""

    left: dict[str, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def strike(self, name: str) -> bool:
        """Whether this one is to fail."""
        with self.lock:
            for pattern, times in self.left.items():
                if times and fnmatchcase(name, pattern):
                    self.left[pattern] = times - 1
                    return True
        return False

    def arrange(self, times: int, pattern: str) -> int:
        """Let the next fail whose names match; gives how many were still to fail of these."""
        with self.lock:
            before = self.left.get(pattern, 0)
            self.left[pattern] = times
        return before


def faults_of(world: World, what: str) -> Faults:
    """Those of one kind: ``machines`` by the names of jobs, ``throttle`` by S3's requests."""
    found: Faults = world.shared(f"faults: {what}", Faults)
    return found


def lacked(world: World, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Answer a request to have no machine.

    Args:
        world: the server.
        body: JSON with how many ``times``, and the ``pattern`` of the jobs' names.
    """
    return _arranged(faults_of(world, "machines"), body)


def throttled(world: World, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Answer a request to let S3 throttle.

    Args:
        world: the server.
        body: JSON with how many ``times``, and the ``pattern`` of operation and key.
    """
    return _arranged(faults_of(world, "throttle"), body)


def slow_down(world: World, operation: str, key: str) -> None:
    """Refuse a request of S3 that a test says is one too many.

    Raises:
        ServiceError: ``SlowDown``, as S3 says it (user guide, "Amazon S3 error best practices").
    """
    if faults_of(world, "throttle").strike(f"{operation} {key}"):
        raise ServiceError("SlowDown", "Please reduce your request rate.", 503)


def _arranged(faults: Faults, body: bytes) -> tuple[int, dict[str, str], bytes]:
    try:
        told = json.loads(body)
        before = faults.arrange(int(told["times"]), str(told["pattern"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError("ValidationException", f"it takes times and pattern: {error}") from error
    return 200, {"Content-Type": "application/json"}, json.dumps({"before": before}).encode()
