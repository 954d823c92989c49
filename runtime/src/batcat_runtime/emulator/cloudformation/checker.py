"""Asks the process that knows cfn-lint and SAM, and starts and stops it."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from threading import RLock, Timer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

IDLE_SECONDS = 15.0
"""How long the process stays without a question; the next one waits for a new start."""

MODULE = "batcat_runtime.emulator.cloudformation.checking"


class CheckerError(RuntimeError):
    """The checking process failed or ended; the message says why."""


class Checker:
    """One process, started when it is needed and stopped when it is idle."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._process: subprocess.Popen[str] | None = None
        self._timer: Timer | None = None

    def ask(self, do: str, **arguments: Any) -> Any:
        """Answer of one of :mod:`checking`'s functions.

        Raises:
            CheckerError: the function failed, or the process ended.
        """
        with self._lock:
            process = self.start()
            if process.stdin is None or process.stdout is None:
                raise CheckerError("the process that checks templates has no pipes")
            try:
                process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except BrokenPipeError:
                line = ""
            self._stop_later()
        if not line:
            self.stop()
            raise CheckerError("the process that checks templates ended; its last words are above")
        answer = json.loads(line)
        if "failure" in answer:
            raise CheckerError(f"checking a template failed: {answer['failure']}")
        return answer["result"]

    def start(self) -> subprocess.Popen[str]:
        """The process, started if it is not there."""
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self.stop()
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", MODULE],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    # Away from the project, whose files would be imported and read as settings.
                    cwd=sys.prefix,
                )
            return self._process

    def stop(self) -> None:
        """End the process, if there is one."""
        process = self._process
        if process is None:
            return
        process.kill()  # Before the lock: whoever waits for an answer holds it, and is let go.
        with self._lock:
            if self._timer:
                self._timer.cancel()
            self._process = self._timer = None
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
            process.wait()

    def _stop_later(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = Timer(IDLE_SECONDS, lambda: self._stop_idle(timer))
        timer = self._timer
        timer.daemon = True
        timer.start()

    def _stop_idle(self, timer: Timer) -> None:
        with self._lock:
            if timer is self._timer:  # Else somebody has asked in between.
                self.stop()


CHECKER = Checker()
atexit.register(CHECKER.stop)


def warm(world: World) -> None:
    """Load what the first template needs; returns when it is there."""
    if CHECKER.stop not in world.closing:
        world.closing.append(CHECKER.stop)
    CHECKER.ask("warmed", region=world.region)
