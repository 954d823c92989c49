"""Every error this package raises on purpose.

Each says what was wrong, where, and what to do, and inherits from the builtin a caller would
expect, so ``except ValueError`` keeps working::

    BatCatError
    ├── ConfigError        (ValueError)       a configuration file or value is wrong
    ├── DataError          (ValueError)       data cannot be read as what it claims to be
    ├── MissingError       (LookupError)      a file, bucket, object or stack does not exist
    ├── AccessError        (PermissionError)  no way in: network, credentials, rights
    ├── MissingExtraError  (ImportError)      an optional dependency is not installed
    ├── ServiceError       (RuntimeError)     AWS refuses a request, or stays too busy for it
    ├── DeployError        (RuntimeError)     a stack could not be planned or applied
    └── ExecutionError     (RuntimeError)     an execution or a step did not succeed
"""

from __future__ import annotations


class BatCatError(Exception):
    """Base of every error raised on purpose."""


class ConfigError(BatCatError, ValueError):
    """A configuration file or value is wrong."""


class DataError(BatCatError, ValueError):
    """Data cannot be read as what it claims to be."""


class MissingError(BatCatError, LookupError):
    """A file, bucket, object or stack does not exist."""


class AccessError(BatCatError, PermissionError):
    """Something cannot be reached, or the credentials are absent, expired or not sufficient."""


class MissingExtraError(BatCatError, ImportError):
    """An optional dependency is not installed.

    Args:
        package: the distribution that could not be imported.
        extra: the extra of batcat-runtime that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed; run: pip install 'batcat-runtime[{extra}]'",
        )


class ServiceError(BatCatError, RuntimeError):
    """AWS refuses a request, or stays too busy for it; AWS's own answer is the ``__cause__``.

    Args:
        message: what was wrong, where, and what to do.
        code: AWS's name of the error, for example ``SlowDown``.
        reason: why, in AWS's own words.
    """

    def __init__(self, message: str, code: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.code, self.reason = code, reason


class DeployError(BatCatError, RuntimeError):
    """A stack could not be planned or applied."""


class ExecutionError(BatCatError, RuntimeError):
    """An execution or one of its steps did not succeed."""
