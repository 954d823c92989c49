"""How often, how long and with what result a function is invoked asynchronously."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import ServiceError

from .destinations import check_destination

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator.world import World

    from .function import Function

SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


class EventInvokeConfigs:
    """The operations on functions' settings for asynchronous invocation.

    Args:
        world: where the functions are.
        find: the function that a request names.
    """

    def __init__(self, world: World, find: Callable[[dict[str, Any]], Function]) -> None:
        self._world = world
        self._find = find

    def put(self, request: dict[str, Any], *, keep: bool) -> dict[str, Any]:
        """Set what a request says; the rest stays, or goes back to its default."""
        function = self._find(request)
        given = {name: request[name] for name in SETTINGS if request.get(name) is not None}
        for place in (given.get("DestinationConfig") or {}).values():
            role = function.settings["Role"]
            check_destination(self._world, role, (place or {}).get("Destination"))
        before = function.later if keep else {}
        function.later = {**before, **given, "LastModified": datetime.now(timezone.utc)}
        return shown(function)

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        """The settings."""
        function = self._find(request)
        if not function.later:
            raise ServiceError(
                "ResourceNotFoundException",
                f"The function {function.arn}:$LATEST doesn't have an EventInvokeConfig",
                404,
            )
        return shown(function)

    def delete(self, request: dict[str, Any]) -> None:
        """Go back to the defaults."""
        self.get(request)
        self._find(request).later = {}


def shown(function: Function) -> dict[str, Any]:
    """The settings as the API shows them."""
    return {"FunctionArn": f"{function.arn}:$LATEST", **function.later}
