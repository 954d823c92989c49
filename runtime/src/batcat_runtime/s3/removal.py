"""Objects in S3, removed: all that can be, and what stays is named."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from batcat_runtime.aws import client
from batcat_runtime.errors import AccessError
from batcat_runtime.logs import get_logger

from .ranges import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AT_ONCE = 1000  # keys of one request; source: Amazon S3 API Reference, DeleteObjects
_NAMED = 3  # objects that a message names


def remove(
    bucket: str,
    keys: Sequence[str | tuple[str, str]],
    *,
    region: str | None = None,
    owner: str | None = None,
) -> None:
    """Remove objects, all that can be; one that is not there is no error.

    Args:
        bucket: name of the bucket.
        keys: keys, or pairs of a key and a version of it.
        region: AWS region to ask; by default the one of the environment.
        owner: account that the bucket must belong to.

    Raises:
        AccessError: some may not be removed; the message names them, and says why.
        MissingError: the bucket does not exist.
    """
    named = [
        {"Key": one} if isinstance(one, str) else {"Key": one[0], "VersionId": one[1]}
        for one in keys
    ]
    condition = {"ExpectedBucketOwner": owner} if owner else {}
    left: list[dict[str, Any]] = []
    for start in range(0, len(named), _AT_ONCE):
        some = named[start : start + _AT_ONCE]
        with at("remove", bucket, some[0]["Key"]):
            answer = client("s3", region).delete_objects(
                Bucket=bucket, Delete={"Objects": some, "Quiet": True}, **condition
            )
        left += answer.get("Errors", [])  # the status is 200 all the same
    if left:
        raise AccessError(f"cannot remove {_told(bucket, left)}")


def _told(bucket: str, left: Sequence[dict[str, Any]]) -> str:
    """Name some objects, and the reasons that S3 gives."""
    first = ", ".join(f"s3://{bucket}/{one.get('Key')}" for one in left[:_NAMED])
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    codes = {str(one.get("Code")): str(one.get("Message") or "") for one in left}
    why = "; ".join(f"{message} ({code})".strip() for code, message in codes.items())
    refused = "the role needs s3:DeleteObject, and s3:DeleteObjectVersion for versions"
    return f"{first}{more}: {why}; {refused if 'AccessDenied' in codes else 'try it once more'}"


@contextmanager
def leftovers_logged(place: str) -> Iterator[None]:
    """Log what goes wrong when something is removed afterwards, and go on.

    What was to be done was done, or failed with an error that says more than this one.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - leftovers are no failure, whatever the reason
        get_logger("batcat_runtime").warning(
            "%s is left behind: %s; remove it with: aws s3 rm --recursive %s", place, error, place
        )
