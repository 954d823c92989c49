"""Parquet in S3: whole objects, some columns, some rows, or a piece at a time.

Whole objects come in ranges into one buffer. Where columns or filters are given, the footer comes
first, and then only the column chunks of the row groups that may hold such rows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.arrow import arrow_type, from_frame, to_frame
from batcat_runtime.errors import BatCatError, ConfigError, DataError, MissingError

from . import datasets
from .stream import RandomAccess
from .transfer import fetch_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import IO

    import pandas as pd
    import pyarrow as pa

    from batcat_runtime.columns.types import Type

    from .ranges import Object

_AT_ONCE = 8  # objects of which parts are read
_SMALL = 1024 * 1024  # bytes that one thread decodes faster than two


@dataclass(frozen=True)
class Wanted:
    """What to read of the objects.

    Attributes:
        columns: names; None for all.
        filters: an expression of ``pyarrow.compute``, or None for all rows.
        partitions: for each object its partition: columns of one value.
        sources: the objects.
    """

    columns: list[str] | None
    filters: Any
    partitions: list[Mapping[str, pd.Series[Any]]]
    sources: list[Object]


def plan(
    sources: Sequence[Object],
    prefix: str | Sequence[str],
    columns: Sequence[str] | None,
    filters: Any,
) -> Wanted:
    """Decide what to read; objects whose partition rules out all rows are left out.

    Raises:
        ConfigError: the filters are none.
        DataError: some objects have partitions that others do not have.
    """
    import pyarrow.parquet as pq

    found = [datasets.partition_of(one, prefix) for one in sources]
    types = datasets.partition_types(found, {})
    values = [
        datasets.partition_values(one, types, str(source))
        for one, source in zip(found, sources, strict=True)
    ]
    chosen = [place for place, one in enumerate(values) if datasets.may_match(one, filters)] or [
        0
    ]  # of one at least, for its columns
    try:
        expression = None if filters is None else pq.filters_to_expression(filters)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"filters {filters!r} are none: {error}; for example [('year', '>=', 2026)]",
        ) from error
    return Wanted(
        columns=None if columns is None else list(dict.fromkeys(columns)),
        filters=expression,
        partitions=[values[place] for place in chosen],
        sources=[sources[place] for place in chosen],
    )


def read(wanted: Wanted) -> pd.DataFrame:
    """Read what is wanted into one DataFrame."""
    import pyarrow as pa

    tables = list(_tables(wanted))
    if len(tables) > 1:
        _check_alike(tables, wanted.sources)
    first = tables[0].schema
    joined = (
        tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="permissive")
    )
    name = str(wanted.sources[0]) if len(tables) == 1 else f"{len(tables)} objects"
    return to_frame(joined.replace_schema_metadata(first.metadata), name)


def _tables(wanted: Wanted) -> Iterator[pa.Table]:
    import pyarrow as pa

    if wanted.columns is None and wanted.filters is None:
        with closing(fetch_all(wanted.sources)) as buffers:
            for place, buffer in enumerate(buffers):
                yield _decode(wanted, place, pa.BufferReader(pa.py_buffer(buffer.getbuffer())))
        return
    workers = min(_AT_ONCE, len(wanted.sources))
    with ThreadPoolExecutor(workers, thread_name_prefix="batcat-parquet") as pool:
        yield from pool.map(lambda place: _read_parts(wanted, place), range(len(wanted.sources)))


def _decode(wanted: Wanted, place: int, file: Any) -> pa.Table:
    """Read a whole object; faster than through a dataset."""
    import pyarrow.parquet as pq

    with _explained(wanted.sources[place]):
        small = wanted.sources[place].size
        threads = small is None or small > _SMALL
        data = pq.ParquetFile(file).read(use_threads=threads)
    for name, values in wanted.partitions[place].items():
        if name in data.column_names:
            data = data.drop_columns([name])
        data = data.append_column(name, _repeated(values, data.num_rows))
    return data


def _repeated(values: pd.Series[Any], count: int) -> Any:
    import pyarrow as pa

    from batcat_runtime.columns.series import type_of

    kind = arrow_type(type_of(values, ""))
    return pa.repeat(pa.scalar(_plain(values), kind), count)


def _plain(values: pd.Series[Any]) -> Any:
    return None if values.isna().iloc[0] else values.astype(object).iloc[0]


def _read_parts(wanted: Wanted, place: int) -> pa.Table:
    """Read some columns or rows of an object."""
    file = RandomAccess(wanted.sources[place])
    with _explained(wanted.sources[place]):
        fragment, schema, columns = _open(wanted, place, file)
        if wanted.filters is not None:
            fragment = fragment.subset(filter=wanted.filters, schema=schema)
        file.prefetch(_ranges(fragment, columns, wanted.filters))
        data = fragment.to_table(schema=schema, columns=columns, filter=wanted.filters)
    return data.replace_schema_metadata(schema.metadata)


def _open(wanted: Wanted, place: int, file: RandomAccess) -> tuple[Any, pa.Schema, list[str]]:
    """Read the footer; give the fragment, its schema with the partition, and what to select."""
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    partition = wanted.partitions[place]
    said = None
    schema_of = _schema_of(partition)
    for name, values in partition.items():
        value = _plain(values)
        field = pc.field(name)
        one = field.is_null() if value is None else field == _scalar(value, schema_of[name])
        said = one if said is None else said & one
    fragment = ds.ParquetFileFormat().make_fragment(file, partition_expression=said)
    schema = fragment.physical_schema
    for name, kind in schema_of.items():
        if name in schema.names:
            schema = schema.remove(schema.get_field_index(name))
        schema = schema.append(_field(name, kind))
    columns = schema.names if wanted.columns is None else wanted.columns
    absent = [name for name in columns if name not in schema.names]
    if absent:
        raise MissingError(
            f"{wanted.sources[place]} has no column {absent[0]!r}; its columns are {schema.names}",
        )
    return fragment, schema, columns


def _schema_of(partition: Mapping[str, pd.Series[Any]]) -> dict[str, pa.DataType]:
    from batcat_runtime.columns.series import type_of

    kinds: dict[str, Type] = {name: type_of(values, name) for name, values in partition.items()}
    return {name: arrow_type(kind) for name, kind in kinds.items()}


def _scalar(value: Any, kind: pa.DataType) -> pa.Scalar:
    import pyarrow as pa

    return pa.scalar(value, kind)


def _field(name: str, kind: pa.DataType) -> pa.Field:
    import pyarrow as pa

    return pa.field(name, kind)


def _ranges(fragment: Any, columns: list[str], filters: Any) -> Iterator[tuple[int, int]]:
    """Give the bytes of the column chunks that are read, in the fragment's row groups."""
    # An expression does not tell which columns it reads, but its text holds their names; one too
    # many costs some bytes, and what is missing is fetched when it is read.
    words = "" if filters is None else str(filters)
    for group in fragment.row_groups:
        described = fragment.metadata.row_group(group.id)
        for place in range(described.num_columns):
            chunk = described.column(place)
            name = chunk.path_in_schema.partition(".")[0]
            if name in columns or name in words or chunk.path_in_schema in columns:
                start = chunk.data_page_offset
                if chunk.has_dictionary_page and chunk.dictionary_page_offset is not None:
                    start = min(start, chunk.dictionary_page_offset)
                yield start, start + chunk.total_compressed_size


