"""What a table must be before its columns are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def own_names(df: pd.DataFrame) -> list[str]:
    """Give the names of columns, as text.

    Raises:
        DataError: two have one name.
    """
    names = [str(name) for name in df.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"column {twice!r} is there twice; give each its own name")
    return names


def dense(df: pd.DataFrame) -> pd.DataFrame:
    """Give sparse columns of pandas each of their values."""
    import pandas as pd

    sparse = [isinstance(dtype, pd.SparseDtype) for dtype in df.dtypes]
    found = df.copy(deep=False) if any(sparse) else df
    for place in (place for place, is_sparse in enumerate(sparse) if is_sparse):
        values: Any = df.iloc[:, place]
        found.isetitem(place, values.sparse.to_dense().array)
    return found
