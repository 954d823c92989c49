"""Asynchronous invocations: tried again when they fail, and told of when they fail for good.

Sources: "How Lambda handles errors and retries with asynchronous invocation" and "Capturing records
of Lambda asynchronous invocations" in the Lambda developer guide. Waits follow the server's clock.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator.events.clock import clock_of
from batcat_runtime.emulator.needs.lambda_ import FUNCTIONS
from batcat_runtime.emulator.sending import Sender, UndeliveredError, send

from .invocation import Invocation
from .metrics import tell

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

    from .function import Function
    from .invocation import Outcome

WAITS = (60, 120)
"""Seconds before the second and third attempt."""

MOST_RETRIES, LONGEST_AGE = 2, 21_600
PRINCIPAL = "lambda.amazonaws.com"
UNHANDLED = "200"


@dataclass
class Later:
    """One asynchronous invocation.

    Attributes:
        world: where it runs.
        function: what to run.
        event: its event.
        begun: when it was asked for.
        request_id: the same for all attempts.
        tried: how many attempts there were.
    """

    world: World
    function: Function
    event: Any
    begun: datetime
    request_id: str
    tried: int = 0

    @classmethod
    def of(cls, world: World, function: Function, event: Any) -> Later:
        """An invocation that is asked for now."""
        return cls(world, function, event, clock_of(world).now(), str(uuid4()))

    def start(self) -> None:
        """Try in a thread of its own."""
        Thread(target=self._attempt, daemon=True).start()

    def _attempt(self) -> None:
        functions = self.world.shared(FUNCTIONS, dict)
        if functions.get((self.function.region, self.function.name)) is not self.function:
            return  # it was deleted meanwhile
        invocation = Invocation(self.world, self.function, self.event)
        invocation.request_id = self.request_id
        try:
            outcome = tell(self.world, self.function, invocation.run())
        except Exception:
            if self.world.stopping.is_set():  # its logs have nowhere to go any more
                return
            raise
        self.tried += 1
        if not outcome.failed:
            self._report("OnSuccess", "Success", outcome)
            return
        settings = self.function.later
        clock = clock_of(self.world)
        if self.tried > settings.get("MaximumRetryAttempts", MOST_RETRIES):
            self._give_up("RetriesExhausted", outcome)
            return
        due = clock.now() + timedelta(seconds=WAITS[self.tried - 1])
        age = timedelta(seconds=settings.get("MaximumEventAgeInSeconds", LONGEST_AGE))
        if due > self.begun + age:
            self._give_up("EventAgeExceeded", outcome)
            return

        def again(_: datetime) -> None:
            self.start()

        clock.set(f"lambda retry {uuid4()}", due, again)

    def _give_up(self, condition: str, outcome: Outcome) -> None:
        self._report("OnFailure", condition, outcome)
        queue = (self.function.settings.get("DeadLetterConfig") or {}).get("TargetArn")
        if queue:
            error = json.loads(outcome.payload)
            told = {
                "RequestID": self.request_id,
                "ErrorCode": UNHANDLED,
                "ErrorMessage": str(error.get("errorMessage"))[:1024],
            }
            attributes = {
                name: {"DataType": "String", "StringValue": value} for name, value in told.items()
            }
            self._send(queue, json.dumps(self.event), MessageAttributes=attributes)

    def _report(self, which: str, condition: str, outcome: Outcome) -> None:
        places = self.function.later.get("DestinationConfig") or {}
        arn = (places.get(which) or {}).get("Destination")
        if arn:
            self._send(arn, json.dumps(self._record(condition, outcome)))

    def _record(self, condition: str, outcome: Outcome) -> dict[str, Any]:
        now = clock_of(self.world).now()
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
        if outcome.failed:
            context["functionError"] = "Unhandled"
        return {
            "version": "1.0",
            "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z",
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": f"{self.function.arn}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": self.tried,
            },
            "requestPayload": self.event,
            "responseContext": context,
            "responsePayload": json.loads(outcome.payload),
        }

    def _send(self, arn: str, text: str, **options: Any) -> None:
        sender = Sender(PRINCIPAL, self.function.arn, self.function.settings["Role"])
        try:
            send(self.world, arn, text, sender, **options)
        except UndeliveredError as error:
            sys.stderr.write(
                f"batcat local: {self.function.name} could not tell {arn} of a failure: {error}\n"
            )
