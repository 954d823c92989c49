"""Wait for AWS: soon at first, then less and less often."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_SECONDS = 0.05
LONGEST_SECONDS = 3.0
GROWTH = 1.25


def pauses(limit: float | None = None) -> Iterator[float]:
    """Sleep a little longer at each step of a loop; the first step comes at once.

    Args:
        limit: seconds after which the loop ends; None never ends it.

    Yields:
        Seconds since the beginning.
    """
    begin = time.monotonic()
    pause = FIRST_SECONDS
    yield 0.0
    while limit is None or time.monotonic() - begin < limit:
        time.sleep(pause)
        pause = min(pause * GROWTH, LONGEST_SECONDS)
        yield time.monotonic() - begin
