"""The rows of a CSV and the lines they begin in: what pandas does not tell."""

from __future__ import annotations

import csv
import io
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import ConfigError, DataError
from batcat_runtime.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import IO

HEAD = 1024 * 1024  # bytes in which header and first row are looked for
_LINES_A_RECORD = 50  # lines that one log record names
_LONGEST = 2**31 - 1  # signs of a field
_QUOTED_FIELD = re.compile(rb'(?:(?<=[,\r\n])|\A)"[^"]*(?:""[^"]*)*"(?=[,\r\n]|\Z)')


class UnclosedError(csv.Error):
    """The last row has a quotation that does not end.

    Args:
        line: the one that the row begins in.
    """

    def __init__(self, line: int) -> None:
        super().__init__(f"a quotation that begins in line {line} does not end")
        self.line = line


def rows(file: IO[bytes], encoding: str | None, sep: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Give each row that is not blank with the line it begins in, counted from 1.

    Raises:
        UnclosedError: instead of the last row.
    """
    text = io.TextIOWrapper(
        io.BufferedReader(Joined([], file)), encoding=encoding or "utf-8-sig", newline=""
    )
    # The limit belongs to the whole process. Its default is less than a cell of JSON may take.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
    end = ["end", "end"]  # a line of its own after the last, unless a quotation is still open there
    ended = False

    def and_end() -> Iterator[str]:
        nonlocal ended
        yield from text
        ended = True
        yield sep.join(end)

    lines: Any = csv.reader(and_end(), delimiter=sep)
    line = 1
    for row in lines:
        if ended:
            if row != end:
                raise UnclosedError(line)
            return
        if row and (len(row) > 1 or row == [""] or row[0].strip(" \t")):
            yield line, row
        line = lines.line_num + 1


class Joined(io.RawIOBase):
    """Bytes in memory one after the other, then those of a file, which outlives this one."""

    def __init__(self, views: Sequence[memoryview], file: IO[bytes] | None = None) -> None:
        super().__init__()
        self._views, self._file = [view for view in reversed(views) if view], file

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 at the end."""
        size = len(buffer)
        found: Any
        if self._views:
            view = self._views.pop()
            found = view[:size]
            if len(view) > size:
                self._views.append(view[size:])
        else:
            found = self._file.read(size) if self._file else b""
        buffer[: len(found)] = found
        return len(found)


def header(
    head: bytes, encoding: str | None, sep: str = ","
) -> tuple[list[str], tuple[int, list[str]] | None]:
    """Read the header and the row after it from the beginning of a CSV.

    Returns:
        The names, empty when there is none; and line and fields of the first row, or None when
        there is none or its end is not there.
    """
    names: list[str] = []
    first: tuple[int, list[str]] | None = None
    try:
        for line, row in rows(io.BytesIO(head), encoding, sep):
            if first:
                return names, first
            if names:
                first = line, row
                if len(head) < HEAD:
                    return names, first
            else:
                names = row
    except (csv.Error, UnicodeError):
        return names, first  # pandas judges the whole; the last character of a head may be cut
    return names, None


def pandas_names(names: list[str]) -> list[str]:
    """Name columns as pandas does: a blank one by its place."""
    return [name or f"Unnamed: {place}" for place, name in enumerate(names)]


def is_well_quoted(text: bytes) -> bool:
    """Whether every quotation mark belongs to a field that begins and ends with one."""
    return b'"' not in text or b'"' not in _QUOTED_FIELD.sub(b"", text)


def unfit(line: int, row: list[str], width: int) -> str:
    """Describe a row that does not have as many fields as the header."""
    fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
    return f"line {line} has {fields}, the header has {width}"


def find_bad_row(found: Iterable[tuple[int, list[str]]], told: str) -> str:
    """Say in which line of the file it goes wrong; pandas counts rows instead.

    Args:
        found: all rows.
        told: what to say when no row is malformed.
    """
    width = 0
    try:
        for line, row in found:
            width = width or len(row)
            if len(row) != width:
                return unfit(line, row, width)
    except UnclosedError as error:
        return str(error)
    except (csv.Error, UnicodeError):
        pass
    return told


def find_lines(
    found: Iterable[tuple[int, list[str]]], places: set[int], *, cleaned: bool
) -> list[int]:
    """Give the lines of some rows, counted from 0 without the header.

    Args:
        found: all rows.
        places: which.
        cleaned: malformed ones do not count.
    """
    width, place, lines = 0, -1, []
    with suppress(UnclosedError):
        for line, row in found:
            width = width or len(row)
            if len(row) == width or not cleaned:
                if place in places:
                    lines.append(line)
                place += 1
    return lines


class Cleaned(io.TextIOBase):
    """A CSV without the rows that do not have as many fields as its header, as text to read once.

    Args:
        found: its rows.
        skipped: is called with the line of each row left out.
        sep: the character between two values.
    """

    def __init__(
        self,
        found: Iterator[tuple[int, list[str]]],
        skipped: Callable[[int], None],
        sep: str = ",",
    ) -> None:
        super().__init__()
        self._found, self._skipped, self._sep = found, skipped, sep
        self._width = 0
        self._ready = ""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int | None = -1) -> str:
        """Read some text; none at the end."""
        while size is None or size < 0 or len(self._ready) < size:
            more = self._more()
            if not more:
                break
            self._ready += more
        end = len(self._ready) if size is None or size < 0 else size
        given, self._ready = self._ready[:end], self._ready[end:]
        return given

    def _more(self) -> str:
        """Some rows as text."""
        piece = io.StringIO()
        kept = csv.writer(
            piece, delimiter=self._sep, lineterminator="\r\n"
        )  # quotes both signs inside fields
        try:
            for line, row in self._found:
                self._width = self._width or len(row)
                if len(row) != self._width:
                    self._skipped(line)
                else:
                    kept.writerow(row)
                if piece.tell() > HEAD:
                    break
        except UnclosedError as error:
            self._skipped(error.line)
        return piece.getvalue()


