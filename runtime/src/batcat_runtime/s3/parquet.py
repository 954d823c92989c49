"""Parquet in S3: whole objects, some columns, some rows, or a piece at a time.

Whole objects come in ranges into one buffer. Where columns or filters are given, the footer comes
first, and then only the column chunks of the row groups that may hold such rows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.arrow import to_frame
from batcat_runtime.columns.arrow_types import arrow_type
from batcat_runtime.errors import BatCatError, ConfigError, DataError

from . import datasets, fragments, int96
from .progress import Progress
from .stream import RandomAccess
from .transfer import fetch_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from .ranges import Object

_AT_ONCE = 8  # objects of which parts are read
_PLACE = "\0place"  # a name that no folder can have
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
    try:
        expression = None if filters is None else pq.filters_to_expression(filters)
        chosen = _matching(values, filters) or [0]  # of one at least, for its columns
    except (TypeError, ValueError, NotImplementedError) as error:  # two of them are Arrow's, too
        raise ConfigError(
            f"filters {filters!r} are none: {error}; for example [('year', '>=', 2026)]",
        ) from error
    return Wanted(
        columns=None if columns is None else list(dict.fromkeys(columns)),
        filters=expression,
        partitions=[values[place] for place in chosen],
        sources=[sources[place] for place in chosen],
    )


def _matching(partitions: list[dict[str, pd.Series[Any]]], filters: Any) -> list[int]:
    """Find the objects whose partition may hold rows that filters let through.

    Arrow judges partitions as it judges rows, NULL included.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    every = list(range(len(partitions)))
    if not isinstance(filters, list) or not partitions[0]:
        return every
    table = pa.table(
        {
            name: pa.array([fragments.plain(one[name]) for one in partitions], kind)
            for name, kind in fragments.schema_of(partitions[0]).items()
        }
    ).append_column(_PLACE, pa.array(every))
    groups = filters if isinstance(filters[0], list) else [filters]
    found: set[int] = set()
    for group in groups:
        told = [one for one in group if one[0] in partitions[0]]
        rows = table.filter(pq.filters_to_expression([told])) if told else table
        found.update(rows[_PLACE].to_pylist())
    return sorted(found)


def read(wanted: Wanted) -> pd.DataFrame:
    """Read what is wanted into one DataFrame."""
    import pyarrow as pa

    tables = list(_tables(wanted))
    if len(tables) > 1:
        tables = _decoded(tables)
        _check_alike(tables, wanted.sources)
    first = tables[0].schema
    name = str(wanted.sources[0]) if len(tables) == 1 else f"{len(tables)} objects"
    try:
        joined = tables[0]
        if len(tables) > 1:
            joined = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{name} beginning with {wanted.sources[0]} have columns of one name and other types, "
            f"and no type holds all values: {error}; read them one by one, or with columns=",
        ) from error
    rows = sum(data.num_rows for data in tables)
    return _frame(joined.replace_schema_metadata(first.metadata), rows, name)


def _frame(data: pa.Table, rows: int, name: str) -> pd.DataFrame:
    """Make a DataFrame, which has its rows even where no column is wanted."""
    import pandas as pd

    frame = to_frame(data, name)
    return frame if data.column_names else frame.reindex(pd.RangeIndex(rows))


def _tables(wanted: Wanted) -> Iterator[pa.Table]:
    import pyarrow as pa

    if wanted.columns is None and wanted.filters is None:
        with closing(fetch_all(wanted.sources)) as buffers:
            for place, buffer in enumerate(buffers):
                yield _decode(wanted, place, pa.BufferReader(pa.py_buffer(buffer.getbuffer())))
        return
    count = len(wanted.sources)
    workers = min(_AT_ONCE, count)
    if count == 1:
        with Progress(f"read {wanted.sources[0]}") as progress:
            yield _read_parts(wanted, 0, progress)
        return
    with (
        Progress(f"read {count} objects", count, unit="objects") as progress,
        ThreadPoolExecutor(workers, thread_name_prefix="batcat-parquet") as pool,
    ):
        for data in pool.map(lambda place: _read_parts(wanted, place, None), range(count)):
            progress.add(1)
            yield data


