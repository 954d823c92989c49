"""Order resources so that each comes after what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping


def ordered(dependencies: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Names such that each follows its dependencies; ties keep the template's order.

    Args:
        dependencies: name to the names it needs, all of which are keys too.

    Raises:
        ValidationError: the dependencies form a circle.
    """
    done: dict[str, None] = {}
    waiting = dict(dependencies)
    while waiting:
        ready = [name for name, needs in waiting.items() if needs <= done.keys()]
        if not ready:
            circle = ", ".join(sorted(_in_circles(waiting)))
            raise ValidationError(f"Circular dependency between resources: [{circle}]")
        # One at a time, so that a resource is not postponed behind others of the same rank.
        done[ready[0]] = None
        del waiting[ready[0]]
    return tuple(done)


def _in_circles(waiting: Mapping[str, frozenset[str]]) -> set[str]:
    """Names of what waits on itself, without what merely waits on those."""
    left = dict(waiting)
    while True:
        needed = frozenset().union(*left.values())
        kept = {name: needs for name, needs in left.items() if name in needed}
        if len(kept) == len(left):
            return set(kept)
        left = kept
