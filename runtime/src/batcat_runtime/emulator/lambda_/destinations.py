"""Where a function's asynchronous invocations may be told of, and by which role.

Lambda asks when the function is configured whether the function's own role may tell the place; a
queue's policy does not count (github.com/elastic/beats issue 13963, with the message;
github.com/gmetzker/serverless-plugin-lambda-dead-letter issue 40).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.emulator.iam.guard import guard_of
from batcat_runtime.emulator.needs import Need
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError
from batcat_runtime.emulator.sending import kind_of

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

DESTINATIONS = ("sqs", "sns", "lambda")
DEAD_LETTERS = ("sqs", "sns")
CALLS = {
    "sqs": ("SendMessage", "SQS"),
    "sns": ("Publish", "SNS"),
    "lambda": ("InvokeFunction", "Lambda"),
}
"""Kind of a place to the call that tells it, and its service in Lambda's words."""


def check_destination(
    world: World, role: str, arn: str | None, kinds: tuple[str, ...] = DESTINATIONS
) -> None:
    """Refuse a place that is not emulated, or that a function's role may not tell.

    Args:
        world: whose policies count.
        role: the function's.
        arn: the place; nothing is right.
        kinds: of place that fit.

    Raises:
        NotEmulated: names the place.
        ServiceError: InvalidParameterValueException.
    """
    if not arn:
        return
    kind = kind_of(arn)
    if kind not in kinds:
        raise NotEmulated(f"lambda destination {arn}", f"Use one of {', '.join(kinds)}.")
    call, service = CALLS[kind]
    if not guard_of(world).may(role, Need(f"{kind}:{call}", arn), arn.split(":")[3]):
        raise ServiceError(
            "InvalidParameterValueException",
            f"The provided execution role does not have permissions to call {call} on {service}",
        )
