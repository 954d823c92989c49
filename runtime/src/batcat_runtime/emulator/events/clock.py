"""One clock for everything that happens at a time: it sleeps until the next due time.

Time is read in one place, so that it can be turned: ``LocalAws.turn_clock(hours=8)`` lets
everything happen that is due within eight hours, and ``BATCAT_LOCAL_CLOCK_SPEED=600`` makes the
whole server's clock run 600 times as fast.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from batcat_runtime.emulator.protocol import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator.world import World

SPEED = "BATCAT_LOCAL_CLOCK_SPEED"
LONGEST_SLEEP = 3600.0
"""The thread looks at the time at least this often, in seconds: laptops sleep."""


def real_now() -> Callable[[], datetime]:
    """A function that tells the time, as fast as the environment says."""
    speed = float(os.environ.get(SPEED) or 1)
    started, since = datetime.now(timezone.utc), time.monotonic()
    if speed == 1:
        return lambda: datetime.now(timezone.utc)
    return lambda: started + timedelta(seconds=(time.monotonic() - since) * speed)


@dataclass(frozen=True)
class Due:
    """Something to happen.

    Attributes:
        when: at what time.
        action: what; called with ``when``, returns when it happens next or None.
    """

    when: datetime
    action: Callable[[datetime], datetime | None]


class Clock:
    """Calls actions when they are due.

    Args:
        now: tells the time; None for the real one.
    """

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self._real_now = now or real_now()
        self._ahead = timedelta()
        self._speed = float(os.environ.get(SPEED) or 1)
        self._due: dict[str, Due] = {}
        self._lock = threading.RLock()
        self._acting = threading.RLock()
        self._wake = threading.Event()
        self._running = False

    def now(self) -> datetime:
        """The time on this clock."""
        return self._real_now() + self._ahead

    def turn(self, forward: timedelta) -> datetime:
        """Move the hands forward; whatever is due meanwhile happens, each at its own time.

        Args:
            forward: how far.

        Returns:
            The time it is then.
        """
        with self._acting:
            until = self.now() + forward
            while (due := self._earliest()) is not None and due.when <= until:
                self._ahead += max(due.when - self.now(), timedelta())
                self.tick()
            self._ahead += max(until - self.now(), timedelta())
            self.tick()
        self._wake.set()
        return self.now()

    def set(
        self,
        key: str,
        when: datetime | None,
        action: Callable[[datetime], datetime | None],
    ) -> None:
        """Let something happen at a time, in place of what had this key.

        Args:
            key: name of the thing.
            when: at what time; None means never.
            action: called with that time; returns when it happens next, or None.
        """
        with self._lock:
            self._due.pop(key, None)
            if when is not None:
                self._due[key] = Due(when, action)
        self._wake.set()

    def start(self) -> None:
        """Start the thread, unless it runs."""
        with self._lock:
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._run, daemon=True, name="clock").start()

    def stop(self) -> None:
        """Let the thread end."""
        self._running = False
        self._wake.set()

    def tick(self) -> float | None:
        """Call everything that is due, in order of time.

        Returns:
            Seconds until something is due, or None when nothing is.
        """
        with self._acting:
            return self._tick()

    def _earliest(self) -> Due | None:
        with self._lock:
            return min(self._due.values(), key=lambda due: due.when, default=None)

    def _tick(self) -> float | None:
        while True:
            with self._lock:
                if not self._due:
                    return None
                key = min(self._due, key=lambda name: self._due[name].when)
                due = self._due[key]
                left = (due.when - self.now()).total_seconds()
                if left > 0:
                    return left
            following = self._call(due)
            with self._lock:
                if self._due.get(key) is due:  # the action may have changed or removed it
                    del self._due[key]
                    if following is not None:
                        self._due[key] = Due(following, due.action)

    def _call(self, due: Due) -> datetime | None:
        try:
            return due.action(due.when)
        except Exception:  # noqa: BLE001 - one schedule's failure must not stop the others
            traceback.print_exc(file=sys.stderr)
            return None

    def _run(self) -> None:
        while self._running:
            self._wake.clear()
            left = self.tick()
            seconds = LONGEST_SLEEP if left is None else left / self._speed
            self._wake.wait(min(seconds, LONGEST_SLEEP))


def clock_of(world: World) -> Clock:
    """The clock of a server, started; the same one for all its schedules."""

    def make() -> Clock:
        clock = Clock()
        clock.start()
        world.closing.append(clock.stop)
        return clock

    found: Clock = world.shared("clock", make)
    return found


def turned(world: World, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Answer a request to turn a server's clock.

    Args:
        world: the server.
        body: JSON with the ``seconds`` to move forward.
    """
    try:
        forward = timedelta(seconds=float(json.loads(body)["seconds"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError("ValidationException", f"seconds must be a number: {error}") from error
    if forward < timedelta():
        raise ServiceError("ValidationException", "a clock turns forward only")
    now = clock_of(world).turn(forward)
    answer = json.dumps({"now": now.isoformat()}).encode()
    return 200, {"Content-Type": "application/json"}, answer