def log_skipped(source: str, lines: list[int], why: str) -> None:
    """Log how many rows were left out, and the line of each."""
    log = get_logger("batcat_runtime")
    for start in range(0, len(lines), _LINES_A_RECORD):
        some = lines[start : start + _LINES_A_RECORD]
        log.warning(
            "%s: skipped %d rows (%d to %d), %s: lines %s",
            source,
            len(lines),
            start + 1,
            start + len(some),
            why,
            ", ".join(map(str, some)),
        )


def nul(file: IO[bytes]) -> str:
    """Say in which line the sign NUL is."""
    line = next(line for line, text in enumerate(file, 1) if b"\0" in text)
    return f"line {line}"


def undecodable(file: IO[bytes], encoding: str) -> str:
    """Say in which line the text has another encoding; nothing when lines cannot be told apart."""
    if "\n".encode(encoding) != b"\n":
        return ""
    line = next((n for n, text in enumerate(file, 1) if not _decodes(text, encoding)), None)
    return f" in line {line}" if line else ""


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def check_characters(doing: str, sep: str, decimal: str) -> None:
    """Refuse what cannot part values, or decimals.

    Raises:
        ConfigError: they are not two characters of ASCII.
    """
    good = len(sep) == len(decimal) == 1 and (sep + decimal).isascii() and sep != decimal
    if not good or sep in '"\r\n\0' or decimal in '"\r\n\0':
        raise ConfigError(
            f"{doing} with sep={sep!r} and decimal={decimal!r}; "
            "give two different characters, for example sep=';', decimal=','",
        )


def need_sound(names: list[str], source: str) -> None:
    """Refuse a header that names a column twice, where columns are asked for by name.

    Raises:
        DataError: it does.
    """
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            f"{source} has column {twice!r} twice; types= and columns= need one of each"
        )
