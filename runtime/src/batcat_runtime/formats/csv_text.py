"""A CSV that can be read anew, and a large one as several."""

from __future__ import annotations

import codecs
import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import csv_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

ONE_BYTE = frozenset({"utf-8", "utf-8-sig", "ascii", "iso8859-1", "cp1252"})
"""Encodings in which a quotation mark or a line's end is one byte, which means nothing else."""
MARK = codecs.BOM_UTF8
_READ = 256 * 1024  # bytes that pandas reads at once
_LARGE = 16 * 1024 * 1024  # bytes from which on a thread more is worth its start
_MOST = 4  # threads; what they give up to one another by turns grows faster than what they gain
_LOOK = 4 * 1024 * 1024  # bytes that are looked at in one go


@dataclass(frozen=True)
class Text:
    """A CSV that can be read anew.

    Attributes:
        source: where it comes from, for messages.
        open: gives it as a file, from its beginning.
        view: its bytes, when they are in memory.
    """

    source: str
    open: Callable[[], IO[bytes]]
    view: memoryview | None = None


def text_of(view: memoryview, source: str) -> Text:
    """Make bytes in memory a CSV that can be read anew."""
    return Text(source, lambda: _file([view]), view)


def is_one_byte(encoding: str | None) -> bool:
    """Whether quotation marks and ends of lines can be found among the bytes of a text."""
    return codecs.lookup(encoding or "utf-8").name in ONE_BYTE


def begin(view: memoryview) -> int:
    """Where a text begins, after its byte order mark."""
    return len(MARK) if view[: len(MARK)] == MARK else 0


def header_line(view: memoryview) -> bytes:
    """The first line without a byte order mark; empty when it is no whole header."""
    start = begin(view)
    line, end, _ = bytes(view[start : start + csv_rows.HEAD]).partition(b"\n")
    return line + end if end and line.strip() and b"\r" not in line[:-1] else b""


def parts(text: Text, encoding: str | None) -> list[Text]:
    """Cut a large CSV at ends of rows into as many as there are processors.

    Returns:
        The parts, each with the header; empty when the CSV is small or not in memory, or when a
        quotation might hold an end of line.
    """
    view = text.view
    count = min(_processors(), _MOST, len(view) // _LARGE if view is not None else 0)
    if view is None or count < 2 or not is_one_byte(encoding):  # noqa: PLR2004 - one is the whole
        return []
    line = header_line(view)
    if not line or _has_quotes(view):
        return []
    first = begin(view) + len(line)
    cuts = [first]
    for number in range(1, count):
        cut = _end_of_line(view, max(cuts[-1], len(view) * number // count))
        if cuts[-1] < cut < len(view):
            cuts.append(cut)
    ends = [*cuts[1:], len(view)]
    return [_part(text.source, line, view[a:b]) for a, b in zip(cuts, ends, strict=True)]


def _part(source: str, line: bytes, rows: memoryview) -> Text:
    return Text(source, lambda: _file([memoryview(line), rows]))


def _file(views: list[memoryview]) -> IO[bytes]:
    return io.BufferedReader(csv_rows.Joined(views), _READ)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _has_quotes(view: memoryview) -> bool:
    return any(b'"' in bytes(view[at : at + _LOOK]) for at in range(0, len(view), _LOOK))


def _end_of_line(view: memoryview, start: int) -> int:
    """Where the line ends that goes on at some place; the end of the text if it is the last."""
    for at in range(start, len(view), csv_rows.HEAD):
        found = bytes(view[at : at + csv_rows.HEAD]).find(b"\n")
        if found >= 0:
            return at + found + 1
    return len(view)
