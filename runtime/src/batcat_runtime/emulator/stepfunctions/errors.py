"""Errors of the engine reach the client under their names.

moto's engine has exception classes of its own, with the name in ``code``, where moto's answers
look for it in ``TYPE``: a client would see an error without a code.
"""

from __future__ import annotations

import inspect
from typing import Any


def patch() -> None:
    """Give every exception of the engine's API the name it goes by."""
    from moto.core.exceptions import AWSError
    from moto.stepfunctions.parser import api

    for _, kind in inspect.getmembers(api, inspect.isclass):
        if issubclass(kind, AWSError) and kind is not AWSError:
            _name(kind)


def _name(kind: Any) -> None:
    kind.TYPE = getattr(kind, "code", None) or kind.__name__
    kind.STATUS = getattr(kind, "status_code", None) or 400
