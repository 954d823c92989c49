"""One clock for everything that happens at a time: it sleeps until the next due time.

Time is read in one place, so that it can be turned: tests pass a ``now`` of their own, and
``BATCAT_LOCAL_CLOCK_SPEED=600`` makes the whole server's schedules run 600 times as fast.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

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
        self.now = now or real_now()
        self._speed = float(os.environ.get(SPEED) or 1)
        self._due: dict[str, Due] = {}
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._running = False

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


_clocks: dict[int, Clock] = {}
_lock = threading.Lock()


def clock_of(world: World) -> Clock:
    """The clock of a server, started; the same one for all its schedules."""
    with _lock:
        clock = _clocks.get(id(world))
        if clock is None:
            clock = _clocks[id(world)] = Clock()
            clock.start()
            world.closing.append(clock.stop)
        return clock
