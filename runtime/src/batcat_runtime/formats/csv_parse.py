"""CSV to tables, strictly, saying where it goes wrong.

pandas parses, some rows at a time, so that memory holds little besides the text and the table.
Objects of one header are parsed as one text: a column has one type, however many rows and objects
it comes from.
"""

from __future__ import annotations

import codecs
import io
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns import texts
from batcat_runtime.errors import ConfigError, DataError, MissingError

from . import csv_rows, csv_tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import IO

    import pandas as pd

    from batcat_runtime.columns.types import Type

_PIECE = 2 * 1024 * 1024  # bytes that pandas parses at once
_MALFORMED = (
    "which do not have as many fields as the header, or a quotation that does not end and takes in "
    "all that follows"
)
_FEWEST = 1000  # rows that it parses at once
_READ = 256 * 1024  # bytes that pandas reads at once
# What pandas takes for missing unless told otherwise (source: pandas.read_csv, na_values).
_MISSING = [
    *["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"],
    *["1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"],
]


@dataclass(frozen=True)
class Reading:
    """How a CSV is to be read.

    Attributes:
        encoding: text encoding; None for UTF-8 with or without a byte order mark.
        columns: names of those to keep, in their order; None for all.
        types: exact types; other columns are inferred as pandas does it.
        null: what stands for NULL where a type is said; if not empty, in all columns.
        skip: leave rows out that are malformed, instead of raising an error.
        quiet: log no row that is left out; it has been logged before.
        sep: the character between two values.
        decimal: the character before the decimals of a number.
    """

    encoding: str | None = None
    columns: Sequence[str] | None = None
    types: dict[str, Type] = field(default_factory=dict)
    null: str = ""
    skip: bool = False
    quiet: bool = False
    sep: str = ","
    decimal: str = "."


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


class _BadRowsError(Exception):
    """Rows are malformed, and shall be left out."""


def text_of(view: memoryview, source: str) -> Text:
    """Make bytes in memory a CSV that can be read anew."""
    return Text(source, lambda: io.BufferedReader(csv_rows.Joined([view]), _READ), view)


def pieces(text: Text, how: Reading, size: int | None = None) -> Iterator[pd.DataFrame]:
    """Parse a CSV piece by piece.

    Args:
        text: the CSV.
        how: how to read it.
        size: rows of a piece; by default as many as about 2 MB hold.

    Raises:
        DataError, MissingError: as ``read_csv``.
    """
    _check_encoding(text.source, how.encoding)
    csv_rows.check_characters(f"{text.source} cannot be read", how.sep, how.decimal)
    cleaned = how.skip and size is not None  # what has been given cannot be taken back
    if not cleaned:
        try:
            done = list(_parsed(text, how, size)) if how.skip else _parsed(text, how, size)
            yield from done
        except _BadRowsError:
            cleaned = True
    if cleaned:
        skipped: list[int] = []
        yield from _parsed(text, how, size, skipped)
        if not how.quiet:
            csv_rows.log_skipped(text.source, skipped, _MALFORMED)


