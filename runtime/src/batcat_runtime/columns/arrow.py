"""Arrow tables to DataFrames of exact types, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import DataError, MissingExtraError

from .arrow_types import arrow_type, type_of_arrow
from .frames import dense, own_names
from .series import column, table, type_of
from .values import half_character, has_zone, holds, without_missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import pyarrow as pa

    from .types import Type


def need_arrow() -> None:
    """Make sure that pyarrow is there before anything is fetched for it.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: F401 - only whether it can be imported matters
    except ModuleNotFoundError as error:
        if error.name != "pyarrow":
            raise
        raise MissingExtraError("pyarrow", "arrow") from error


def to_frame(data: pa.Table, source: str) -> pd.DataFrame:
    """Turn an Arrow table into a DataFrame of exact types.

    Args:
        data: the table. If pandas wrote it with an index, that becomes the index again.
        source: where it comes from, for messages.

    Raises:
        DataError: a column has no exact counterpart; the message names source and column.
    """
    described = json.loads((data.schema.metadata or {}).get(b"pandas", b"{}"))
    units = {one["name"]: one["numpy_type"] for one in described.get("columns", [])}
    columns = []
    for name, values in zip(data.column_names, data.columns, strict=True):
        try:
            series = to_column(values, name)
        except (ValueError, NotImplementedError) as error:
            raise DataError(f"{source}, column {name!r}: {error}") from error
        if units.get(name) == "datetime64[s]" and str(series.dtype).startswith("datetime64[ms"):
            # Parquet knows no seconds; pandas wrote down that these are.
            series = series.dt.as_unit("s")
        columns.append(series)
    frame = table(data.column_names, columns)
    return _with_index(frame, described.get("index_columns", []))


def _with_index(frame: pd.DataFrame, described: list[Any]) -> pd.DataFrame:
    """Give a table the index that pandas had it written with: columns, or a range of numbers."""
    import pandas as pd

    names = [name for name in described if isinstance(name, str)]
    if names and set(names) <= set(frame.columns):
        indexed: pd.DataFrame = frame.set_index(names)
        indexed.index.names = [None if one.startswith("__index_level_") else one for one in names]
        return indexed
    for one in described:
        if isinstance(one, dict) and one.get("kind") == "range":
            index = pd.RangeIndex(one["start"], one["stop"], one["step"], name=one["name"])
            if len(index) == len(frame):
                frame.index = index
    return frame


def to_column(values: pa.ChunkedArray, name: str) -> pd.Series[Any]:
    """Turn an Arrow column into a pandas column of its exact type.

    Raises:
        DataError: it has no exact counterpart.
        ValueError: a value has none.
    """
    import pandas as pd
    import pyarrow as pa

    kind = type_of_arrow(values.type, name)
    if pa.types.is_dictionary(values.type) and kind.kind == "text":
        return _plain(values)
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    array: Any
    if kind.kind == "float":
        array = _floats(values, kind)
    elif kind.kind in {"integer", "unsigned", "boolean", "text"}:
        text_view = str(values.type) == "string_view"
        values = values.cast(pa.large_string()) if text_view else values
        dtype: Any = pd.api.types.pandas_dtype(kind.dtype)
        array = dtype.__from_arrow__(values)
    elif kind.items:
        return column([_value(value, values.type) for value in values.to_pylist()], kind)
    else:
        return _plain(values)
    series: pd.Series[Any] = pd.Series(array, dtype=array.dtype, copy=False)
    return series


def _plain(values: pa.ChunkedArray) -> pd.Series[Any]:
    series: pd.Series[Any] = values.to_pandas(date_as_object=True)
    series.name = None
    return series


def _floats(values: pa.ChunkedArray, kind: Type) -> Any:
    """Keep NaN and NULL apart, which pandas' own conversion does not."""
    import pandas as pd

    wide = values.cast(arrow_type(kind)) if values.type.bit_width != kind.bits else values
    data = wide.fill_null(0.0).to_numpy() if wide.null_count else wide.to_numpy()
    if not data.flags.writeable:
        data = data.copy()
    return pd.arrays.FloatingArray(data, values.is_null().to_numpy())


