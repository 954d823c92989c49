"""What a server answers instead of a result, and connections that break, as our errors."""

from __future__ import annotations

import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING

from batcat_runtime.aws import explained as explained_by_aws
from batcat_runtime.errors import (
    AccessError,
    BatCatError,
    ConfigError,
    DataError,
    ExecutionError,
    MissingError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_TORN = (EOFError, struct.error, IndexError, KeyError, TypeError, ValueError, AttributeError)
# Source: PostgreSQL, "Error Codes".
NO_RIGHT = ("28", "42501")
_ABSENT = ("42P01", "42703", "3D000", "3F000", "42883")
_BAD_VALUES = ("22", "23")  # what a type, and what a table does not allow
_CANCELLED = "57014"
_INTERNAL = ("XX000",)
_NOT_ALLOWED = ("not authorized", "access denied", "accessdenied", "invalidaccesskeyid", "expired")


class ServerError(Exception):
    """What the server answered instead of a result.

    Args:
        told: fields of the answer by their letter, as the protocol has them.

    Attributes:
        code: its SQLSTATE.
        refuses: it does not let the caller, or the role that was named, do this.
        rejects: a COPY found values that it cannot load.
    """

    def __init__(self, told: dict[str, str]) -> None:
        self.code = told.get("C", "")
        parts = (told.get("M", "no reason given"), told.get("D", ""), told.get("H", ""))
        text = "; ".join(" ".join(part.split()) for part in parts if part)
        super().__init__(text)
        # COPY and UNLOAD say all in one code, and what they mean in words.
        of_s3 = self.code in _INTERNAL and any(word in text.lower() for word in _NOT_ALLOWED)
        self.refuses = of_s3 or self.code.startswith(NO_RIGHT)
        self.rejects = not of_s3 and self.code.startswith((*_BAD_VALUES, *_INTERNAL))


class LostError(Exception):
    """The connection broke, or the server does not answer any more."""


@contextmanager
def translated() -> Iterator[None]:
    """Tell the server's answers from broken connections in what the driver raises inside.

    Raises:
        ServerError: the server refused something, or could not do it.
        LostError: the connection broke, or the server does not answer any more.
        ConfigError: a value cannot be bound.
    """
    from redshift_connector import error as driver

    try:
        yield
    except (driver.NotSupportedError, driver.DataError) as error:
        raise ConfigError(f"a value cannot be bound: {error}") from error
    except driver.Error as error:
        error.__context__ = None  # where the driver did not find the statement in its memory
        if error.args and isinstance(error.args[0], dict):
            raise ServerError(error.args[0]) from error
        raise LostError(", ".join(map(str, error.args)).rstrip(".")) from error
    except TimeoutError as error:
        raise LostError("no answer within the limit") from error
    except OSError as error:
        told = "no answer within the limit" if "timed out" in str(error) else str(error)
        raise LostError(told) from error
    except _TORN as error:
        raise LostError("the answer broke off in the middle") from error


@contextmanager
def explained(doing: str, timeout: float | None = None) -> Iterator[None]:
    """Turn what goes wrong inside the block into this package's errors.

    Args:
        doing: what was being done and to what, for example ``read from redshift://…``.
        timeout: seconds that a statement may take, if that is limited.

    Raises:
        AccessError: no way in, no right to do it, or the connection broke.
        MissingError: a database, schema, table, column or function does not exist.
        DataError: a value is not what its type allows.
        ExecutionError: a statement failed, was cancelled or took longer than its limit.
    """
    try:
        yield
    except ServerError as error:
        raise _ours(error, doing, timeout) from error
    except LostError as error:
        raise AccessError(
            f"cannot {doing}: {error}; check host, port and network (security group, VPC, VPN), "
            "and that the cluster is available, then try again",
        ) from error


def _ours(error: ServerError, doing: str, timeout: float | None) -> BatCatError:
    told = f"cannot {doing}: {error} ({error.code})"
    if error.refuses and error.code in _INTERNAL:
        return AccessError(
            f"{told}; check that the cluster may assume the role, and what the role allows in S3"
        )
    if error.refuses:
        return AccessError(f"{told}; check user, password and what the user is granted")
    if error.code in _ABSENT:
        return MissingError(
            f"{told}; check the name, the schema and the database; names in double quotes with "
            "capital letters need case_sensitive=True",
        )
    if error.code.startswith(_BAD_VALUES):
        return DataError(f"{told}; correct the value or the query")
    if error.code == _CANCELLED:
        limit = "" if timeout is None else f"timeout={timeout:g} s or "
        return ExecutionError(
            f"{told}; it was cancelled, or took longer than {limit}the server allows; give "
            "timeout= more seconds, or ask for less",
        )
    return ExecutionError(f"{told}; correct the statement")


@contextmanager
def service_explained(doing: str, advice: str) -> Iterator[None]:
    """Turn what Redshift's services answer inside the block into this package's errors.

    Args:
        doing: what was being done and to what, for example ``find the Redshift cluster c1``.
        advice: what to do when it does not exist or is refused.

    Raises:
        MissingError: a cluster, workgroup or secret does not exist.
        ExecutionError: the Data API cannot carry it out.
        AccessError, ConfigError, ServiceError: as ``aws.explained``.
    """
    from botocore.exceptions import ClientError

    with explained_by_aws(doing, advice):
        try:
            yield
        except ClientError as error:
            told = error.response.get("Error", {})
            code, message = told.get("Code", ""), told.get("Message", "")
            # Source: botocore, redshift, redshift-serverless and redshift-data.
            if code in {"ClusterNotFound", "ResourceNotFoundException"}:
                raise MissingError(f"cannot {doing}: {message} ({code}); {advice}") from error
            if code == "ValidationException":
                raise ConfigError(f"cannot {doing}: {message} ({code}); correct it") from error
            if code in _FAILED:
                raise ExecutionError(f"cannot {doing}: {message} ({code}); {advice}") from error
            raise


# Source: botocore, redshift-data.
_FAILED = {
    "ActiveSessionsExceededException",
    "ActiveStatementsExceededException",
    "ActiveWaitingRequestsExceededException",
    "BatchExecuteStatementException",
    "DatabaseConnectionException",
    "ExecuteStatementException",
    "QueryTimeoutException",
}
