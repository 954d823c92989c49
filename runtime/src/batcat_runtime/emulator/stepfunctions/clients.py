"""The engine's own AWS calls go to this server, through its one place that makes clients.

moto would make a client per call against ``localhost`` and the port in MOTO_PORT.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.patching import replace

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

_ENGINE = "moto.stepfunctions.parser."


def patch(world: World) -> None:
    """Replace the engine's client factory, wherever it has been imported by name.

    Args:
        world: makes the clients.
    """
    from moto.stepfunctions.parser.asl.utils import boto_client

    def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        # IAM is not enforced here, so another role's credentials make no difference.
        del state_credentials
        return world.client(service, region)

    replace(boto_client, boto_client_for=boto_client_for)
    for name, module in list(sys.modules.items()):
        if name.startswith(_ENGINE) and hasattr(module, "boto_client_for"):
            replace(module, boto_client_for=boto_client_for)
