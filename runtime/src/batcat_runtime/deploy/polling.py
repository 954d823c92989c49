"""Wait for AWS: look often at first, then less and less."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST_SECONDS = 0.05
LONGEST_SECONDS = 3.0
SHARE = 0.05
"""A pause is this share of the time waited so far: whoever waits learns of the end that late."""


def pauses(limit: float | None = None) -> Iterator[float]:
    """Sleep a little longer at each step of a loop; the first step comes at once.

    Args:
        limit: seconds after which the loop ends; None never ends it.

    Yields:
        Seconds since the beginning.
    """
    begin, passed = time.monotonic(), 0.0
    while limit is None or passed <= limit:
        yield passed
        time.sleep(min(max(SHORTEST_SECONDS, passed * SHARE), LONGEST_SECONDS))
        passed = time.monotonic() - begin
