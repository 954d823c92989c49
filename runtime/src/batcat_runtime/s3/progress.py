"""How far a long transfer is: a bar on a terminal, a log line per 10 % anywhere else.

A transfer that ends within two seconds says nothing.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from batcat_runtime.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

_QUIET = 2.0  # seconds without a word
_REDRAW = 0.1  # seconds between two drawings of the bar
_BAR = 24  # signs
_MB = 1024 * 1024


class Progress:
    """Counts bytes, or something else, from any thread, and shows them when it takes long.

    Args:
        doing: what is being done, for example ``read s3://bucket/key``.
        total: how many in all; 0 when that is not known, and then nothing is shown.
        clock: gives seconds; replaced in tests.
        unit: what is counted; by default bytes, which are shown as MB.
    """

    def __init__(
        self,
        doing: str,
        total: int = 0,
        clock: Callable[[], float] = time.monotonic,
        unit: str = "MB",
    ) -> None:
        self._doing, self._total, self._clock, self._unit = doing, total, clock, unit
        self._begin: float | None = None
        self._lock = threading.Lock()
        self._done = 0
        self._tenths = 0
        self._drawn = 0.0
        self._shown = False

    def expect(self, size: int) -> None:
        """Raise the total by so many that have become known."""
        with self._lock:
            self._total += size

    def add(self, size: int) -> None:
        """Count; negative when something has to be done again."""
        with self._lock:
            self._done += size
            now = self._clock()
            if self._begin is None:  # not before: a first client takes its time, too
                self._begin = now
            seconds = now - self._begin
            if seconds >= _QUIET and self._total:
                self._show(now, seconds)

    def _show(self, now: float, seconds: float) -> None:
        share = min(self._done / self._total, 1.0)
        one = _MB if self._unit == "MB" else 1
        rate = f"{self._done / one / seconds:.0f} {self._unit}/s"
        told = f"{self._done // one} of {self._total // one} {self._unit}, {rate}"
        if sys.stderr.isatty():
            if now - self._drawn >= _REDRAW:
                bar = "#" * int(share * _BAR)
                sys.stderr.write(f"\r{self._doing} [{bar:.<{_BAR}}] {share:4.0%} {told}\x1b[K")
                sys.stderr.flush()
                self._drawn, self._shown = now, True
        elif int(share * 10) > self._tenths:
            self._tenths = int(share * 10)
            get_logger("batcat_runtime").info("%s: %d %% (%s)", self._doing, share * 100, told)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
