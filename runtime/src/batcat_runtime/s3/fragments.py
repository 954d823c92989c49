"""Parts of Parquet objects: the column chunks of those row groups that may hold what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.arrow_types import arrow_type
from batcat_runtime.errors import ConfigError, MissingError

from . import int96

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    import pyarrow as pa

    from batcat_runtime.columns.types import Type

    from .parquet import Wanted
    from .ranges import Object
    from .stream import RandomAccess


def read_groups(
    wanted: Wanted, place: int, file: RandomAccess, fragment: Any, columns: list[str]
) -> pa.Table:
    """Fetch the row groups of a fragment, and read them with the unit that holds their times."""
    file.prefetch(ranges(fragment, columns, wanted.filters))
    groups = [group.id for group in fragment.row_groups]
    words = str(wanted.filters)
    far = [one for one in int96.columns(fragment.metadata) if one in columns or one in words]

    def read(unit: str) -> pa.Table:
        some, _, _ = open_fragment(wanted, place, file, unit)
        return some.subset(row_group_ids=groups).to_table(columns=far)

    unit = int96.unit(read, str(wanted.sources[place])) if far else "ns"
    fragment, schema, _ = open_fragment(wanted, place, file, unit)
    data = fragment.subset(row_group_ids=groups).to_table(
        schema=schema, columns=columns, filter=wanted.filters
    )
    # A table without columns would lose its number of rows with its metadata.
    return data.replace_schema_metadata(schema.metadata) if columns else data


def open_fragment(
    wanted: Wanted, place: int, file: RandomAccess, unit: str = "ns"
) -> tuple[Any, pa.Schema, list[str]]:
    """Read the footer; give the fragment, its schema with the partition, and what to select."""
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    partition = wanted.partitions[place]
    said = None
    kinds = schema_of(partition)
    for name, values in partition.items():
        value = plain(values)
        field = pc.field(name)
        one = field.is_null() if value is None else field == _scalar(value, kinds[name])
        said = one if said is None else said & one
    how = ds.ParquetFileFormat(coerce_int96_timestamp_unit=unit)
    fragment = how.make_fragment(file, partition_expression=said)
    schema = fragment.physical_schema
    for name, kind in kinds.items():
        if name in schema.names:
            schema = schema.remove(schema.get_field_index(name))
        schema = schema.append(_field(name, kind))
    columns = schema.names if wanted.columns is None else wanted.columns
    absent = [name for name in columns if name not in schema.names]
    if absent:
        raise MissingError(
            f"{wanted.sources[place]} has no column {absent[0]!r}; its columns are {schema.names}"
            f"{_elsewhere(wanted)}",
        )
    _check_filters(wanted, schema, wanted.sources[place])
    return fragment, schema, columns


def _check_filters(wanted: Wanted, schema: pa.Schema, source: Object) -> None:
    """Refuse filters that do not fit the columns, before anything of these is fetched."""
    import pyarrow as pa

    if wanted.filters is None:
        return
    try:
        schema.empty_table().filter(wanted.filters)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise ConfigError(
            f"filters do not fit the columns of {source}: {str(error).partition(' in ')[0]}; "
            f"they are {', '.join(f'{one.name}: {one.type}' for one in schema)}"
            f"{_elsewhere(wanted)}",
        ) from error


def _elsewhere(wanted: Wanted) -> str:
    """Say what to do when only some objects have a column."""
    if len(wanted.sources) == 1:
        return ""
    return (
        "; where only some objects have a column, read those by a list of their keys, or all "
        "without columns= and filters=, which makes it NULL in the others"
    )


def schema_of(partition: Mapping[str, pd.Series[Any]]) -> dict[str, pa.DataType]:
    """Give the types of the columns that a partition says."""
    from batcat_runtime.columns.series import type_of

    kinds: dict[str, Type] = {name: type_of(values, name) for name, values in partition.items()}
    return {name: arrow_type(kind) for name, kind in kinds.items()}


def _scalar(value: Any, kind: pa.DataType) -> pa.Scalar:
    import pyarrow as pa

    return pa.scalar(value, kind)


def _field(name: str, kind: pa.DataType) -> pa.Field:
    import pyarrow as pa

    return pa.field(name, kind)


def ranges(fragment: Any, columns: list[str], filters: Any) -> Iterator[tuple[int, int]]:
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


def plain(values: pd.Series[Any]) -> Any:
    """Give the one value of a column that a partition says; None for NULL."""
    return None if values.isna().iloc[0] else values.astype(object).iloc[0]
