"""Objects in S3 to tables: finds what to read, fetches it, and hands it to its format."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

from batcat_runtime.columns.series import known, need_pandas
from batcat_runtime.errors import ConfigError
from batcat_runtime.formats import csv_read, json_lines
from batcat_runtime.formats.csv_parse import Reading, Text, pieces, text_of

from . import datasets
from .packed import MAGIC, gzip_file
from .stream import Stream
from .transfer import WHOLE, Arriving, arrivals, fetch_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from batcat_runtime.columns.types import Type

    from .ranges import Object

_READ = 256 * 1024  # bytes that a parser reads at once
_AHEAD = 64 * 1024 * 1024  # bytes of small objects fetched ahead, when memory is bounded


def plan(  # noqa: PLR0913, PLR0917 - what callers may say
    columns: Sequence[str] | None,
    types: Mapping[str, str | Type] | None,
    null: str,
    on_bad_rows: str,
    chunksize: int | None,
    encoding: str | None = None,
) -> Reading:
    """Check what a caller says about reading.

    Raises:
        ConfigError: an argument is none that there is.
        MissingExtraError: pandas is not installed.
    """
    need_pandas()
    if on_bad_rows not in {"error", "skip"}:
        raise ConfigError(f"on_bad_rows is {on_bad_rows!r}; it must be 'error' or 'skip'")
    if isinstance(columns, str):
        raise ConfigError(f"columns is a text; give a list: columns=[{columns!r}]")
    check_size(chunksize)
    skip = on_bad_rows == "skip"
    return Reading(encoding, columns, known(types), null, skip)


def check_size(chunksize: int | None) -> None:
    """Refuse a size of chunks that is none."""
    if chunksize is not None and chunksize < 1:
        raise ConfigError(f"chunksize is {chunksize}; it must be at least 1")


@dataclass(frozen=True)
class _Dataset:
    """What is to be read: objects, and the columns that their folders say.

    Attributes:
        sources: the objects.
        partitions: for each the values of its partition.
        how: how to read the rest.
        columns: names in their order, those of partitions too; None for all.
    """

    sources: list[Object]
    partitions: list[Mapping[str, pd.Series[Any]]]
    how: Reading
    columns: Sequence[str] | None

    def complete(self, frame: pd.DataFrame, counts: Sequence[int]) -> pd.DataFrame:
        """Add the columns of partitions to the rows of all objects.

        Args:
            frame: the rows.
            counts: how many are of each object.
        """
        import pandas as pd

        names = list(self.partitions[0])
        if not names:
            return frame
        found: dict[str, Any] = {
            name: pd.concat(
                [
                    values[name].repeat(count)
                    for values, count in zip(self.partitions, counts, strict=True)
                ],
                ignore_index=True,
            )
            for name in names
        }
        whole: pd.DataFrame = frame.assign(**found)
        return whole if self.columns is None else whole[list(self.columns)]


def _dataset(bucket: str, key: str | Sequence[str], how: Reading) -> _Dataset:
    sources = datasets.objects(bucket, key)
    found = [datasets.partition_of(one, key) for one in sources]
    types = datasets.partition_types(found, how.types)
    values = [
        datasets.partition_values(one, types, str(source))
        for one, source in zip(found, sources, strict=True)
    ]
    columns = how.columns
    inside = replace(
        how,
        columns=None if columns is None else [name for name in columns if name not in types],
        types={name: kind for name, kind in how.types.items() if name not in types},
    )
    return _Dataset(sources, list(values), inside, columns)


def read_csv(
    bucket: str, key: str | Sequence[str], how: Reading, chunksize: int | None
) -> pd.DataFrame | Iterator[pd.DataFrame]:
    """Read CSV; see ``s3.read_csv_from_bucket``."""
    data = _dataset(bucket, key, how)
    if chunksize is not None:
        return _csv_chunks(data, chunksize)
    if len(data.sources) == 1:
        frame = _one_csv(data)
        return data.complete(frame, [len(frame)])
    texts = _texts(data.sources)
    if not data.partitions[0]:
        return csv_read.read_all(texts, data.how)
    frames = [csv_read.read_all([text], data.how) for text in texts]
    counts = [len(frame) for frame in frames]
    return data.complete(csv_read.merged(frames, texts, data.how), counts)


def _one_csv(data: _Dataset) -> pd.DataFrame:
    """Parse a CSV while it still arrives, and drop what has been parsed.

    To find the line of an error, or to infer a column anew, it is fetched again.
    """
    with closing(arrivals(data.sources, once=True)) as found:
        arrival = next(found)
        ways = [io.BufferedReader(Arriving(arrival), _READ)]

        def begin() -> IO[bytes]:
            return ways.pop() if ways else _stream(arrival.source).open()

        text = _unpacked(Text(str(data.sources[0]), begin))
        return csv_read.read_all([text], data.how)


def _unpacked(text: Text) -> Text:
    """Unpack what gzip packed, which its first bytes tell, whatever its key ends in."""

    def begin() -> IO[bytes]:
        raw: Any = text.open()
        return gzip_file(raw, text.source) if raw.peek(2)[:2] == MAGIC else raw

    packed = text.view is not None and bytes(text.view[:2]) == MAGIC
    return replace(text, open=begin, view=None if packed else text.view)


def _texts(sources: Sequence[Object]) -> list[Text]:
    with closing(fetch_all(sources)) as buffers:
        return [
            _unpacked(text_of(buffer.getbuffer(), str(one)))
            for one, buffer in zip(sources, buffers, strict=True)
        ]


def _csv_chunks(data: _Dataset, size: int) -> Iterator[pd.DataFrame]:
    with closing(_streams(data.sources)) as streams:
        for text, values in zip(streams, data.partitions, strict=True):
            for piece in pieces(text, data.how, size):
                frame = datasets.add_partition(piece.reset_index(drop=True), values)
                yield frame if data.columns is None else frame[list(data.columns)]


def _streams(sources: Sequence[Object]) -> Any:
    """Give texts in bounded memory: small ones fetched ahead, a large one as it is read."""
    start = 0
    while start < len(sources):
        end = start
        while end < len(sources) and (sources[end].size or WHOLE + 1) <= WHOLE:
            end += 1
        if end > start:
            with closing(fetch_all(sources[start:end], _AHEAD)) as buffers:
                for one, buffer in zip(sources[start:end], buffers, strict=True):
                    yield _unpacked(text_of(buffer.getbuffer(), str(one)))
        else:
            end = start + 1
            yield _unpacked(_stream(sources[start]))
        start = end


def _stream(source: Object) -> Text:
    return Text(str(source), lambda: io.BufferedReader(Stream(source), io.DEFAULT_BUFFER_SIZE))


def read_json_lines(
    bucket: str, key: str | Sequence[str], how: Reading, chunksize: int | None
) -> pd.DataFrame | Iterator[pd.DataFrame]:
    """Read JSON lines; see ``s3.read_json_lines_from_bucket``."""
    data = _dataset(bucket, key, how)
    if chunksize is not None:
        return _json_chunks(data, chunksize)
    found = [list(json_lines.parts(text, data.how)) for text in _texts(data.sources)]
    counts = [sum(len(rows) for rows, _ in parts) for parts in found]
    every = (part for parts in found for part in parts)
    name = str(data.sources[0]) if len(found) == 1 else f"{len(found)} objects"
    return data.complete(json_lines.table(every, data.how, name), counts)


def _json_chunks(data: _Dataset, size: int) -> Iterator[pd.DataFrame]:
    with closing(_streams(data.sources)) as streams:
        for text, values in zip(streams, data.partitions, strict=True):
            for part in json_lines.parts(text, data.how, size):
                frame = json_lines.table([part], data.how, text.source)
                frame = datasets.add_partition(frame, values)
                yield frame if data.columns is None else frame[list(data.columns)]


def read_parquet(
    bucket: str,
    key: str | Sequence[str],
    columns: Sequence[str] | None,
    filters: Any,
    chunksize: int | None,
) -> pd.DataFrame | Iterator[pd.DataFrame]:
    """Read Parquet; see ``s3.read_parquet_from_bucket``."""
    from batcat_runtime.columns.arrow import need_arrow

    from . import parquet

    plan(columns, None, "", "error", chunksize)
    need_arrow()
    wanted = parquet.plan(datasets.objects(bucket, key), key, columns, filters)
    return parquet.read(wanted) if chunksize is None else parquet.chunks(wanted, chunksize)
