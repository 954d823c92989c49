"""What a service of our own acts on, and pages of what it lists."""

from __future__ import annotations

import base64
from typing import Any, TypeVar

from .protocol import NotEmulated, ServiceError

T = TypeVar("T")


def only(operation: str, request: dict[str, Any], *names: str) -> None:
    """Refuse by name the parameters that would have no effect.

    Args:
        operation: service and operation, e.g. ``glue CreateTable``.
        request: the parameters.
        names: those that have their effect.

    Raises:
        NotEmulated: there are others.
    """
    others = [name for name, value in request.items() if value is not None and name not in names]
    if others:
        raise NotEmulated(f"{operation} parameter {', '.join(others)}")


def page(
    items: list[T], size: int, token: str | None, code: str = "InvalidInputException"
) -> tuple[list[T], str | None]:
    """A page, and the token of the next: the place where it starts, made opaque.

    Args:
        items: everything, in order.
        size: how many fit on a page.
        token: from the page before, or None for the first.
        code: error code for a token that is none.

    Raises:
        ServiceError: the token was not made here.
    """
    try:
        start = int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError:
        raise ServiceError(code, f"Invalid NextToken: {token}") from None
    end = start + size
    more = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else None
    return items[start:end], more
