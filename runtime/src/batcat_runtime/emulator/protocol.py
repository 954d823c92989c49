"""What a service of our own says when it cannot do what was asked.

A handler raises :class:`ServiceError` with the error code of the real service;
:class:`NotEmulated` is for what AWS would do and this server does not.
"""

from __future__ import annotations

NOT_EMULATED = "NotEmulated"
NOT_EMULATED_STATUS = 501
"""HTTP status of a refusal.

botocore retries 500, 502, 503, 504 and 509 only (``botocore/data/_retry.json`` and
``botocore/retries/standard.py``), so a client stops at once.
"""


class ServiceError(Exception):
    """An answer that is an error, in the words of the real service.

    Args:
        code: error code, e.g. ``ResourceInUse``.
        message: message as the service words it.
        status: HTTP status; 4xx is the caller's fault.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class NotEmulated(ServiceError):  # noqa: N818 - it is the error code that clients see
    """AWS may do this; the local AWS does not, and says so by name.

    Args:
        what: what was asked for, e.g. ``sagemaker CreateAutoMLJob``.
        instead: what to do about it, if there is something.
    """

    def __init__(self, what: str, instead: str = "") -> None:
        hint = f" {instead}" if instead else ""
        super().__init__(
            NOT_EMULATED,
            f"{what} is not emulated by batcat local.{hint}",
            NOT_EMULATED_STATUS,
        )