def _value(value: Any, kind: pa.DataType) -> Any:
    """Make maps, which Arrow gives as lists of pairs, dictionaries."""
    import pyarrow as pa

    if value is None:
        return None
    if pa.types.is_map(kind):
        pairs = {key: _value(item, kind.item_type) for key, item in value}
        if len(pairs) < len(value):
            raise ValueError(f"a map holds a key twice: {[key for key, _ in value]}")
        return pairs
    if pa.types.is_struct(kind):
        fields = [kind.field(place) for place in range(kind.num_fields)]
        return {field.name: _value(value[field.name], field.type) for field in fields}
    if isinstance(value, list):
        return [_value(item, kind.value_type) for item in value]
    return value


def without_arrow(df: pd.DataFrame) -> pd.DataFrame:
    """Give columns of pandas' Arrow dtypes the exact types, which their values lack; dense ones.

    pandas gives Python a list of such a column as an array of numpy, whose NULL is NaN.

    Raises:
        DataError: a column has no exact counterpart; the message names it.
    """
    import pandas as pd

    df = dense(df)
    if not any(isinstance(dtype, pd.ArrowDtype) for dtype in df.dtypes):
        return df
    import pyarrow as pa

    columns = []
    for place, name in enumerate(df.columns):
        series: Any = df.iloc[:, place]
        if isinstance(series.dtype, pd.ArrowDtype):
            try:
                series = to_column(pa.chunked_array(pa.array(series.array)), str(name))
            except (ValueError, NotImplementedError) as error:
                raise DataError(f"column {str(name)!r}: {error}") from error
        columns.append(series.set_axis(df.index))
    frame: pd.DataFrame = pd.concat(columns, axis="columns")
    frame.columns = df.columns
    return frame


def from_frame(df: pd.DataFrame, types: Mapping[str, Type]) -> pa.Table:
    """Turn a DataFrame into an Arrow table, without its index.

    Args:
        df: the DataFrame.
        types: types of columns that are not to be what their dtype or values say.

    Raises:
        DataError: a column's values have no type, several, or not the one said; or two columns
            have one name. The message names the column.
    """
    import pyarrow as pa

    names = own_names(df)
    df = dense(df)
    columns = [
        _from_column(df.iloc[:, place], name, types.get(name)) for place, name in enumerate(names)
    ]
    data = pa.table(columns, names=names)
    described = pa.Schema.from_pandas(df.iloc[:0], preserve_index=False).metadata
    return data.replace_schema_metadata(described)


def _from_column(series: pd.Series[Any], name: str, said: Type | None) -> pa.ChunkedArray:
    import pandas as pd
    import pyarrow as pa

    kind = said
    if series.dtype != object:
        type_of(series, name)  # a period, say, would be written as the number it is counted by
    elif kind is None:
        kind = type_of(series, name)
    target = arrow_type(kind) if kind else None
    if kind and holds(kind, "time") and any(map(has_zone, series)):
        raise DataError(
            f"column {name!r} holds times of day with a zone, which Parquet has no type for; "
            "leave the zone out, or keep them as text",
        )
    try:
        if isinstance(series.array, pd.api.extensions.ExtensionArray) and hasattr(
            series.array, "__arrow_array__"
        ):
            found = pa.array(series.array)
        else:
            values = series.where(series.notna(), None) if series.dtype == object else series
            if kind and kind.items:  # pandas' way would make NaN inside them NULL
                found = pa.array([without_missing(value) for value in values], type=target)
            else:
                found = pa.array(values, type=_exact(target, series), from_pandas=True)
        found = found.cast(target) if target else found
    except UnicodeEncodeError as error:
        raise half_character(f"column {name!r}", error) from error
    except (
        pa.ArrowInvalid,
        pa.ArrowTypeError,
        pa.ArrowNotImplementedError,
        OverflowError,
    ) as error:
        raise DataError(
            f"column {name!r} cannot be written{f' as {said}' if said else ''}: {error}; correct "
            "it, or give it a type that holds it",
        ) from error
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


def _exact(target: pa.DataType | None, series: pd.Series[Any]) -> pa.DataType | None:
    """What Python objects become at once; from a dtype, the cast afterwards is the safe one."""
    return target if series.dtype == object else None
