"""Deliver an event: try, try again, and put aside what cannot be delivered.

Sources: "Event retry policy and using dead-letter queues" in the EventBridge user guide,
"Configuring a schedule's dead-letter queue" in the Scheduler user guide. What a missing permission
or a missing target stops is put aside at once; anything else is tried again with growing waits,
whose lengths AWS does not tell.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator import sending
from batcat_runtime.emulator.sending import Sender, UndeliveredError

from .clock import clock_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator.world import World

MOST_ATTEMPTS, LONGEST_AGE = 185, 86_400
"""Retries and seconds of a target without a retry policy."""

LONGEST_WAIT = 3600


@dataclass(frozen=True)
class Delivery:
    """Something on its way to a target.

    Attributes:
        world: where it happens.
        arn: the target.
        payload: what the target receives.
        sender: who sends it.
        label: what sends it, for the server's log.
        dead: ARN of the queue for what cannot be delivered, or None.
        letter: body of such a message.
        details: attributes of such a message, besides those of the failure.
        retries: how often to try again.
        age: how long to try, in seconds.
        report: hears by its name what becomes of it: each ``attempt``, and whether it ``failed``;
            at the end ``arrived`` or ``dropped``, and then of its letter ``dead`` or ``stuck``.
        options: what else the target's API takes.
    """

    world: World
    arn: str
    payload: str
    sender: Sender
    label: str
    dead: str | None = None
    letter: str = ""
    details: dict[str, str] = field(default_factory=dict)
    retries: int = MOST_ATTEMPTS
    age: int = LONGEST_AGE
    report: Callable[[str], None] = lambda _: None
    options: dict[str, Any] = field(default_factory=dict)

    def start(self) -> None:
        """Begin in a thread of its own."""
        begun = clock_of(self.world).now()
        beside(self.attempt, begun, 0)

    def attempt(self, begun: datetime, tried: int) -> None:
        """Try once.

        Args:
            begun: when the first attempt was.
            tried: how many attempts there were before.
        """
        self.report("attempt")
        try:
            sending.send(self.world, self.arn, self.payload, self.sender, **self.options)
        except UndeliveredError as error:
            self.report("failed")
            self._failed(error, begun, tried)
        else:
            self.report("arrived")

    def _failed(self, error: UndeliveredError, begun: datetime, tried: int) -> None:
        clock = clock_of(self.world)
        due = clock.now() + timedelta(seconds=min(2**tried, LONGEST_WAIT))
        if error.lasting:
            self._give_up(error, tried, "")
        elif tried >= self.retries:
            self._give_up(error, tried, "MaximumRetryAttempts")
        elif due > begun + timedelta(seconds=self.age):
            self._give_up(error, tried, "MaximumEventAgeInSeconds")
        else:

            def again(_: datetime) -> None:
                beside(self.attempt, begun, tried + 1)

            clock.set(f"retry {uuid4()}", due, again)

    def _give_up(self, error: UndeliveredError, tried: int, exhausted: str) -> None:
        self.report("dropped")
        said = f"batcat local: {self.label} could not reach {self.arn}: {error}\n"
        if self.dead is None:
            sys.stderr.write(said)
            return
        told = {**self.details, "ERROR_MESSAGE": error.message, "RETRY_ATTEMPTS": str(tried)}
        told.setdefault("ERROR_CODE", error.code)
        if "SCHEDULE_ARN" in told:
            told["ERROR_CODE"] = error.said or error.code
        if exhausted:
            told["EXHAUSTED_RETRY_CONDITION"] = exhausted
        attributes = {
            name: {"DataType": "String", "StringValue": value} for name, value in told.items()
        }
        options = {"MessageAttributes": attributes}
        try:
            sending.send(self.world, self.dead, self.letter, self._burying(), **options)
        except UndeliveredError as second:
            self.report("stuck")
            sys.stderr.write(f"{said}batcat local: nor its dead-letter queue: {second}\n")
        else:
            self.report("dead")

    def _burying(self) -> Sender:
        """A schedule's role sends to its dead letters as well; a rule's queue lets the rule in."""
        scheduled = "SCHEDULE_ARN" in self.details
        return self.sender if scheduled else replace(self.sender, role=None)


def beside(act: Callable[..., None], *arguments: Any) -> None:
    """Do something in a thread of its own."""
    threading.Thread(target=act, args=arguments, daemon=True).start()


def check_dead_letters(given: dict[str, Any] | None, name: str) -> str | None:
    """ARN of a dead-letter queue, if it is one.

    Args:
        given: DeadLetterConfig, or None.
        name: of the target, for the message.

    Raises:
        ServiceError: it is not the ARN of a standard queue.
    """
    from batcat_runtime.emulator.protocol import ServiceError

    arn = (given or {}).get("Arn")
    if arn and not sending.TARGETS["sqs"].fullmatch(arn):
        raise ServiceError(
            "ValidationException",
            f"DeadLetterConfig of {name} must have the ARN of a standard SQS queue, not {arn}",
        )
    return arn
