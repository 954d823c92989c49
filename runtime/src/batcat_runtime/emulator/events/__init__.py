"""Events that arrive: EventBridge rules, S3 notifications and EventBridge Scheduler.

::

    patterns    pure: which events a pattern matches, and which patterns are right
    targets     what a rule or schedule may call, and how it is called
    rules       PutRule and PutTargets over moto's EventBridge, and what rules do with events
    entries     what PutEvents refuses
    delivery    tries, tries again, and puts aside what cannot be delivered
    s3_events   S3 notifications: to EventBridge, and to Lambda
    schedules   pure: when an expression is due next
    clock       one thread that sleeps until the next due time
    scheduler   EventBridge Scheduler, a service of our own
    scheduled   one schedule
    groups      groups of schedules
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


def install(world: World) -> None:
    """Make moto's EventBridge and S3 deliver events.

    Args:
        world: the server the events happen in.
    """
    from . import rules, s3_events

    rules.patch(world)
    s3_events.patch(world)
