"""Tables to Parquet, one row group after the other."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from batcat_runtime.columns.arrow import from_frame
from batcat_runtime.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from batcat_runtime.columns.types import Type

_GROUP = 1024 * 1024  # rows of a row group


def write(
    df: pd.DataFrame,
    file: IO[bytes],
    target: str,
    types: Mapping[str, Type],
    wrote: Callable[[int], None],
) -> None:
    """Write a DataFrame as Parquet, without its index.

    Args:
        df: the DataFrame.
        file: to write into.
        target: where it goes, for messages.
        types: types of columns that are not to be what the DataFrame says.
        wrote: is called with the number of rows of each row group.

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
    with pq.ParquetWriter(file, data.schema) as writer:
        for start in range(0, max(data.num_rows, 1), _GROUP):
            some = data.slice(start, _GROUP)
            writer.write_table(some, row_group_size=_GROUP)
            wrote(some.num_rows)
