"""Objects that gzip packed, unpacked while they are read."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import IO, Any

from batcat_runtime.errors import DataError

MAGIC = b"\x1f\x8b"
"""What gzip begins with (source: RFC 1952), and no text does."""
_READ = 256 * 1024  # bytes that are read at once


def gzip_file(raw: IO[bytes], source: str) -> IO[bytes]:
    """Unpack a file; closing it closes that file, too.

    Args:
        raw: the packed bytes.
        source: where they come from, for messages.
    """
    return io.BufferedReader(_Unpacking(raw, source), _READ)


class _Unpacking(io.RawIOBase):
    def __init__(self, raw: IO[bytes], source: str) -> None:
        super().__init__()
        self._raw, self._source = raw, source
        self._plain = gzip.GzipFile(fileobj=raw)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            found = self._plain.read(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(
                f"{self._source} is packed with gzip, and cut off or damaged: {error}; pack and "
                "store it again",
            ) from error
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
