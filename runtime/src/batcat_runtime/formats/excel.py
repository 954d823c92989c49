"""Excel workbooks to tables and back, saying what cannot be read or written."""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any
from zipfile import BadZipFile

from batcat_runtime.errors import AccessError, DataError, MissingError, MissingExtraError

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator

    import pandas as pd


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


def write_excel(df: pd.DataFrame, file: IO[bytes], target: str) -> None:
    """Write a DataFrame as the only sheet of a workbook, without its index.

    Args:
        df: the DataFrame.
        file: to write into; it must be able to seek.
        target: where it goes, for messages.

    Raises:
        DataError: a workbook cannot hold it: more than 1,048,576 rows, or times with a zone.
        AccessError: there is no room for its temporary file.
        MissingExtraError: openpyxl is not installed.
    """
    try:
        df.to_excel(file, index=False, engine="openpyxl")
    except ImportError as error:
        raise MissingExtraError("openpyxl", "excel") from error
    except ValueError as error:
        raise DataError(f"cannot write {target} as an Excel workbook: {error}") from error
    except Exception as error:
        if (
            not isinstance(error, OSError) and type(error).__name__ != "SerialisationError"
        ):  # lxml's
            raise
        raise AccessError(
            f"cannot write {target}: a workbook goes through a temporary file, and {error}; make "
            "room for it, or set TMPDIR to a folder that has some",
        ) from error