def _parsed(
    text: Text, how: Reading, size: int | None, skipped: list[int] | None = None
) -> Iterator[pd.DataFrame]:
    import pandas as pd

    with closing(text.open()) as raw:
        head = _head(raw)
        names, first = csv_rows.header(head, how.encoding, how.sep)
        names = csv_rows.pandas_names(names)
        _check_columns(names, how, text.source)
        if first and len(first[1]) != len(names) and skipped is None:
            # Of one that is too long, pandas would take the first fields for an index and shift
            # all columns without a word.
            if how.skip:
                raise _BadRowsError
            raise _unsound(text.source, csv_rows.unfit(*first, len(names)))
        tally = csv_tally.Tally(
            csv_rows.Joined([memoryview(head)], raw), how.sep, how.encoding or "utf-8"
        )
        file: Any = io.BufferedReader(tally, _READ)
        if skipped is not None:
            file = csv_rows.Cleaned(
                csv_rows.rows(file, how.encoding, how.sep), skipped.append, how.sep
            )
        count, doubtful = 0, False
        rows = size or max(_FEWEST, _PIECE // max(1, len(head) // max(1, head.count(b"\n"))))
        try:
            with pd.read_csv(file, chunksize=rows, **options(names, how)) as found:
                for piece in found:
                    count += len(piece)
                    doubtful = doubtful or csv_tally.may_be_short(piece)
                    yield _typed(piece, text, how, cleaned=skipped is not None)
        except csv_tally.NulError as error:
            raise _nul(text) from error
        except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
            by_row = "Expected" in str(error) or "EOF inside string" in str(error)
            if how.skip and skipped is None and by_row:
                raise _BadRowsError from error
            raise _explained(error, text, how) from error
        if skipped is None and doubtful and not tally.fits(count, len(names)):
            _check_rows(text, how)


def _check_rows(text: Text, how: Reading) -> None:
    """Look at the rows one by one: quotation marks inside of a field make the tally doubtful."""
    with closing(text.open()) as raw:
        why = csv_rows.find_bad_row(csv_rows.rows(raw, how.encoding, how.sep), "")
    if why and how.skip:
        raise _BadRowsError
    if why:
        raise _unsound(text.source, why)


def _nul(text: Text) -> DataError:
    with closing(text.open()) as raw:
        return DataError(
            f"{text.source} holds the sign NUL in {csv_rows.nul(raw)}, at which readers of CSV "
            "(pandas 2 among them) cut a text off; remove it there, or say which encoding the text "
            "has, for example encoding='utf-16'",
        )


def _head(raw: IO[bytes]) -> bytes:
    """The first bytes of a file, however few it gives at a time."""
    found = bytearray()
    while len(found) < csv_rows.HEAD:
        some = raw.read(csv_rows.HEAD - len(found))
        if not some:
            break
        found += some
    return bytes(found)


def options(names: list[str], how: Reading) -> dict[str, Any]:
    """How pandas is to parse: exact columns as text, the others as its users know it."""
    import pandas as pd

    # Types are inferred from whole pieces: by chunks, one column may hold two types.
    options: dict[str, Any] = {"encoding": how.encoding, "low_memory": False}
    options |= {"sep": how.sep, "decimal": how.decimal}
    major, minor = (int(part) for part in pd.__version__.split(".")[:2])
    if (major, minor) < (3, 1):  # it would round a third of all floats otherwise
        options["float_precision"] = "round_trip"
    if how.types:
        options["dtype"] = dict.fromkeys(how.types, object)
    if how.types or how.null:
        missing = [how.null] if how.null else _MISSING
        options["na_values"] = {name: missing for name in names if name not in how.types}
        options["keep_default_na"] = False
    return options


def _typed(piece: pd.DataFrame, text: Text, how: Reading, *, cleaned: bool) -> pd.DataFrame:
    """Give columns their exact types, and keep those that are asked for."""
    wanted = list(piece.columns) if how.columns is None else list(how.columns)
    found: dict[str, pd.Series[Any]] = {}
    bad: dict[int, tuple[str, str]] = {}
    for name in (name for name in how.types if name in wanted):
        cells = [None if cell == how.null else cell for cell in piece[name]]
        if how.decimal != "." and how.types[name].kind in {"float", "decimal"}:
            # Both ways: a point is then no decimal any more, but most likely one of thousands.
            swapped = str.maketrans({how.decimal: ".", ".": how.decimal})
            cells = [cell and cell.translate(swapped) for cell in cells]
        try:
            found[name] = texts.read(cells, how.types[name]).set_axis(piece.index)
        except texts.UnreadableError as error:
            bad |= {
                place: (name, str(piece[name].iloc[place])) for place in reversed(error.places)
            } | bad
    if bad:
        if how.skip and not cleaned:
            raise _BadRowsError
        return _without(piece, bad, text, how)
    kept: pd.DataFrame = piece[wanted].assign(**found) if found else piece[wanted]
    return kept


def _without(
    piece: pd.DataFrame, bad: dict[int, tuple[str, str]], text: Text, how: Reading
) -> pd.DataFrame:
    """Leave out the rows with cells that are not of their types, or raise the first."""
    if not how.skip:
        _check_rows(text, how)  # a row that is too short lacks cells, which says more
    places = sorted(bad)
    begin = int(piece.index[0])
    with closing(text.open()) as raw:
        every = {begin + place for place in (places if how.skip else places[:1])}
        rows = csv_rows.rows(raw, how.encoding, how.sep)
        lines = csv_rows.find_lines(rows, every, cleaned=how.skip)
    if not how.skip:
        name, cell = bad[places[0]]
        raise _unsound(
            text.source, f"line {lines[0]}, column {name!r}: {cell[:40]!r} is no {how.types[name]}"
        )
    if not how.quiet:
        csv_rows.log_skipped(text.source, lines, "which hold cells that are not of their type")
    kept = piece.drop(index=[begin + place for place in places])
    return _typed(kept, text, how, cleaned=True)


def _explained(error: Exception, text: Text, how: Reading) -> DataError:
    if isinstance(error, UnicodeDecodeError):
        with closing(text.open()) as raw:
            where = csv_rows.undecodable(raw, error.encoding)
        return DataError(
            f"{text.source} is not {error.encoding} text{where}; "
            "say which encoding it has, for example encoding='gb18030' or 'latin-1'",
        )
    told = str(error).strip()
    if "No columns" in told:
        return DataError(f"{text.source} is empty: it has no header; check what wrote it")
    with closing(text.open()) as raw:
        return _unsound(
            text.source, csv_rows.find_bad_row(csv_rows.rows(raw, how.encoding, how.sep), told)
        )


def _unsound(source: str, why: str) -> DataError:
    return DataError(f"{source} is not a sound CSV: {why}; correct it there")


def _check_encoding(source: str, encoding: str | None) -> None:
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError as error:
        raise ConfigError(
            f"{source} cannot be read: {error}; give a codec of Python, for example 'gb18030'",
        ) from error


def _check_columns(names: list[str], how: Reading, source: str) -> None:
    absent = [name for name in (*how.types, *(how.columns or ())) if name not in names]
    if absent and names:
        raise MissingError(f"{source} has no column {absent[0]!r}; its columns are {names}")
    if how.types or how.columns is not None:
        csv_rows.need_sound(names, source)
