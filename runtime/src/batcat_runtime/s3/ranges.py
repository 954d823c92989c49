"""Single requests for the bytes of an object, and what to do when they go wrong.

Every length and range is checked. What breaks while it streams is fetched again; throttling and
refused requests are botocore's to retry.
"""

from __future__ import annotations

import random
import re
import time
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from batcat_runtime.aws import client, explained
from batcat_runtime.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

_T = TypeVar("_T")

MB = 1024 * 1024
PART = 8 * MB  # bytes of a range, when nothing is known of the object
_STEP = MB  # bytes between two words on how far it is
_TRIES = 4
_NOTHING = 416  # HTTP: no byte of the range is in the object
CHANGED = 412  # HTTP: the condition If-Match does not hold
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True)
class Object:
    """An object in S3.

    Attributes:
        bucket: name of its bucket.
        key: its key.
        size: its bytes, when a listing or an answer told them; else None.
        etag: its ETag, when a listing or an answer told it.
        region: AWS region to ask; by default the one of the environment.
    """

    bucket: str
    key: str
    size: int | None = None
    etag: str | None = None
    region: str | None = None

    def __str__(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.key}"


class _OtherBytesError(Exception):
    """The answer holds other bytes than were asked for."""


@dataclass(frozen=True)
class Answer:
    """The beginning of an answer: its body has not been read.

    Attributes:
        source: the object with size and ETag.
        start: place of the body's first byte.
        length: its bytes.
        body: the body; None when there is nothing to read.
    """

    source: Object
    start: int
    length: int
    body: Any

    def close(self) -> None:
        """Let go of the connection when the body is not going to be read."""
        if self.body is not None:
            self.body.close()


def at(doing: str, bucket: str, key: str) -> AbstractContextManager[None]:
    """Explain what AWS answers inside the block."""
    folder = key.rpartition("/")[0]
    return explained(
        f"{doing} s3://{bucket}/{key}",
        f"check the key: bc.list_keys({bucket!r}, {folder!r}, '') shows what is there",
    )


def ask(source: Object, window: str, *, same: bool = False) -> Answer:
    """Ask for bytes at the beginning or the end of an object, or for all.

    Args:
        source: the object.
        window: ``bytes=0-<last>``, ``bytes=-<length>``, or nothing for all.
        same: refuse another version than that of the object's ETag.

    Raises:
        DataError, MissingError, AccessError: as ``transfer.fetch``.
    """
    with at("read", source.bucket, source.key):
        return _again(lambda: _ask(source, window, same=same), source)


def _ask(source: Object, window: str, *, same: bool) -> Answer:
    from botocore.exceptions import ClientError

    try:
        options = {"Range": window} if window else {}
        options |= {"IfMatch": source.etag} if same and source.etag else {}
        answer = _get(source, **options)
    except ClientError as error:
        if error.response["ResponseMetadata"].get("HTTPStatusCode") == _NOTHING:
            return Answer(replace(source, size=0), 0, 0, None)
        raise
    told = _RANGE.fullmatch(answer.get("ContentRange") or "")
    length = int(answer["ContentLength"])
    size = int(told[3]) if told else length
    start = size - length if window.startswith("bytes=-") else 0
    if told and (int(told[1]), int(told[2])) != (start, start + length - 1):
        answer["Body"].close()
        raise _OtherBytesError(f"{told[0]} and a length of {length} instead of {window}")
    etag = answer.get("ETag", source.etag)
    return Answer(replace(source, size=size, etag=etag), start, length, answer["Body"])


def take(answer: Answer, view: memoryview, arrived: Callable[[int], None] | None = None) -> None:
    """Read an answer's body into a buffer of its length, and what breaks once more.

    Args:
        answer: the answer.
        view: the buffer.
        arrived: is called now and then with the number of bytes that are there.

    Raises:
        DataError, MissingError, AccessError: as ``transfer.fetch``.
    """
    if answer.body is None:
        return
    try:
        _fill(answer.body, view, arrived)
    except _broken():
        read_range(answer.source, answer.start, view, arrived)


