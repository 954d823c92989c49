"""Bytes out of S3, fast and whole.

An object of up to 16 MB is one request. A larger one is fetched in ranges of 8 MB, several at a
time, straight into one buffer; each names the ETag that the first answer (or the listing) told, so
an object that changes in between is an error and never a mixture. Every length is checked. What
breaks while it streams is fetched again; throttling and refused requests are botocore's to retry.
"""

from __future__ import annotations

import io
import random
import re
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from .aws import client, explained
from .errors import DataError
from .progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from contextlib import AbstractContextManager

_T = TypeVar("_T")

MB = 1024 * 1024
PART = 8 * MB  # bytes of a range
WHOLE = 16 * MB  # bytes that one request fetches
PARTS_AT_ONCE = 16
OBJECTS_AT_ONCE = 32  # as many as the client keeps connections
_STEP = MB  # bytes between two looks at the progress
_TRIES = 4
_NOTHING = 416  # HTTP: no byte of the range is in the object
_CHANGED = 412  # HTTP: the condition If-Match does not hold
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True)
class Object:
    """An object in S3.

    Attributes:
        bucket: name of its bucket.
        key: its key.
        size: its bytes, when a listing told them; else None.
        etag: its ETag, when a listing told it.
    """

    bucket: str
    key: str
    size: int | None = None
    etag: str | None = None

    def __str__(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.key}"


class _OtherBytesError(Exception):
    """The answer holds other bytes than were asked for."""


def at(doing: str, bucket: str, key: str) -> AbstractContextManager[None]:
    """Explain what AWS answers inside the block."""
    folder = key.rpartition("/")[0]
    return explained(
        f"{doing} s3://{bucket}/{key}",
        f"check the key: bc.list_keys({bucket!r}, {folder!r}, '') shows what is there",
    )


def listing(bucket: str, prefix: str, suffix: str = "") -> Iterator[Object]:
    """Give each object under a prefix, in S3's order; one request per 1000, when needed."""
    with at("list", bucket, prefix):
        pages = client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                if found["Key"].endswith(suffix):
                    yield Object(bucket, found["Key"], found["Size"], found["ETag"])


def fetch(source: Object) -> io.BytesIO:
    """Fetch an object into memory.

    Args:
        source: which; with size and ETag when they are known.

    Returns:
        Its bytes, at their beginning.

    Raises:
        DataError: it changed while it was read, or S3 answered with other bytes than asked for.
        MissingError: the bucket or the object does not exist.
        AccessError: no way in, or the connection breaks again and again.
    """
    with closing(fetch_all([source])) as found:
        return next(found)


def fetch_all(
    sources: Sequence[Object], budget: int | None = None
) -> Generator[io.BytesIO, None, None]:
    """Fetch objects into memory, many at a time, and give them in their order.

    Those ahead are fetched while the caller works on one; closing the generator stops that.

    Args:
        sources: which.
        budget: bytes to fetch ahead at most; by default all of many objects.

    Raises:
        DataError, MissingError, AccessError: as ``fetch``.
    """
    small = len(sources) > 1 and all((one.size or 0) <= WHOLE for one in sources)
    workers = min(OBJECTS_AT_ONCE, len(sources)) if small else PARTS_AT_ONCE
    doing = f"read {sources[0]}" if len(sources) == 1 else f"read {len(sources)} objects"
    with Progress(doing, sum(one.size or 0 for one in sources)) as progress, _pool(workers) as pool:
        waiting: deque[_Fetch] = deque()
        for source in sources:
            waiting.append(_Fetch(source, pool, progress))
            while budget is not None and sum(one.size for one in waiting) > budget:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that end with the block; what has not begun by then never does."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="batcat-s3")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Fetch:
    """One object on its way into one buffer."""

    def __init__(self, source: Object, pool: ThreadPoolExecutor, progress: Progress) -> None:
        self._source, self._pool, self._progress = source, pool, progress
        self._parts: list[Future[Any]] = []
        self._first: Future[tuple[Object, io.BytesIO]] | None = None
        self.size = source.size or 0
        if source.size is None or source.size <= WHOLE:
            self._first = pool.submit(first_part, source, progress)
        else:
            self._fill(source, io.BytesIO(bytes(source.size)), 0)

    def _fill(self, source: Object, buffer: io.BytesIO, done: int) -> None:
        """Begin to fetch all that is not there yet."""
        self._source, self._buffer = source, buffer
        view = buffer.getbuffer()
        for start in range(done, source.size or 0, PART):
            stop = min(start + PART, source.size or 0)
            part = view[start:stop]
            self._parts.append(self._pool.submit(read_range, source, start, part, self._progress))
        view.release()

    def result(self) -> io.BytesIO:
        """Wait until it is whole."""
        if self._first:
            source, buffer = self._first.result()
            if len(buffer.getbuffer()) == source.size:
                return buffer
            done = len(buffer.getbuffer())
            whole = io.BytesIO(bytes(source.size or 0))
            whole.getbuffer()[:done] = buffer.getbuffer()
            self._progress.expect((source.size or 0) - done)
            self._fill(source, whole, done)
        for part in self._parts:
            part.result()
        self._parts.clear()
        return self._buffer


