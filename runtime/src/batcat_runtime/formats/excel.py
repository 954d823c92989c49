"""Excel workbooks to tables and back, saying what cannot be read or written."""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any
from zipfile import BadZipFile

from batcat_runtime.errors import AccessError, DataError, MissingError, MissingExtraError

from . import excel_cells

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterable, Iterator

    import pandas as pd

_ROWS = 1000  # written between two words on how far it is


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
        # As objects, and only what is empty missing: a text 007 or NA is no number and not missing.
        plain: Any = {"dtype": object, "keep_default_na": False, "na_values": [""]}
        found: Any = pd.read_excel(book, sheet_name=sheet_name, header=header, **plain)
        if isinstance(found, dict):
            return {sheet: _inferred(frame) for sheet, frame in found.items()}
        return _inferred(found)


def _inferred(frame: pd.DataFrame) -> pd.DataFrame:
    """Give columns the types of their cells, numbers beside nothing as pandas does it."""
    found: pd.DataFrame = frame.infer_objects()
    for place in range(frame.shape[1]):
        every = frame.iloc[:, place]
        kinds = {type(cell) for cell in every.dropna()}
        dtype: Any = None
        if kinds == {bool}:
            dtype = "boolean" if every.isna().any() else "bool"
        elif kinds and kinds <= {int, float}:  # beyond 64 bits, too; a workbook holds floats
            dtype = "float64"
        if str(found.iloc[:, place].dtype) == "object":
            exact = every.astype(dtype) if dtype else every.where(every.notna(), None)
            found.isetitem(place, exact.array)
    return found


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


def write_excel(
    df: pd.DataFrame,
    file: IO[bytes],
    target: str,
    wrote: Callable[[int], None] | None = None,
) -> None:
    """Write a DataFrame as the only sheet of a workbook, without its index.

    Texts stay texts, also those that begin with ``=``. Decimals become numbers.

    Args:
        df: the DataFrame.
        file: to write into; it must be able to seek.
        target: where it goes, for messages.
        wrote: is called with the number of rows of each piece.

    Raises:
        DataError: a workbook cannot hold it; the message names column and row.
        AccessError: there is no room for its temporary file.
        MissingExtraError: openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook  # type: ignore[import-untyped]
        from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError("openpyxl", "excel") from error
    rows = excel_cells.rows(df, target)
    try:
        book = Workbook(write_only=True)
        sheet = book.create_sheet("Sheet1")
        for place, row in enumerate(rows, 1):
            cells = [WriteOnlyCell(sheet, value) for value in row]
            for cell, value in zip(cells, row, strict=True):
                if isinstance(value, str):
                    cell.data_type = "s"  # openpyxl takes =1 for a formula, and #N/A for an error
            sheet.append(cells)
            if wrote and not place % _ROWS:
                wrote(_ROWS)
        book.save(file)
    except Exception as error:
        if (
            not isinstance(error, OSError) and type(error).__name__ != "SerialisationError"
        ):  # lxml's
            raise
        raise AccessError(
            f"cannot write {target}: a workbook goes through a temporary file, and {error}; make "
            "room for it, or set TMPDIR to a folder that has some",
        ) from error
