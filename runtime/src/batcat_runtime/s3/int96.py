"""Times in Parquet as Spark, Hive and Impala write them: INT96, a day and its nanoseconds.

They reach further than nanoseconds in 64 bits (1677 to 2262), and Arrow turns those beyond into
other times without a word. So they are read as microseconds, which reach all, unless some have
finer digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

_PER_MICROSECOND = 1000
_FURTHEST = (2**63 - 1) // _PER_MICROSECOND  # microseconds that nanoseconds reach


def columns(metadata: Any) -> list[str]:
    """Name the columns of a file that hold such times, be it inside of them."""
    leaves = [metadata.schema.column(place) for place in range(metadata.num_columns)]
    tops = metadata.schema.to_arrow_schema().names
    return [
        name
        for name in tops
        if any(
            leaf.physical_type == "INT96"
            and (leaf.path == name or leaf.path.startswith(f"{name}."))
            for leaf in leaves
        )
    ]


def unit(read: Callable[[str], pa.Table], source: str) -> str:
    """Choose the unit that holds all times of some columns exactly: ``us`` or ``ns``.

    Args:
        read: reads the columns in a unit.
        source: where they come from, for messages.

    Raises:
        DataError: neither does; the message names the column.
    """
    fine, coarse = read("ns"), read("us")
    pairs = [
        (name, digits, far)
        for name in coarse.column_names
        for digits, far in zip(_ticks(fine[name]), _ticks(coarse[name]), strict=True)
    ]
    # Arithmetic of 64 bits turns round as Arrow's does, so the digits are right all the same.
    if not any((digits - far * _PER_MICROSECOND).any() for _, digits, far in pairs):
        return "us"
    for name, _, far in pairs:
        if (abs(far) >= _FURTHEST).any():
            raise DataError(
                f"{source}, column {name!r}: holds times beyond the year 2262 (or before 1678), "
                "and the file holds nanoseconds, which reach no further; write it with "
                "microseconds, for example spark.sql.parquet.outputTimestampType=TIMESTAMP_MICROS",
            )
    return "ns"


def _ticks(values: pa.ChunkedArray) -> Iterator[Any]:
    """Give the numbers in all times of a column."""
    import pyarrow as pa

    for leaf in (leaf for chunk in values.chunks for leaf in _leaves(chunk)):
        if pa.types.is_timestamp(leaf.type):
            yield leaf.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)


def _leaves(array: pa.Array) -> Iterator[pa.Array]:
    import pyarrow as pa

    if pa.types.is_struct(array.type):
        for place in range(array.type.num_fields):
            yield from _leaves(array.field(place))
    elif pa.types.is_nested(array.type):
        yield from _leaves(array.values)
    else:
        yield array