def first_part(source: Object, progress: Progress | None = None) -> tuple[Object, io.BytesIO]:
    """Fetch an object that is small, or the first range of one whose size is not known.

    Returns:
        The object with size and ETag, and as many bytes of its beginning as came.
    """
    window = "" if source.size is not None else f"bytes=0-{PART - 1}"
    with at("read", source.bucket, source.key):
        return _again(lambda: _answered(source, window, progress), source)


def _answered(source: Object, window: str, progress: Progress | None) -> tuple[Object, io.BytesIO]:
    """Ask for a range at the beginning or end of an object, or for all of it."""
    from botocore.exceptions import ClientError

    try:
        answer = _get(source, Range=window) if window else _get(source)
    except ClientError as error:
        if error.response["ResponseMetadata"].get("HTTPStatusCode") == _NOTHING:
            return replace(source, size=0), io.BytesIO()
        raise
    told = _RANGE.fullmatch(answer.get("ContentRange") or "")
    length = int(answer["ContentLength"])
    size = int(told[3]) if told else length
    begin = size - length if window.startswith("bytes=-") else 0
    if told and (int(told[1]), int(told[2])) != (begin, begin + length - 1):
        raise _OtherBytesError(f"{told[0]} and a length of {length} instead of {window}")
    buffer = io.BytesIO(bytes(length))
    if progress and source.size is None:
        progress.expect(length)
    _fill(answer["Body"], buffer.getbuffer(), progress)
    return replace(source, size=size, etag=answer.get("ETag", source.etag)), buffer


def read_tail(source: Object, length: int) -> tuple[Object, memoryview]:
    """Fetch the end of an object.

    Returns:
        The object with size and ETag, and so many bytes of its end, or all if it has less.

    Raises:
        DataError, MissingError, AccessError: as ``fetch``.
    """
    if source.size is not None and source.size <= length:
        found, buffer = first_part(source)
        return found, buffer.getbuffer()
    if source.size is not None:
        view = memoryview(bytearray(length))
        read_range(source, source.size - length, view)
        return source, view
    with at("read", source.bucket, source.key):
        found, buffer = _again(lambda: _answered(source, f"bytes=-{length}", None), source)
    return found, buffer.getbuffer()


def read_range(
    source: Object, start: int, view: memoryview, progress: Progress | None = None
) -> None:
    """Fetch a range of an object of known size into a buffer of its length.

    Raises:
        DataError, MissingError, AccessError: as ``fetch``.
    """
    asked = f"bytes {start}-{start + len(view) - 1}/{source.size}"

    def read() -> None:
        condition = {"IfMatch": source.etag} if source.etag else {}
        answer = _get(source, Range=asked.partition("/")[0].replace(" ", "="), **condition)
        if answer.get("ContentRange") != asked or answer["ContentLength"] != len(view):
            found = answer.get("ContentRange") or f"{answer['ContentLength']} bytes"
            raise _OtherBytesError(f"{found} instead of {asked}")
        _fill(answer["Body"], view, progress)

    with at("read", source.bucket, source.key):
        _again(read, source)


def _get(source: Object, **options: str) -> Any:
    return client("s3").get_object(Bucket=source.bucket, Key=source.key, **options)


def _fill(body: Any, view: memoryview, progress: Progress | None) -> None:
    """Read a body into a buffer of its length."""
    from botocore.exceptions import IncompleteReadError

    done, short = 0, False
    with closing(body):
        try:
            while done < len(view) and not short:
                count = body.readinto(view[done : done + _STEP])
                short = not count
                done += count
                if progress:
                    progress.add(count)
            more = body.read(1)  # the end is where lengths and checksums are verified
        except BaseException:
            if progress:
                progress.add(-done)
            raise
    if short:
        raise IncompleteReadError(actual_bytes=done, expected_bytes=len(view))
    if more:
        raise _OtherBytesError(f"more than {len(view)} bytes")


def _again(read: Callable[[], _T], source: Object) -> _T:
    """Read anew what broke or was not what was asked for, a few times."""
    from botocore.exceptions import (
        ClientError,
        FlexibleChecksumError,
        IncompleteReadError,
        ReadTimeoutError,
        ResponseStreamingError,
    )

    broken = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
    for wait in (0.1 * 2**number for number in range(_TRIES)):
        try:
            return read()
        except ClientError as error:
            if error.response["ResponseMetadata"].get("HTTPStatusCode") == _CHANGED:
                raise DataError(
                    f"{source} changed while it was read; read it again when it is complete",
                ) from error
            raise
        except (*broken, _OtherBytesError, FlexibleChecksumError) as error:
            failure = error
        time.sleep(wait * random.random())  # noqa: S311 - spreads threads that broke together
    if isinstance(failure, broken):
        raise failure
    raise DataError(
        f"{source} was answered wrongly {_TRIES} times: {failure}; check what stands between "
        "this machine and S3, such as a proxy",
    ) from failure