def chunks(wanted: Wanted, size: int) -> Iterator[pd.DataFrame]:
    """Read what is wanted in DataFrames of at most so many rows; one row group is in memory."""
    given = False
    for place, source in enumerate(wanted.sources):
        file = RandomAccess(source)
        with _explained(source):
            fragment, schema, columns = _open(wanted, place, file)
            if wanted.filters is not None:
                fragment = fragment.subset(filter=wanted.filters, schema=schema)
            groups = fragment.split_by_row_group()
        for group in groups:
            with _explained(source):
                file.forget()
                file.prefetch(_ranges(group, columns, wanted.filters))
                scanner = group.scanner(
                    schema=schema, columns=columns, filter=wanted.filters, batch_size=size
                )
                table = scanner.to_table()
            for start in range(0, table.num_rows, size):
                given = True
                yield to_frame(table.slice(start, size), str(source))
    if not given:
        yield to_frame(schema.empty_table().select(columns), str(source))


@contextmanager
def _explained(source: Object) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise DataError(f"{source} cannot be read as Parquet: {error}") from error
    except OSError as error:
        if isinstance(error, BatCatError):
            raise
        raise DataError(f"{source} cannot be read as Parquet: {error}") from error


def _check_alike(tables: Sequence[pa.Table], sources: Sequence[Object]) -> None:
    """Refuse objects whose columns of one name are of types that have nothing in common."""
    import pyarrow as pa

    first = tables[0].schema.remove_metadata()

    def check(other: pa.Schema, source: Object) -> None:
        try:
            pa.unify_schemas([first, other], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise DataError(f"{source} does not fit {sources[0]}: {error}") from error

    for data, source in zip(tables[1:], sources[1:], strict=True):
        other = data.schema.remove_metadata()
        if other != first:
            check(other, source)


def write(df: pd.DataFrame, file: IO[bytes], target: str, types: Mapping[str, Type]) -> None:
    """Write a DataFrame as Parquet, without its index.

    Args:
        df: the DataFrame.
        file: to write into.
        target: where it goes, for messages.
        types: types of columns that are not to be what the DataFrame says.

    Raises:
        DataError: a column cannot be written; the message names it.
    """
    import pyarrow.parquet as pq

    absent = next((name for name in types if name not in df.columns), None)
    if absent is not None:
        raise ConfigError(f"types= names {absent!r}; the columns are {list(df.columns)}")
    try:
        data = from_frame(df, types)
    except DataError as error:
        raise DataError(f"cannot write {target}: {error}") from error
    pq.write_table(data, file)
