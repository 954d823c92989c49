"""Workbooks in S3 to tables: sheets of one, or one sheet of each of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.series import need_pandas
from batcat_runtime.errors import ConfigError, DataError, MissingError

from . import datasets
from .transfer import fetch_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def read(
    bucket: str,
    key: str | Sequence[str],
    sheet_name: Any,
    header: Any,
    columns: Sequence[str] | None,
) -> Any:
    """Read workbooks; see ``objects.read_excel_from_bucket``."""
    from batcat_runtime.formats.excel import read_excel

    need_pandas()
    if isinstance(columns, str):
        raise ConfigError(f"columns is a text; give a list: columns=[{columns!r}]")
    sources = datasets.objects(bucket, key)
    if len(sources) > 1 and not isinstance(sheet_name, (str, int)):
        raise ConfigError(
            f"sheet_name is {sheet_name!r} and there are {len(sources)} workbooks; name one sheet, "
            "or read all with read_excel_list_from_bucket",
        )
    partitions = [datasets.partition_of(one, key) for one in sources]
    types = datasets.partition_types(partitions, {})
    frames = []
    for one, folders, buffer in zip(sources, partitions, fetch_all(sources), strict=True):
        values = datasets.partition_values(folders, types, str(one))
        found = read_excel(buffer, str(one), sheet_name=sheet_name, header=header)
        if isinstance(found, dict):
            return {
                sheet: _chosen(datasets.add_partition(frame, values), columns, f"{one}, {sheet!r}")
                for sheet, frame in found.items()
            }
        frames.append(_chosen(datasets.add_partition(found, values), columns, str(one)))
        other = set(frames[0].columns) ^ set(frames[-1].columns)
        if other:
            raise DataError(
                f"{one} has other columns than {sources[0]}: {', '.join(sorted(map(str, other)))} "
                "in only one; correct the one that is wrong, or give columns= that both have",
            )
    return _below(frames)


def _chosen(frame: pd.DataFrame, columns: Sequence[str] | None, source: str) -> pd.DataFrame:
    if columns is None:
        return frame
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise MissingError(
            f"{source} has no column {absent[0]!r}; its columns are {list(frame.columns)}",
        )
    kept: pd.DataFrame = frame[list(columns)]
    return kept


def _below(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put tables below each other; where one has no values it has no say in a column's type."""
    import pandas as pd

    if len(frames) == 1:
        return frames[0]
    filled = [frame.dropna(axis="columns", how="all") for frame in frames]
    whole: pd.DataFrame = pd.concat(filled, ignore_index=True).reindex(columns=frames[0].columns)
    return whole
