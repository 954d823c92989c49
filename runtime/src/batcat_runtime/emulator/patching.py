"""Replace parts of moto, which has no other way to extend what it does."""

from __future__ import annotations

from typing import Any


def replace(owner: Any, **parts: Any) -> None:
    """Give a class or module of moto other methods, functions or values.

    Args:
        owner: the class or module.
        parts: name to what takes its place.

    Raises:
        AttributeError: moto has no such part any more; the extension must be looked at again.
    """
    for name, part in parts.items():
        getattr(owner, name)
        setattr(owner, name, part)
