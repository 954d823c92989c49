"""Pages of what a service lists."""

from __future__ import annotations

import base64
from typing import Any, TypeVar

from .protocol import ServiceError

T = TypeVar("T")


def page(items: list[T], size: int, token: str | None, code: str) -> tuple[list[T], str | None]:
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


def paged(
    name: str, items: list[Any], request: dict[str, Any], size: int, code: str
) -> dict[str, Any]:
    """A page as an answer: what ``NextToken`` and ``MaxResults`` of a request ask for.

    Args:
        name: the answer's member for the items.
        items: everything, in order.
        request: the parameters.
        size: how many fit on a page unless the request says so.
        code: error code for a token that is none.

    Raises:
        ServiceError: the token was not made here.
    """
    found, token = page(items, request.get("MaxResults") or size, request.get("NextToken"), code)
    return {name: found} | ({"NextToken": token} if token else {})
