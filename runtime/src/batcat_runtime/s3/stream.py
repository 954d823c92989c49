"""Objects in S3 as files: read once from the beginning, or here and there."""

from __future__ import annotations

import io
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from .progress import Progress
from .ranges import MB, PART, Object, ask, read_range, read_tail, take
from .transfer import PARTS_AT_ONCE, WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future

_STREAM_AHEAD = 3  # ranges fetched before they are asked for, when memory is bounded
_GAP = MB  # bytes between two ranges that are rather fetched than asked for apart
_TAIL = MB  # bytes of the end that are fetched first


class Stream(io.RawIOBase):
    """An object as a file that is read once from its beginning, in bounded memory.

    Holds four ranges: the one that is read and those fetched ahead.

    Args:
        source: which; with size when it is known, and with its ETag to read no other version.

    Raises:
        DataError, MissingError, AccessError: as ``fetch``, when it is read.
    """

    def __init__(self, source: Object) -> None:
        super().__init__()
        self._progress = Progress(f"read {source}", source.size or 0)
        self._pool = ThreadPoolExecutor(_STREAM_AHEAD, thread_name_prefix="batcat-s3")
        self._first = self._pool.submit(self._begin, source)
        self._source: Object | None = None
        self._ahead: deque[Future[memoryview]] = deque()
        self._now = memoryview(b"")
        self._place = 0  # where the next range to ask for begins

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 at the end."""
        if not self._now:
            self._now = self._next()
        count = min(len(buffer), len(self._now))
        buffer[:count] = self._now[:count]
        self._now = self._now[count:]
        return count

    def close(self) -> None:
        """Stop what is fetched ahead."""
        if not self.closed:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._progress.__exit__(None, None, None)
        super().close()

    def _next(self) -> memoryview:
        if self._source is None:
            self._source, found = self._first.result()
            self._place = len(found)
        else:
            found = self._ahead.popleft().result() if self._ahead else memoryview(b"")
        while len(self._ahead) < _STREAM_AHEAD and self._place < (self._source.size or 0):
            length = min(PART, (self._source.size or 0) - self._place)
            self._ahead.append(self._pool.submit(self._range, self._source, self._place, length))
            self._place += length
        self._progress.add(len(found))
        return found

    @staticmethod
    def _begin(source: Object) -> tuple[Object, memoryview]:
        small = source.size is not None and source.size <= WHOLE
        answer = ask(source, "" if small else f"bytes=0-{PART - 1}", same=True)
        view = memoryview(bytearray(answer.length))
        take(answer, view)
        return answer.source, view

    @staticmethod
    def _range(source: Object, start: int, length: int) -> memoryview:
        view = memoryview(bytearray(length))
        read_range(source, start, view)
        return view


class RandomAccess(io.RawIOBase):
    """An object as a file of which only some parts are read.

    Its end comes first, in one request. ``prefetch`` brings parts, several at a time; whatever
    else is read is fetched then.

    Args:
        source: which; with size and ETag when they are known.
        progress: is told of what ``prefetch`` brings.

    Raises:
        DataError, MissingError, AccessError: as ``transfer.fetch``.
    """

    def __init__(self, source: Object, progress: Progress | None = None) -> None:
        super().__init__()
        self._progress = progress or Progress("")  # of an unknown total, it says nothing
        length = PART if source.size is None else _TAIL if source.size > WHOLE else source.size
        self.source, tail = read_tail(source, length)
        self.size = self.source.size or 0
        self._tail = (self.size - len(tail), tail)
        self._parts = [self._tail]
        self._place = 0

    def prefetch(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Fetch parts, each from its first byte to before its last, and keep them."""
        wanted: list[tuple[int, int]] = []
        for start, stop in sorted(ranges):
            if self._held(start, stop - start) is not None:
                continue
            if wanted and start - wanted[-1][1] <= _GAP:
                wanted[-1] = (wanted[-1][0], max(stop, wanted[-1][1]))
            else:
                wanted.append((start, stop))
        pieces: list[tuple[int, memoryview]] = []
        for start, stop in wanted:
            view = memoryview(bytearray(stop - start))
            self._parts.append((start, view))
            pieces += [(start + at, view[at : at + PART]) for at in range(0, stop - start, PART)]
        with ThreadPoolExecutor(PARTS_AT_ONCE, thread_name_prefix="batcat-s3") as pool:
            for _ in pool.map(lambda piece: self._fetch(*piece), pieces):
                pass

    def _fetch(self, start: int, view: memoryview) -> None:
        done = 0

        def arrived(now: int) -> None:
            nonlocal done
            self._progress.add(now - done)
            done = now

        read_range(self.source, start, view, arrived)

    def forget(self) -> None:
        """Drop the parts that ``prefetch`` brought."""
        self._parts = [self._tail]

    def _held(self, start: int, length: int) -> memoryview | None:
        for begin, view in self._parts:
            if begin <= start and start + length <= begin + len(view):
                return view[start - begin : start - begin + length]
        return None

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go somewhere."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        self._place = base + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 at the end."""
        length = max(min(len(buffer), self.size - self._place), 0)
        view = self._held(self._place, length)
        if view is None:
            view = memoryview(bytearray(length))
            read_range(self.source, self._place, view)
        buffer[:length] = view
        self._place += length
        return length