def _decode(wanted: Wanted, place: int, file: Any) -> pa.Table:
    """Read a whole object; faster than through a dataset."""
    import pyarrow.parquet as pq

    with _explained(wanted.sources[place]):
        small = wanted.sources[place].size
        threads = small is None or small > _SMALL
        opened = pq.ParquetFile(file)
        far = int96.columns(opened.metadata)
        if far:

            def read(unit: str) -> pa.Table:
                return _in_unit(file, unit).read(columns=far)

            opened = _in_unit(file, int96.unit(read, str(wanted.sources[place])))
        data = opened.read(use_threads=threads)
    for name, values in wanted.partitions[place].items():
        if name in data.column_names:
            data = data.drop_columns([name])
        data = data.append_column(name, _repeated(values, data.num_rows))
    return data


def _in_unit(file: Any, unit: str) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    return pq.ParquetFile(file, coerce_int96_timestamp_unit=unit)


def _repeated(values: pd.Series[Any], count: int) -> Any:
    import pyarrow as pa

    from batcat_runtime.columns.series import type_of

    kind = arrow_type(type_of(values, ""))
    return pa.repeat(pa.scalar(fragments.plain(values), kind), count)


def _read_parts(wanted: Wanted, place: int, progress: Progress | None) -> pa.Table:
    """Read some columns or rows of an object."""
    file = RandomAccess(wanted.sources[place], progress)
    with _explained(wanted.sources[place]):
        fragment, schema, columns = fragments.open_fragment(wanted, place, file)
        if wanted.filters is not None:
            fragment = fragment.subset(filter=wanted.filters, schema=schema)
        if progress:
            _expect(progress, fragment, columns, wanted)
        return fragments.read_groups(wanted, place, file, fragment, columns)


def _expect(progress: Progress, fragment: Any, columns: list[str], wanted: Wanted) -> None:
    wanted_ranges = fragments.ranges(fragment, columns, wanted.filters)
    progress.expect(sum(stop - start for start, stop in wanted_ranges))


def chunks(wanted: Wanted, size: int) -> Iterator[pd.DataFrame]:
    """Read what is wanted in DataFrames of at most so many rows; one row group is in memory."""
    given = False
    for place, source in enumerate(wanted.sources):
        with Progress(f"read {source}") as progress:
            file = RandomAccess(source, progress)
            with _explained(source):
                fragment, schema, columns = fragments.open_fragment(wanted, place, file)
                if wanted.filters is not None:
                    fragment = fragment.subset(filter=wanted.filters, schema=schema)
                groups = fragment.split_by_row_group()
            _expect(progress, fragment, columns, wanted)
            for group in groups:
                with _explained(source):
                    file.forget()
                    table = fragments.read_groups(wanted, place, file, group, columns)
                for start in range(0, table.num_rows, size):
                    given = True
                    rows = min(size, table.num_rows - start)
                    yield _frame(table.slice(start, size), rows, str(source))
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


def _decoded(tables: list[pa.Table]) -> list[pa.Table]:
    """Make columns plain that only some objects hold as codes of a dictionary, or of another."""
    import pyarrow as pa

    def decode(data: pa.Table) -> pa.Table:
        for place, field in enumerate(data.schema):
            if pa.types.is_dictionary(field.type) and len(kinds[field.name]) > 1:
                plain = data.column(place).cast(field.type.value_type)
                data = data.set_column(place, field.name, plain)
        return data

    kinds: dict[str, set[pa.DataType]] = {}
    for field in (field for data in tables for field in data.schema):
        kinds.setdefault(field.name, set()).add(field.type)
    return [decode(data) for data in tables]


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