def read_range(
    source: Object, start: int, view: memoryview, arrived: Callable[[int], None] | None = None
) -> None:
    """Fetch a range of an object of known size into a buffer of its length.

    Args:
        source: the object; with its ETag, or it could change unnoticed.
        start: place of the first byte.
        view: the buffer.
        arrived: is called now and then with the number of bytes that are there.

    Raises:
        DataError, MissingError, AccessError: as ``transfer.fetch``.
    """
    asked = f"bytes {start}-{start + len(view) - 1}/{source.size}"

    def read() -> None:
        condition = {"IfMatch": source.etag} if source.etag else {}
        answer = _get(source, Range=asked.partition("/")[0].replace(" ", "="), **condition)
        told = answer.get("ContentRange")
        whole = told is None and len(view) == source.size  # some servers know no ranges
        if (told != asked and not whole) or answer["ContentLength"] != len(view):
            answer["Body"].close()
            raise _OtherBytesError(f"{told or answer['ContentLength']} instead of {asked}")
        _fill(answer["Body"], view, arrived)

    with at("read", source.bucket, source.key):
        _again(read, source)


def read_tail(source: Object, length: int) -> tuple[Object, memoryview]:
    """Fetch the end of an object.

    Returns:
        The object with size and ETag, and so many bytes of its end, or all if it has less.

    Raises:
        DataError, MissingError, AccessError: as ``transfer.fetch``.
    """
    if source.size is not None and source.size > length:
        view = memoryview(bytearray(length))
        read_range(source, source.size - length, view)
        return source, view
    answer = ask(source, "" if source.size is not None else f"bytes=-{length}")
    view = memoryview(bytearray(answer.length))
    take(answer, view)
    return answer.source, view


def _get(source: Object, **options: str) -> Any:
    return client("s3", source.region).get_object(Bucket=source.bucket, Key=source.key, **options)


def _fill(body: Any, view: memoryview, arrived: Callable[[int], None] | None) -> None:
    """Read a body into a buffer of its length; what has a hash has not arrived before it fits."""
    from botocore.exceptions import IncompleteReadError
    from botocore.httpchecksum import StreamingChecksumBody

    done, short, hashed = 0, False, isinstance(body, StreamingChecksumBody)
    with closing(body):
        while done < len(view) and not short:
            found = body.read(min(_STEP, len(view) - done))
            short = not found
            view[done : done + len(found)] = found
            done += len(found)
            if arrived and not hashed:
                arrived(done)
        more = body.read(1)  # the end is where lengths and checksums are verified
    if short:
        raise IncompleteReadError(actual_bytes=done, expected_bytes=len(view))
    if more:
        raise _OtherBytesError(f"more than {len(view)} bytes")
    if arrived and hashed:
        arrived(done)


def _streaming() -> tuple[type[Exception], ...]:
    from botocore import exceptions as told

    return (told.IncompleteReadError, told.ReadTimeoutError, told.ResponseStreamingError)


def _broken() -> tuple[type[Exception], ...]:
    """What reading once more may mend."""
    from botocore.exceptions import FlexibleChecksumError

    return (*_streaming(), FlexibleChecksumError, _OtherBytesError)


def _delay(attempt: int) -> float:
    """Seconds before another try; threads that broke together shall not ask again together."""
    return float(0.1 * 2**attempt) * random.random()  # noqa: S311


def _again(read: Callable[[], _T], source: Object) -> _T:
    """Read anew what broke or was not what was asked for, a few times."""
    from botocore.exceptions import ClientError

    broken = _broken()
    failure: Exception | None = None
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_delay(attempt))
        try:
            return read()
        except ClientError as error:
            if error.response["ResponseMetadata"].get("HTTPStatusCode") == CHANGED:
                raise DataError(
                    f"{source} changed while it was read; read it again when it is complete",
                ) from error
            raise
        except broken as error:
            failure = error
    if isinstance(failure, _streaming()):
        raise failure
    raise DataError(
        f"{source} was answered wrongly {_TRIES} times: {failure}; check what stands between "
        "this machine and S3, such as a proxy",
    ) from failure
