"""Datasets of many objects, in folders ``name=value`` as Hive, Athena and Spark have them."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from batcat_runtime.columns import texts
from batcat_runtime.columns.types import Type
from batcat_runtime.errors import ConfigError, DataError, MissingError

from .ranges import Object
from .transfer import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

# Of folders; source: Apache Hadoop, NativeS3FileSystem.FOLDER_SUFFIX, for the second.
_MARKERS = ("/", "_$folder$")
_NULL = "__HIVE_DEFAULT_PARTITION__"
# Source: Apache Hive, FileUtils.escapePathName: these, and control characters, as %XX.
_ESCAPED = re.compile(r"""[\x00-\x1f\x7f"#%'*/:=?\\{\[\]^]""")


def objects(bucket: str, key: str | Sequence[str]) -> list[Object]:
    """Find what to read: one object, several, or all whose keys begin with a folder.

    Args:
        bucket: name of the bucket.
        key: a key; a list of keys; or a prefix that ends in ``/``. Below a prefix, names that
            begin with ``_`` or ``.`` and say no ``name=value`` are passed over, as Spark does it,
            and so are Hadoop's markers of folders.

    Raises:
        MissingError: the list is empty, or there is nothing below the prefix.
    """
    if not isinstance(key, str):
        if not key:
            raise MissingError(
                f"no objects to read from s3://{bucket}: the list of keys is empty; "
                "check the prefix and suffix it was listed with",
            )
        return [Object(bucket, one) for one in key]
    if not key.endswith("/") and key:
        return [Object(bucket, key)]
    found = [
        one
        for one in listing(bucket, key)
        if not one.key.endswith(_MARKERS)
        and not any(map(_is_hidden, one.key[len(key) :].split("/")))
    ]
    if not found:
        raise MissingError(
            f"no objects below s3://{bucket}/{key}; check the prefix: "
            f"bc.list_keys({bucket!r}, '', '') shows what is there",
        )
    return found


def _is_hidden(part: str) -> bool:
    return part.startswith(("_", ".")) and "=" not in part


def partition_of(source: Object, prefix: str | Sequence[str]) -> dict[str, str | None]:
    """Read the partition off a key: its folders below the prefix that say ``name=value``."""
    is_folder = isinstance(prefix, str) and (prefix.endswith("/") or not prefix)
    root = len(prefix) if is_folder else None
    folders = source.key[root:].split("/")[:-1] if root is not None else []
    pairs = [folder.partition("=") for folder in folders if "=" in folder]
    return {unquote(name): None if value == _NULL else unquote(value) for name, _, value in pairs}


def partition_types(
    partitions: Sequence[Mapping[str, str | None]], types: Mapping[str, Type]
) -> dict[str, Type]:
    """Give each partition column its type: as said, or bigint where all values are whole numbers.

    Raises:
        DataError: some objects have partitions that others do not have.
    """
    names = list(partitions[0]) if partitions else []
    for partition in partitions:
        if list(partition) != names:
            raise DataError(
                f"objects below one prefix are partitioned by {names} and by {list(partition)}; "
                "read them one prefix after the other",
            )
    return {
        name: types.get(name)
        or (Type("integer", 64) if _all_whole(one[name] for one in partitions) else Type("text"))
        for name in names
    }


def _all_whole(values: Iterator[str | None]) -> bool:
    """Whether all are whole numbers as Python writes them: 07 is none."""
    present = [value for value in values if value is not None]
    return bool(present) and all(re.fullmatch(r"0|-?[1-9]\d{0,17}", value) for value in present)


def partition_values(
    partition: Mapping[str, str | None], types: Mapping[str, Type], source: str
) -> dict[str, Any]:
    """Give the values of a partition: one of each column, in a Series of its type.

    Raises:
        DataError: a value is not of its type.
    """

    def read(name: str, kind: Type) -> pd.Series[Any]:
        try:
            return texts.read([partition[name]], kind)
        except texts.UnreadableError as error:
            raise DataError(
                f"{source} lies in partition {name}={partition[name]}, which is no {kind}",
            ) from error

    return {name: read(name, kind) for name, kind in types.items()}


def add_partition(frame: pd.DataFrame, values: Mapping[str, Any]) -> pd.DataFrame:
    """Put the columns of a partition behind those of a table; they replace any of their name."""
    if not values:
        return frame
    whole: pd.DataFrame = frame.assign(
        **{name: series.repeat(len(frame)).set_axis(frame.index) for name, series in values.items()}
    )
    return whole


def split(df: pd.DataFrame, names: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Split a table by the values of some columns.

    Returns:
        For each part its folder (``name=value/…/``), and its rows without those columns.

    Raises:
        ConfigError: there is no such column, or it is there or named twice, or none would be left.
        DataError: a value cannot name a folder, or two would name the same; the message names the
            column.
    """
    columns = list(df.columns)
    for name in names:
        if name not in columns:
            raise ConfigError(f"partition_by names {name!r}; the columns are {columns}")
        if columns.count(name) > 1 or list(names).count(name) > 1:
            raise ConfigError(f"partition_by needs column {name!r} once, and it is there twice")
    if len(names) == len(columns):
        raise ConfigError("partition_by names all columns; leave one at least to be stored")
    seen: dict[str, list[Any]] = {}
    for _, part in df.groupby(list(names), dropna=False, sort=True, observed=True):
        values = [part[name].iloc[0] for name in names]
        path = "".join(
            f"{_escaped(str(name))}={_folder(value, name)}/"
            for name, value in zip(names, values, strict=True)
        )
        if path in seen:
            raise DataError(
                f"partition_by {list(names)}: the values {seen[path]} and {values} would share "
                f"the folder {path}; give each column values of one type",
            )
        seen[path] = values
        yield path, part.drop(columns=list(names))


def _folder(value: Any, name: str) -> str:
    if str(value) in {"<NA>", "NaT", "None", "nan"} and not isinstance(value, str):
        return _NULL
    if isinstance(value, (dict, list, bytes)):
        raise DataError(f"partition_by names {name!r}, a column of {type(value).__name__}")
    text = {"True": "true", "False": "false"}.get(str(value), texts.write(value))
    if not text or text == _NULL:
        raise DataError(
            f"column {name!r} holds {text!r}, which a folder cannot tell from NULL; "
            "replace it, or do not partition by this column",
        )
    if isinstance(value, dt.datetime) and text.endswith(" 00:00:00"):
        text = text[: -len(" 00:00:00")]
    return _escaped(text)


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", text)
