"""Do several things at once, and wait no longer than one is willing to."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


def side_by_side(tasks: Mapping[str, Callable[[], T]], seconds: float) -> dict[str, T | Exception]:
    """Run tasks side by side.

    Args:
        tasks: name to task.
        seconds: how long to wait for all of them.

    Returns:
        Name to what the task returned or raised; those that did not end in time are left out.
    """
    answers: SimpleQueue[tuple[str, T | Exception]] = SimpleQueue()

    def work(name: str, task: Callable[[], T]) -> None:
        try:
            answers.put((name, task()))
        except Exception as error:  # noqa: BLE001 - handed to whoever asked
            answers.put((name, error))

    for name, task in tasks.items():
        # A thread that hangs in a call must not keep the command from ending.
        Thread(target=work, args=(name, task), daemon=True).start()
    found: dict[str, T | Exception] = {}
    end = time.monotonic() + seconds
    while len(found) < len(tasks):
        try:
            name, answer = answers.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            break
        found[name] = answer
    return found
