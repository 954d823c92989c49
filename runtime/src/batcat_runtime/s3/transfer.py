"""Bytes out of S3, fast and whole.

An object of up to 16 MB is one request. A larger one is fetched in ranges of 4 to 16 MB, 16 at a
time, straight into one buffer; each names the ETag that the first answer (or the listing) told, so
an object that changes in between is an error and never a mixture.
"""

from __future__ import annotations

import io
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from batcat_runtime.aws import client

from .progress import Progress
from .ranges import MB, PART, Object, ask, at, read_range, take

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

WHOLE = 16 * MB  # bytes that one request fetches
PARTS_AT_ONCE = 16
OBJECTS_AT_ONCE = 32  # as many as the client keeps connections
_SMALLEST, _LARGEST = 4 * MB, 16 * MB  # bytes of a range


def listing(
    bucket: str, prefix: str, suffix: str = "", region: str | None = None
) -> Iterator[Object]:
    """Give each object under a prefix, in S3's order; one request per 1000, when needed."""
    with at("list", bucket, prefix):
        pages = client("s3", region).get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                if found["Key"].endswith(suffix):
                    yield Object(bucket, found["Key"], found["Size"], found["ETag"], region)


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
        budget: bytes to fetch ahead at most; by default all.

    Raises:
        DataError, MissingError, AccessError: as ``fetch``.
    """
    with closing(arrivals(sources, budget)) as found:
        for arrival in found:
            yield arrival.result()


def arrivals(
    sources: Sequence[Object], budget: int | None = None, *, once: bool = False
) -> Generator[Arrival, None, None]:
    """Like ``fetch_all``, but give each object while it still arrives.

    Args:
        sources: which.
        budget: bytes to fetch ahead at most; by default all.
        once: each is read only once, from its beginning, and what has been read is dropped.
    """
    small = len(sources) > 1 and all((one.size or 0) <= WHOLE for one in sources)
    workers = min(OBJECTS_AT_ONCE, len(sources)) if small else PARTS_AT_ONCE
    doing = f"read {sources[0]}" if len(sources) == 1 else f"read {len(sources)} objects"
    with (
        ExitStack() as last,
        Progress(doing, sum(one.size or 0 for one in sources)) as progress,
        _pool(workers) as pool,
    ):
        waiting: deque[Arrival] = deque()
        for source in sources:
            waiting.append(Arrival(source, pool, progress, once=once))
            last.callback(waiting[-1].drop)  # when no thread fetches any more
            while budget is not None and sum(one.size for one in waiting) > budget:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()


@contextmanager
def _pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that end with the block; what has not begun by then never does."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="batcat-s3")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class Arrival:
    """One object on its way into one buffer.

    Args:
        source: which; with size and ETag when they are known.
        pool: threads that fetch it.
        progress: is told of each piece.
        once: drop what ``some`` has gone past, instead of keeping it for ``result``.
    """

    def __init__(
        self, source: Object, pool: ThreadPoolExecutor, progress: Progress, *, once: bool = False
    ) -> None:
        self.source = source
        self.size = source.size or 0
        self._pool, self._progress, self._once = pool, progress, once
        self._news = threading.Condition()
        self._parts: list[_Part] = []
        self._buffer: io.BytesIO | None = None
        self._first: Future[None] | None = None
        self._error: BaseException | None = None
        if source.size is None or source.size <= WHOLE:
            self._first = pool.submit(self._begin)
        else:
            self._place(source, 0)

    def _begin(self) -> None:
        """Fetch the first range, and begin with the others as soon as the size is known."""
        with self._failing():
            self._fetch_first()

    def _fetch_first(self) -> None:
        unknown = self.source.size is None
        with closing(ask(self.source, f"bytes=0-{PART - 1}" if unknown else "")) as answer:
            if unknown:
                self._progress.expect(answer.source.size or 0)
            part = self._place(answer.source, answer.length)
            take(answer, part.view, lambda done: self._arrived(part, done))
        self._arrived(part, answer.length)

    def _place(self, source: Object, first: int) -> _Part:
        """Make room for the object, and begin to fetch what comes after the first bytes."""
        size = source.size or 0
        step = min(max(-(-size // PARTS_AT_ONCE // MB) * MB, _SMALLEST), _LARGEST)
        places = [*([0] if first else []), *range(first, size, step), size]
        buffer = io.BytesIO(bytes(0 if self._once else size))  # no memory until it is filled
        view = buffer.getbuffer()
        parts = [
            _Part(start, memoryview(bytearray(stop - start)) if self._once else view[start:stop])
            for start, stop in pairwise(places)
        ]
        with self._news:
            self.source, self._buffer, self._parts = source, buffer, parts
            self._news.notify_all()
        for part in parts[1 if first else 0 :]:
            part.job = self._pool.submit(self._fetch, part)
        return parts[0] if parts else _Part(0, view)

    def _fetch(self, part: _Part) -> None:
        with self._failing():
            read_range(self.source, part.start, part.view, lambda done: self._arrived(part, done))

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Let those who wait know what went wrong."""
        try:
            yield
        except BaseException as error:
            with self._news:
                self._error = error
                self._news.notify_all()
            raise

    def _arrived(self, part: _Part, done: int) -> None:
        self._progress.add(done - part.done)
        with self._news:
            part.done = done
            self._news.notify_all()

    def some(self, place: int, most: int) -> memoryview:
        """Wait for bytes at a place, and give those that have come; none at the end."""
        with self._news:
            while True:
                if self._error:
                    raise self._error
                while self._once and self._parts and self._parts[0].stop <= place:
                    self._parts.pop(0)
                part = next((one for one in self._parts if one.start <= place < one.stop), None)
                if part is None and self._buffer is not None:
                    return memoryview(b"")
                if part and part.start + part.done > place:
                    return part.view[place - part.start : min(place - part.start + most, part.done)]
                self._news.wait()

    def result(self) -> io.BytesIO:
        """Wait until it is whole, and give it; ``some`` has nothing to give any more."""
        if self._first:
            self._first.result()
        for part in self._parts:
            if part.job:
                part.job.result()
        if self._buffer is None:
            raise RuntimeError("an object without a buffer")
        buffer = self._buffer
        self.drop()
        return buffer

    def drop(self) -> None:
        """Let go of the bytes; a buffer that is still held by views could not be closed."""
        for part in self._parts:
            part.view.release()
        self._parts, self._buffer = [], None
        self._error = self._error or ValueError("the object's bytes have been let go")


class _Part:
    """A range of an object, and how much of it is there."""

    def __init__(self, start: int, view: memoryview) -> None:
        self.start, self.stop, self.view = start, start + len(view), view
        self.done = 0
        self.job: Future[None] | None = None


class Arriving(io.RawIOBase):
    """An object that is read from its beginning while the rest of it still arrives."""

    def __init__(self, arrival: Arrival) -> None:
        super().__init__()
        self._arrival = arrival
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 at the end."""
        found = self._arrival.some(self._at, len(buffer))
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)
