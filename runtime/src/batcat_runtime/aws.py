"""The one seam to AWS: it makes boto3 clients and turns AWS errors into ours.

Nobody above it makes a client. boto3 is imported at the first call, not before.
"""

from __future__ import annotations

import hashlib
import logging  # noqa: F401 - hooks of a fork run last to first, and a client logs
import os
import threading
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .errors import AccessError, BatCatError, ConfigError, MissingError, ServiceError
from .paths import in_processing_job

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLIENTS: dict[Any, Any] = {}
_SESSIONS: dict[Any, Any] = {}
_LOCK = threading.Lock()
_waited = False
_PATIENCE = 10.0  # seconds
_POOL = 32  # connections; as many as the threads that share a client
_ATTEMPTS = 5  # unless AWS_MAX_ATTEMPTS says otherwise

_MOMENTS = ("%a, %d %b %Y %H:%M:%S GMT", "%Y-%m-%dT%H:%M:%S.%fZ")

# What AWS answers (source where no other is given: botocore's models, and in that of S3 the list
# below ``Error``).
_FORBIDDEN, _THEIR_FAULT, _TOO_MANY = 403, 500, 429  # HTTP
_NOT_IMPLEMENTED, _UNAVAILABLE = 501, 503
# Source: Amazon S3 API Reference, "Error responses"; AWS STS, "Common errors".
_REFUSED = frozenset({
    "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "ExpiredToken",
    "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId",
    "InvalidSignatureException", "InvalidToken", "MissingAuthenticationToken", "NotAuthorized",
    "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip
_ABSENT = frozenset({
    "404", "EntityNotFoundException", "ExecutionDoesNotExist", "ImageNotFoundException",
    "NoSuchBucket", "NoSuchEntity", "NoSuchKey", "NotFound", "RepositoryNotFoundException",
    "ResourceNotFoundException", "StateMachineDoesNotExist",
})  # fmt: skip
# Source: botocore, retries/standard.py, without those that may also mean a quota.
_BUSY = frozenset({
    "BandwidthLimitExceeded", "EC2ThrottledException", "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled",
    "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling",
    "ThrottlingException", "TooManyRequestsException",
})  # fmt: skip
# S3 puts "KMS." in front of what KMS answered; what that means is in botocore's model of KMS.
_KNOWN: dict[str, tuple[type[BatCatError], str]] = {
    "KMS.DisabledException": (AccessError, "enable the KMS key, or use another"),
    "KMS.InvalidKeyUsageException": (ConfigError, "use a symmetric KMS key for encryption"),
    "KMS.KMSInvalidStateException": (
        AccessError,
        "look at the state of the KMS key (it may be about to be deleted), or use another",
    ),
    "KMS.NotFoundException": (
        MissingError,
        "check name, region and account of the KMS key that kms_key_id= or the bucket names",
    ),
    "InvalidObjectState": (AccessError, "it is in an archive; restore it, then try again"),
    "KeyTooLongError": (ConfigError, "a key has at most 1,024 bytes in UTF-8; shorten it"),
    "RequestTimeTooSkewed": (AccessError, "set this machine's clock"),
}


def client(service: str, region: str | None = None) -> Any:
    """Get a boto3 client; the same one each time, safe to share between threads.

    Args:
        service: name of the service as in boto3, for example ``s3``.
        region: AWS region; by default ``AWS_REGION``, ``AWS_DEFAULT_REGION`` or the profile's.

    Returns:
        A boto3 client. When an ``AWS_*`` variable changes, for example to another account, a new
        one is made.

    Raises:
        ConfigError: no region is known or it is none, the profile does not exist, or
            AWS_MAX_ATTEMPTS is no number.
    """
    region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    here = (_settings(), os.getpid())  # a forked process shares no connections
    key = (service, region, *here)
    with _LOCK:
        if key not in _CLIENTS:
            _CLIENTS[key] = _make(service, region, here)
        return _CLIENTS[key]


def _settings() -> bytes:
    """Sum up the variables of AWS; a digest, as tracebacks may show local variables."""
    told = sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))
    return hashlib.sha256(repr(told).encode(errors="surrogateescape")).digest()


def _wait() -> None:
    """Let a client that another thread makes be made before this process forks.

    In the child nobody would go on with it: neither with the lock nor with boto3's import.
    """
    global _waited  # noqa: PLW0603 - hooks of a fork have no other place
    _waited = _LOCK.acquire(timeout=_PATIENCE)


def _go_on() -> None:
    if _waited:
        _LOCK.release()


def _begin_anew() -> None:
    global _LOCK  # noqa: PLW0603 - its owner may be no thread of the child
    _LOCK = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(before=_wait, after_in_parent=_go_on, after_in_child=_begin_anew)


def _make(service: str, region: str | None, here: tuple[bytes, int]) -> Any:
    from botocore.config import Config
    from botocore.exceptions import InvalidRegionError, NoRegionError, ProfileNotFound

    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": _attempts()},
        max_pool_connections=_POOL,
        user_agent_extra="batcat-runtime",
    )
    try:
        if here not in _SESSIONS:
            _SESSIONS[here] = _session()
        return _SESSIONS[here].client(service, region_name=region, config=config)
    except NoRegionError as error:
        raise ConfigError(
            f"no region for {service}; set AWS_REGION, for example AWS_REGION=eu-central-1",
        ) from error
    except InvalidRegionError as error:
        raise ConfigError(f"{error}; a region looks like eu-central-1") from error
    except ValueError as error:  # botocore's own word for an endpoint that is no URL
        raise ConfigError(f"{error}; AWS_ENDPOINT_URL must be a URL such as http://…") from error
    except ProfileNotFound as error:
        raise ConfigError(f"{error}; run: aws configure list-profiles") from error


