"""What pandas passes over in silence: rows that are too short, and the sign NUL.

pandas fills a row that has fewer fields than the header, and tells nobody; its version 2 cuts a
text off at NUL. Both are looked for in the bytes on their way to it, which takes a twentieth of
the time that it takes to parse them.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_QUOTE = ord('"')


class NulError(ValueError):
    """There is a sign NUL."""


class Tally(io.RawIOBase):
    """The bytes of a CSV, to read once, and how many separators are in them outside of quotations.

    Args:
        file: the bytes.
        sep: the character between two values.
        encoding: of the text; where its signs are not single bytes, nothing is counted.
    """

    def __init__(self, file: io.RawIOBase, sep: str, encoding: str) -> None:
        super().__init__()
        self._file = file
        self._sep = ord(sep)
        self._quoted = False
        self._count = 0
        self._last = ord("\n")
        # A quotation mark elsewhere begins no quotation, and all that is counted is doubtful.
        self._is_sure = True
        self._may_precede = [self._sep, *b'\r\n"']
        self._is_plain = (sep * 2).encode(encoding)[-2:] == (sep * 2).encode()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 at the end."""
        found = self._file.read(len(buffer)) or b""
        buffer[: len(found)] = found
        if self._is_plain:
            if b"\0" in found:
                raise NulError
            if found:
                self._look_at(found)
        return len(found)

    def _look_at(self, found: bytes) -> None:
        import numpy as np

        signs = np.frombuffer(found, np.uint8)
        separators = signs == self._sep
        if b'"' in found:
            quotes = signs == _QUOTE
            inside = np.logical_xor.accumulate(quotes) ^ self._quoted
            begun = np.flatnonzero(quotes & inside)
            before = np.where(begun > 0, signs[begun - 1], self._last)
            self._is_sure &= bool(np.isin(before, self._may_precede).all())
            self._quoted = bool(inside[-1])
            separators &= ~inside
        elif self._quoted:
            return
        self._count += np.count_nonzero(separators)
        self._last = int(signs[-1])

    def fits(self, rows: int, width: int) -> bool:
        """Whether there are as many separators as a header and so many rows have."""
        return self._is_plain and self._is_sure and self._count == (rows + 1) * (width - 1)


def may_be_short(piece: pd.DataFrame) -> bool:
    """Whether the last column lacks a value somewhere, as it does in each row that is too short."""
    last = piece.iloc[:, -1]
    if last.dtype.kind in "biu" or piece.shape[1] == 1:
        return False
    return bool(last.isna().any()) or (last.dtype.kind in "OTU" and bool((last == "").any()))
