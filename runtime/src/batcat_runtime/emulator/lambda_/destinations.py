"""Where a function's asynchronous invocations may be told of."""

from __future__ import annotations

from batcat_runtime.emulator.protocol import NotEmulated
from batcat_runtime.emulator.sending import kind_of

DESTINATIONS = ("sqs", "sns", "lambda")


def check_destination(arn: str | None, kinds: tuple[str, ...] = DESTINATIONS) -> None:
    """Refuse a destination that is not emulated.

    Raises:
        NotEmulated: names it.
    """
    if arn and kind_of(arn) not in kinds:
        raise NotEmulated(f"lambda destination {arn}", f"Use one of {', '.join(kinds)}.")