def _session() -> Any:
    """Make a session, which reads what all services share once: half of what a client costs.

    Only whoever holds the lock uses it, because a session is not safe between threads.
    """
    import boto3
    import botocore.session

    session = botocore.session.get_session()
    parsers = session.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=_moment)
    return boto3.session.Session(botocore_session=session)


def _attempts() -> int:
    told = os.environ.get("AWS_MAX_ATTEMPTS") or str(_ATTEMPTS)
    if not told.isdecimal() or not int(told):
        raise ConfigError(f"AWS_MAX_ATTEMPTS is {told!r}; it must be a whole number from 1")
    return int(told)


@lru_cache(maxsize=1024)
def _moment(told: Any) -> datetime:
    """Read a time as S3 writes it; botocore's own reading costs half of a small GetObject's CPU."""
    from botocore.utils import parse_timestamp

    if isinstance(told, str):
        for form in _MOMENTS:
            with suppress(ValueError):
                return datetime.strptime(told, form).replace(tzinfo=timezone.utc)
    moment: datetime = parse_timestamp(told)
    return moment


@lru_cache(maxsize=64)
def partition_of(region: str) -> str:
    """Name the partition of a region, as ARNs spell it.

    Args:
        region: AWS region, for example ``cn-north-1``.

    Returns:
        ``aws``, ``aws-cn``, ``aws-us-gov``, … as botocore's own tables say.

    Raises:
        ConfigError: no partition has such a region.
    """
    import botocore.session
    from botocore.exceptions import UnknownRegionError

    try:
        partition = botocore.session.get_session().get_partition_for_region(region)
    except UnknownRegionError as error:
        raise ConfigError(
            f"region {region!r} belongs to no known partition; a region looks like eu-central-1",
        ) from error
    return str(partition)


@contextmanager
def explained(doing: str, advice: str) -> Iterator[None]:
    """Turn what AWS answers inside the block into this package's errors.

    Args:
        doing: what was being done and to what, for example ``read s3://bucket/key``.
        advice: what to do when it does not exist.

    Raises:
        MissingError: AWS says that it does not exist.
        AccessError: AWS cannot be reached, or the credentials are absent, expired or insufficient.
        ConfigError: an argument is not what AWS allows, such as a bucket's name.
        ServiceError: AWS refuses it for another reason, or stays too busy for it.
    """
    from botocore import exceptions

    network = (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.IncompleteReadError,
    )
    no_credentials = (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.TokenRetrievalError,
        exceptions.SSOError,
    )
    try:
        yield
    except no_credentials as error:
        mend = (
            "give the job a role" if in_processing_job() else "run aws sso login or aws configure"
        )
        raise AccessError(f"cannot {doing}: {error}; {mend}") from error
    except exceptions.ParamValidationError as error:
        raise ConfigError(f"cannot {doing}: {error}") from error
    except network as error:
        raise AccessError(
            f"cannot {doing}: {error}; check the network, and that AWS_ENDPOINT_URL "
            "(if set) names an endpoint that runs",
        ) from error
    except exceptions.ClientError as error:
        raise _ours(error, doing, advice) from error


def _ours(error: Any, doing: str, advice: str) -> BatCatError:
    """Give our error for what AWS answered."""
    told, about = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, message = str(told.get("Code", "")), str(told.get("Message", ""))
    status = about.get("HTTPStatusCode") or 0
    said = f"cannot {doing}: {message or code} ({code})"
    if code == "NoSuchBucket":
        advice = "check the bucket's name and the account, or create the bucket"
    if code in _KNOWN:
        kind, mend = _KNOWN[code]
        return kind(f"{said}; {mend}")
    if code in _ABSENT:
        return MissingError(f"{said}; {advice}")
    if code in _REFUSED or status == _FORBIDDEN:
        what = (
            "that the role or user may use the KMS key, by its own policy and by the key's"
            if "kms:" in message
            else "that the credentials are current and that their role or user allows it"
        )
        return AccessError(f"{said}; check {what}")
    service = "S3" if "s3://" in doing else "AWS"
    attempts = about.get("RetryAttempts", 0) + 1
    asked = f"{error.operation_name}, {attempts} {'attempts' if attempts > 1 else 'attempt'}"
    if code.removeprefix("KMS.") in _BUSY or status in {_TOO_MANY, _UNAVAILABLE}:
        mend = "try again later, or with fewer requests at once; AWS_MAX_ATTEMPTS= tries longer"
        return ServiceError(f"{said}: {service} is busy ({asked}); {mend}", code, message)
    if status >= _THEIR_FAULT and status != _NOT_IMPLEMENTED:
        return ServiceError(
            f"{said}: a fault of {service}'s own ({asked}); try again later", code, message
        )
    mend = f"{code or status} in AWS's documentation of {error.operation_name} says what to correct"
    if status == _NOT_IMPLEMENTED:  # also what a local AWS answers to what it does not emulate
        mend = "do without it, or take an endpoint that has it"
    return ServiceError(f"{said}: {service} refuses {error.operation_name}; {mend}", code, message)
