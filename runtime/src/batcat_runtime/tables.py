"""Bytes to tables and back: CSV and Excel, strictly, saying where it goes wrong."""

from __future__ import annotations

import codecs
import csv
import io
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any
from zipfile import BadZipFile

from .errors import ConfigError, DataError, MissingError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd


def need_pandas() -> None:
    """Make sure that pandas is there before anything is fetched for it.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: F401 - only whether it can be imported matters
    except ModuleNotFoundError as error:
        if error.name != "pandas":
            raise
        raise MissingExtraError("pandas", "pandas") from error


def writer(file: IO[bytes]) -> codecs.StreamWriter:
    """Give a text view of a binary file, for pandas to write into piece by piece."""
    return codecs.getwriter("utf-8")(file)


def read_csv(
    buffer: io.BytesIO,
    source: str,
    encoding: str | None = None,
    *,
    sep: str = ",",
    decimal: str = ".",
) -> pd.DataFrame:
    """Parse a CSV.

    Args:
        buffer: the bytes.
        source: where they come from, for messages.
        encoding: text encoding; by default UTF-8, with or without a byte order mark.
        sep: the character between two values.
        decimal: the character before the decimals of a number.

    Returns:
        DataFrame of shape ``(n_rows, n_columns)``.

    Raises:
        DataError: it is not sound; the message names the source and the line.
        ConfigError: there is no such encoding, or sep or decimal is not one character.
    """
    import pandas as pd

    _check_encoding(source, encoding)
    _check_characters(source, sep, decimal)
    _check_first_row(buffer, source, encoding, sep)
    try:
        # Types are inferred from whole columns: by chunks, one column may hold two types.
        options = {"sep": sep, "decimal": decimal, **_exact_floats()}
        table: pd.DataFrame = pd.read_csv(buffer, encoding=encoding, low_memory=False, **options)
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{source} is empty: it has no header; check what wrote it") from error
    except pd.errors.ParserError as error:
        told = str(error).strip()
        raise DataError(
            f"{source} is not a sound CSV: {_find_bad_row(buffer, encoding, sep, told)}; "
            "correct it there",
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{source} is not {error.encoding} text{_find_bad_text(buffer, error.encoding)}; "
            "say which encoding it has, for example encoding='gb18030' or 'latin-1'",
        ) from error
    return table


def _exact_floats() -> dict[str, Any]:
    """Ask for floats as they were written; before 3.1, pandas rounds a third of them otherwise."""
    import pandas as pd

    major, minor = (int(part) for part in pd.__version__.split(".")[:2])
    return {} if (major, minor) >= (3, 1) else {"float_precision": "round_trip"}


def _check_encoding(source: str, encoding: str | None) -> None:
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError as error:
        raise ConfigError(
            f"{source} cannot be read: {error}; give a codec of Python, for example 'gb18030'",
        ) from error


def _check_characters(source: str, sep: str, decimal: str) -> None:
    if len(sep) != 1 or len(decimal) != 1 or sep == decimal or sep in '"\r\n':
        raise ConfigError(
            f"{source} cannot be read with sep={sep!r} and decimal={decimal!r}; "
            "give two different characters, for example sep=';', decimal=','",
        )


def _check_first_row(buffer: io.BytesIO, source: str, encoding: str | None, sep: str) -> None:
    """Refuse a first row longer than the header.

    pandas would take its first fields for an index and shift all columns without a word.
    """
    width = 0
    try:
        for line, row in _rows(buffer, encoding, sep):
            if width:
                if len(row) > width:
                    raise DataError(
                        f"{source} is not a sound CSV: {_too_long(line, row, width)}; "
                        "correct it there",
                    )
                return
            width = len(row)
    except (csv.Error, UnicodeDecodeError):
        return  # pandas judges the whole and says more


def _find_bad_row(buffer: io.BytesIO, encoding: str | None, sep: str, told: str) -> str:
    """Say in which line of the file it goes wrong; pandas counts rows instead."""
    width, line = 0, 1
    try:
        for line, row in _rows(buffer, encoding, sep):
            width = width or len(row)
            if len(row) > width:
                return _too_long(line, row, width)
    except (csv.Error, UnicodeDecodeError):
        return told
    if "EOF inside string" in told:
        return f"a quotation that begins in line {line} does not end"
    return told


def _find_bad_text(buffer: io.BytesIO, encoding: str) -> str:
    if codecs.encode("\n", encoding) != b"\n":
        return ""  # lines cannot be told apart before decoding
    buffer.seek(0)
    line = next((n for n, text in enumerate(buffer, 1) if not _decodes(text, encoding)), None)
    return f" in line {line}" if line else ""


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _rows(buffer: io.BytesIO, encoding: str | None, sep: str) -> Iterator[tuple[int, list[str]]]:
    """Give each row that is not blank with the line it begins in, counted from 1."""
    buffer.seek(0)
    text = io.TextIOWrapper(buffer, encoding=encoding or "utf-8-sig", newline="")
    try:
        lines: Any = csv.reader(text, delimiter=sep)
        line = 1
        for row in lines:
            if len(row) > 1 or "".join(row).strip():
                yield line, row
            line = lines.line_num + 1
    finally:
        text.detach()
        buffer.seek(0)


def _too_long(line: int, row: list[str], width: int) -> str:
    return f"line {line} has {len(row)} fields, the header has {width}"


def read_excel(buffer: io.BytesIO, source: str, *, sheet_name: Any = 0, header: Any = 0) -> Any:
    """Parse sheets of an Excel workbook.

    Args:
        buffer: the bytes.
        source: where they come from, for messages.
        sheet_name: name or place (from 0) of the sheet; a list for several; None for all.
        header: row of the column names (from 0); None when there is none.

    Returns:
        One DataFrame, or for several sheets a dictionary of them by sheet.

    Raises:
        DataError: it is no Excel workbook.
        MissingError: it has no such sheet.
        MissingExtraError: openpyxl is not installed.
    """
    import pandas as pd

    with _workbook(source), pd.ExcelFile(buffer) as book:
        names = book.sheet_names
        wanted = sheet_name if isinstance(sheet_name, list) else [sheet_name]
        known = {None, *names, *range(-len(names), len(names))}
        absent = [sheet for sheet in wanted if sheet not in known]
        if absent:
            raise MissingError(f"{source} has no sheet {absent[0]!r}; its sheets are {names}")
        return pd.read_excel(book, sheet_name=sheet_name, header=header)


def stack_excel(workbooks: Iterable[tuple[str, str, io.BytesIO]]) -> pd.DataFrame:
    """Parse all sheets of several workbooks, one below the other.

    Args:
        workbooks: for each its name, where it comes from, and its bytes.

    Returns:
        All rows, with the index levels ``file``, ``sheet`` and ``row``.

    Raises:
        DataError: one is no Excel workbook.
        MissingExtraError: openpyxl is not installed.
    """
    import pandas as pd

    places: list[tuple[str, str]] = []
    frames: list[pd.DataFrame] = []
    for name, source, buffer in workbooks:
        for sheet, frame in read_excel(buffer, source, sheet_name=None).items():
            places.append((name, sheet))
            frames.append(frame)
    columns = dict.fromkeys(column for frame in frames for column in frame.columns)
    # Where a sheet has no values it has no say in a column's type: dates stay dates.
    filled = [frame.dropna(axis="columns", how="all") for frame in frames]
    below = pd.concat(filled, keys=places, names=["file", "sheet", "row"])
    table: pd.DataFrame = below.reindex(columns=list(columns))
    return table


@contextmanager
def _workbook(source: str) -> Iterator[None]:
    """Say in our errors what pandas and openpyxl cannot read."""
    try:
        yield
    except ImportError as error:
        if "openpyxl" in str(error):
            raise MissingExtraError("openpyxl", "excel") from error
        raise DataError(f"{source} is not an .xlsx workbook ({error}); save it as .xlsx") from error
    except (BadZipFile, KeyError, SyntaxError, ValueError) as error:  # torn XML is a SyntaxError
        raise DataError(f"{source} cannot be read as an Excel workbook: {error}") from error
