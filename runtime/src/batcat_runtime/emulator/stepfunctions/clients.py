"""The engine's own AWS calls go to this server, through its one place that makes clients.

moto would make a client per call against ``localhost`` and the port in MOTO_PORT.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.patching import replace

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

_ENGINE = "moto.stepfunctions.parser."


def session_name(role: str) -> str:
    """Name of the sessions of a role: 32 characters, as Step Functions makes them up.

    The same for every execution, so that each client is made once.
    """
    return sha256(role.encode()).hexdigest()[:32]


def patch(world: World) -> None:
    """Replace the engine's client factory, wherever it has been imported by name.

    Args:
        world: makes the clients.
    """
    from moto.stepfunctions.parser.asl.utils import boto_client

    def boto_client_for(region: str, service: str, state_credentials: Any) -> Any:
        # Of the state machine's role, or the one that the state's Credentials name.
        role = state_credentials.role_arn
        return world.client(service, region, world.session(role, session_name(role)).key)

    replace(boto_client, boto_client_for=boto_client_for)
    for name, module in list(sys.modules.items()):
        if name.startswith(_ENGINE) and hasattr(module, "boto_client_for"):
            replace(module, boto_client_for=boto_client_for)
