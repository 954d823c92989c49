"""Groups of schedules, and their tags: Scheduler tags groups, not schedules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.protocol import ServiceError

from .scheduled import DEFAULT_GROUP

if TYPE_CHECKING:
    from datetime import datetime

    from batcat_runtime.emulator.world import World

    from .clock import Clock

PAGE = 100


@dataclass
class Group:
    """One group.

    Attributes:
        name: its name.
        arn: its ARN.
        created: when it was made.
        tags: by key.
    """

    name: str
    arn: str
    created: datetime
    tags: dict[str, str] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """The group as the API shows it."""
        return {
            "Arn": self.arn,
            "Name": self.name,
            "State": "ACTIVE",
            "CreationDate": self.created,
            "LastModificationDate": self.created,
        }


class Groups:
    """The groups of all regions; each region has the default group.

    Args:
        world: whose groups they are.
        clock: tells the time.
    """

    def __init__(self, world: World, clock: Clock) -> None:
        self._world, self._clock = world, clock
        self._groups: dict[str, Group] = {}

    def find(self, name: str) -> Group:
        """A group of the request's region.

        Raises:
            ServiceError: there is none.
        """
        arn = self._arn(name)
        if arn not in self._groups and name == DEFAULT_GROUP:
            self._groups[arn] = Group(name, arn, self._clock.now())
        if arn not in self._groups:
            raise _missing(f"Schedule group {name} does not exist.")
        return self._groups[arn]

    def tagged(self, arn: str) -> Group:
        """A group by ARN.

        Raises:
            ServiceError: there is none.
        """
        if arn not in self._groups:
            raise _missing(f"Resource {arn} does not exist.")
        return self._groups[arn]

    def add(self, request: dict[str, Any]) -> Group:
        """Make a group.

        Raises:
            ServiceError: there is one of that name.
        """
        name, arn = request["Name"], self._arn(request["Name"])
        if arn in self._groups or name == DEFAULT_GROUP:
            raise ServiceError("ConflictException", f"Schedule group {name} already exists.", 409)
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags") or []}
        self._groups[arn] = Group(name, arn, self._clock.now(), tags)
        return self._groups[arn]

    def remove(self, name: str) -> None:
        """Forget a group.

        Raises:
            ServiceError: there is none, or it is the default one.
        """
        if name == DEFAULT_GROUP:
            raise ServiceError("ValidationException", "The default group cannot be deleted.")
        del self._groups[self.find(name).arn]

    def of(self, prefix: str) -> list[Group]:
        """Groups of the request's region, by name."""
        self.find(DEFAULT_GROUP)
        head = self._arn(prefix)
        return [group for arn, group in sorted(self._groups.items()) if arn.startswith(head)]

    def _arn(self, name: str) -> str:
        return self._world.arn("scheduler", f"schedule-group/{name}", current_request().region)


def _missing(message: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", message, 404)
