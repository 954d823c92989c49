"""The way in to a server."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from batcat_runtime import secrets

from .answers import NO_RIGHT, ServerError, translated

if TYPE_CHECKING:
    from .login import Login

_GRACE = 15  # seconds in which a server may still say that its limit has passed
_PREPARED = 4  # statements that the server keeps for ``Session.run_often``


def connect(login: Login, timeout: float | None, writes: bool) -> Any:
    """Connect; with a password that was rotated meanwhile, once more with the new one.

    Args:
        login: where, and as whom.
        timeout: seconds that one statement may take; None for no limit.
        writes: keep statements prepared that are run often.

    Returns:
        The driver's connection.

    Raises:
        ServerError, LostError: there is no way in.
    """
    from redshift_connector.core import Connection

    def attempt(user: str, password: str) -> Any:
        # Made in two steps, because the driver leaves its socket open when it cannot log in.
        made = Connection.__new__(Connection)
        try:
            with translated():
                made.__init__(  # type: ignore[misc]
                    user=user,
                    password=password,
                    database=login.database,
                    host=login.host,
                    port=login.port,
                    ssl=login.ssl,
                    sslmode="verify-full",
                    timeout=None if timeout is None else math.ceil(timeout + _GRACE),
                    application_name="batcat-runtime",
                    max_prepared_statements=_PREPARED if writes else 0,
                )
        except BaseException:
            with suppress(AttributeError, OSError):
                made._usock.close()  # noqa: SLF001
            raise
        return made

    def refused(error: Exception) -> bool:
        return isinstance(error, ServerError) and error.code.startswith(NO_RIGHT)

    return secrets.login(attempt, (login.user, login.password), refused)
