"""Many pieces of CSV as one table: a column has one type, whatever a piece of it looks like."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.types import Type
from batcat_runtime.errors import DataError

from . import csv_rows
from .csv_parse import Reading, Text, options, pieces, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


_ONE_BYTE = frozenset({"utf-8", "utf-8-sig", "ascii", "iso8859-1", "cp1252"})
"""Encodings in which a quotation mark or a line's end is one byte, which means nothing else."""
_MARK = codecs.BOM_UTF8


def read_csv(
    buffer: io.BytesIO,
    source: str,
    encoding: str | None = None,
    how: Reading | None = None,
) -> pd.DataFrame:
    """Parse a CSV.

    Args:
        buffer: the bytes.
        source: where they come from, for messages.
        encoding: text encoding; by default UTF-8, with or without a byte order mark.
        how: how to read it otherwise.

    Returns:
        DataFrame of shape ``(n_rows, n_columns)``.

    Raises:
        DataError: it is not sound; the message names the source and the line.
        ConfigError: there is no such encoding, or sep or decimal is not one character.
        MissingError: it does not have a column that is asked for.
    """
    how = how or Reading(encoding)
    text = text_of(buffer.getbuffer(), source)
    return merged(list(pieces(text, how)), [text], how)


def read_all(texts: list[Text], how: Reading) -> pd.DataFrame:
    """Parse CSVs, one below the other.

    Those of one header line are parsed as one text, which is faster. The list is emptied.

    Raises:
        DataError, MissingError: as ``read_csv``; or one has other columns than the first.
    """
    together = _joined(texts, how)
    if together:
        try:
            return merged(list(pieces(together, replace(how, skip=False))), texts, how)
        except DataError:
            pass  # which of them, and in which line, is found one by one
    found: list[pd.DataFrame] = []
    for text in texts:
        for piece in pieces(text, how):
            other = set(piece.columns) ^ set(found[0].columns) if found else ()
            if other:
                raise DataError(
                    f"{text.source} has other columns than {texts[0].source}: "
                    f"{', '.join(sorted(map(str, other)))} in only one; correct the one that is "
                    "wrong, or give columns= that both have",
                )
            found.append(piece)
    return merged(found, texts, how)


def _joined(texts: Sequence[Text], how: Reading) -> Text | None:
    """Make one CSV of several that begin with the same line; None when that is not safe."""
    views = [text.view for text in texts if text.view is not None]
    if len(texts) < 2 or len(views) < len(texts):  # noqa: PLR2004 - one needs no other
        return None
    if codecs.lookup(how.encoding or "utf-8").name not in _ONE_BYTE:
        return None
    first = _header_line(views[0])
    if not first:
        return None
    parts: list[memoryview] = []
    for view in views:
        if _header_line(view) != first or not csv_rows.is_well_quoted(bytes(view)):
            return None
        body = view[_begin(view) + len(first) :]
        parts += [body] if bytes(body[-1:]) in {b"", b"\n"} else [body, memoryview(b"\n")]
    views = [memoryview(first), *parts]
    return Text(
        f"{len(texts)} objects", lambda: io.BufferedReader(csv_rows.Joined(views), csv_rows.HEAD)
    )


def _begin(view: memoryview) -> int:
    return len(_MARK) if view[: len(_MARK)] == _MARK else 0


def _header_line(view: memoryview) -> bytes:
    """The first line without a byte order mark; empty when it is no whole header."""
    begin = _begin(view)
    line, end, _ = bytes(view[begin : begin + csv_rows.HEAD]).partition(b"\n")
    return line + end if end and line.strip() and b"\r" not in line[:-1] else b""


def merged(found: Sequence[pd.DataFrame], texts: list[Text], how: Reading) -> pd.DataFrame:
    """Put pieces one below the other.

    A column that was inferred to be one thing in one piece and another in the next is inferred
    anew from all its cells, as if it had been parsed at once.

    Args:
        found: the pieces, of the same columns.
        texts: what they were parsed from; emptied when it is no longer needed, for its memory.
        how: how they were.
    """
    import pandas as pd

    if len(found) == 1:
        texts.clear()
        only: pd.DataFrame = found[0].reset_index(drop=True)
        return only
    columns = list(found[0].columns)
    unclear = [name for name in columns if not _one_type([piece[name] for piece in found])]
    if not unclear:
        texts.clear()
    frame: pd.DataFrame = pd.concat(
        [piece.drop(columns=unclear) for piece in found], ignore_index=True
    )
    for name in unclear:
        frame[name] = _inferred(str(name), texts, how)
    every: pd.DataFrame = frame[columns]
    return every


def _one_type(columns: Sequence[pd.Series[Any]]) -> bool:
    kinds = {str(column.dtype) for column in columns}
    return len(kinds) == 1 or kinds == {"int64", "float64"}


def _inferred(name: str, texts: Sequence[Text], how: Reading) -> pd.Series[Any]:
    """Infer a column from its cells in all texts, as pandas does it."""
    import pandas as pd

    as_text = replace(
        how,
        columns=[name, *(other for other in how.types if other != name)],
        types=how.types | {name: Type("text")},
        quiet=True,
    )
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, quoting=csv.QUOTE_ALL)
    writer.writerow([name])
    for text in texts:
        for piece in pieces(text, as_text):
            writer.writerows([cell] for cell in piece[name].fillna(how.null))
    lines.seek(0)
    kept = options([name], replace(how, types={}))
    found: pd.Series[Any] = pd.read_csv(lines, skip_blank_lines=False, **kept)[name]
    return found
