"""What a table, its columns and an index may be called, and what the caller says of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.arrow import without_arrow
from batcat_runtime.errors import ConfigError, DataError
from batcat_runtime.sql.binding import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_LONGEST = 127  # bytes; source: Amazon Redshift Database Developer Guide, "Names and identifiers"


def with_index(
    df: pd.DataFrame, index: bool, index_label: str | Sequence[str] | None
) -> pd.DataFrame:
    """Put the index before the columns, named as pandas names it in SQL.

    Args:
        df: the DataFrame.
        index: whether to write the index.
        index_label: names of its levels.

    Raises:
        ConfigError: there are other numbers of labels than of levels.
        DataError: it is no DataFrame, has no columns, or two columns have one name.
    """
    import pandas as pd

    if not isinstance(df, pd.DataFrame):
        raise DataError(
            f"a {type(df).__name__} is no DataFrame; make it one with pd.DataFrame(…, columns=[…])"
        )
    df = without_arrow(df)
    found: pd.DataFrame = df.set_axis([str(name) for name in df.columns], axis="columns")
    if index:
        labels = _labels(df, index_label)
        levels = [df.index.get_level_values(place) for place in range(df.index.nlevels)]
        before = [pd.Series(level, name=label) for level, label in zip(levels, labels, strict=True)]
        after = [found.iloc[:, place].reset_index(drop=True) for place in range(found.shape[1])]
        found = pd.concat([*before, *after], axis="columns")
        found.columns = pd.Index([*labels, *map(str, df.columns)], dtype=object)
    names = list(found.columns)
    if not names:
        raise DataError("the DataFrame has no columns; there is nothing to make a table of")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise DataError(
            f"column {twice.pop()!r} is there twice; give each its own name, or index=False",
        )
    for name in names:
        check_name(name, "column")
    return found


def _labels(df: pd.DataFrame, index_label: str | Sequence[str] | None) -> list[str]:
    if index_label is not None:
        labels = [index_label] if isinstance(index_label, str) else list(index_label)
        if len(labels) != df.index.nlevels:
            raise ConfigError(
                f"index_label has {len(labels)} names, the index has {df.index.nlevels} levels; "
                "give one for each",
            )
        return [str(label) for label in labels]
    if df.index.nlevels == 1 and df.index.name is None and "index" not in df.columns:
        return ["index"]
    return [
        f"level_{place}" if name is None else str(name) for place, name in enumerate(df.index.names)
    ]


def check_name(name: str, what: str) -> None:
    """Make sure that something can have this name.

    Raises:
        ConfigError: it is empty, too long, or holds a sign that names cannot have.
    """
    quote_identifier(name, style="redshift")
    if '"' in name or len(name.encode()) > _LONGEST:
        raise ConfigError(
            f"{what} {name!r} cannot have this name: names have up to {_LONGEST} bytes of "
            "UTF-8 and no double quote; rename it",
        )


def said(dtype: Any, names: Sequence[str]) -> dict[str, str]:
    """Read ``dtype=``: a type for all columns, or for some by name.

    Raises:
        ConfigError: it names no column of the DataFrame.
    """
    if dtype is None:
        return {}
    if not hasattr(dtype, "items"):
        return dict.fromkeys(names, _name_of(dtype))
    absent = [name for name in dtype if str(name) not in names]
    if absent:
        raise ConfigError(f"dtype names {absent[0]!r}; the columns are {list(names)}")
    return {str(name): _name_of(one) for name, one in dtype.items()}


def _name_of(one: Any) -> str:
    """The SQL of a type: as text, or as an object of SQLAlchemy or its class."""
    return str(one() if isinstance(one, type) else one)
