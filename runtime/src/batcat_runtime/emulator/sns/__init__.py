"""Extension of moto's SNS: messages that arrive, and checks of what it takes as it comes.

::

    topics         attributes, names and messages that AWS would refuse
    subscriptions  endpoints, their attributes, and those that wait for a confirmation
    delivery       what a queue or a function receives
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


def install(world: World) -> None:
    """Make moto's SNS deliver, and as strict as AWS's.

    Args:
        world: the server it happens in.
    """
    from . import delivery, subscriptions, topics

    topics.patch()
    subscriptions.patch()
    delivery.patch(world)
