"""Tables to objects in S3: one, or a dataset of many in folders."""

from __future__ import annotations

import gzip
import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from batcat_runtime.columns.series import known
from batcat_runtime.errors import ConfigError, DataError, MissingError
from batcat_runtime.formats import csv_rows
from batcat_runtime.formats.csv_write import CsvForm, write_csv
from batcat_runtime.formats.excel import write_excel
from batcat_runtime.formats.json_lines import write_json_lines
from batcat_runtime.logs import get_logger

from . import datasets, suffixes
from .progress import Progress
from .removal import remove
from .transfer import listing
from .upload import Upload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from batcat_runtime.columns.types import Type

_PACKED_KIND = "application/gzip"
_AT_ONCE = 8  # objects of a dataset


@dataclass(frozen=True)
class Plan:
    """How a table is written.

    Attributes:
        format: csv, parquet, jsonl or xlsx.
        types: exact types of Parquet columns.
        text: how a CSV is written.
        kms_key_id: key to encrypt with, or None.
        packed: whether gzip packs it.
    """

    format: str
    types: Mapping[str, Type]
    text: CsvForm
    kms_key_id: str | None
    packed: bool = False


def plan(  # noqa: PLR0913 - what callers may say
    key: str,
    format: str | None,  # noqa: A002 - as callers name it
    types: Mapping[str, str | Type] | None,
    text: CsvForm,
    kms_key_id: str | None,
    *,
    partitioned: bool,
) -> Plan:
    """Decide how to write.

    Raises:
        ConfigError: there is no such format, or arguments that do not go together.
        MissingExtraError: pyarrow is not installed and it takes it.
    """
    chosen, packed = suffixes.chosen(key, format, "parquet" if partitioned else "csv")
    if partitioned and key and not key.endswith("/"):
        raise ConfigError(f"key {key!r} must be a folder for partition_by; write {key + '/'!r}")
    if types and chosen != "parquet":
        raise ConfigError(f"types= are written only to Parquet; {chosen} has none")
    if text.null and chosen != "csv":
        raise ConfigError(f"null= is for CSV; {chosen} has a NULL of its own")
    if (text.sep, text.decimal) != (",", ".") and chosen != "csv":
        raise ConfigError(f"sep= and decimal= are for CSV; {chosen} has no such choice")
    csv_rows.check_characters(f"cannot write key {key!r}", text.sep, text.decimal)
    if chosen == "parquet":
        from batcat_runtime.columns.arrow import need_arrow

        need_arrow()
    return Plan(chosen, known(types), text, kms_key_id, packed)


def write_one(df: pd.DataFrame, bucket: str, key: str, how: Plan) -> int:
    """Write one object; returns the HTTP status, 200."""
    with Progress(f"write s3://{bucket}/{key}", len(df), unit="rows") as progress:
        return _write_object(df, bucket, key, how, progress)


def _write_object(df: pd.DataFrame, bucket: str, key: str, how: Plan, progress: Progress) -> int:
    kind = _PACKED_KIND if how.packed else suffixes.KINDS[how.format]
    with Upload(bucket, key, kind, how.kms_key_id) as file, ExitStack() as last:
        out: Any = file
        if how.packed:
            out = last.enter_context(gzip.GzipFile("", "wb", fileobj=out, mtime=0))
        _write(df, out, f"s3://{bucket}/{key}", how, progress)
    return file.status


def _write(df: pd.DataFrame, file: IO[bytes], target: str, how: Plan, progress: Progress) -> None:
    if how.format == "csv":
        write_csv(df, file, target, how.text, progress.add)
    elif how.format == "jsonl":
        write_json_lines(df, file, target, progress.add)
    elif how.format == "parquet":
        from . import parquet_write

        parquet_write.write(df, file, target, how.types, progress.add)
    else:
        workbook = io.BytesIO()
        write_excel(df, workbook, target, progress.add)
        file.write(workbook.getbuffer())


def write_dataset(  # noqa: PLR0913, PLR0917 - what the caller says
    df: pd.DataFrame,
    bucket: str,
    folder: str,
    how: Plan,
    names: Sequence[str],
    replace: bool,
) -> int:
    """Write an object for each combination of values of some columns; all of them or none.

    Returns:
        HTTP status of the uploads: 200.
    """
    run = uuid.uuid4().hex
    parts = {f"{folder}{path}{run}.{how.format}": part for path, part in datasets.split(df, names)}
    begun: list[str] = []
    progress = Progress(
        f"write {len(parts)} objects to s3://{bucket}/{folder}", len(df), unit="rows"
    )
    if not parts:
        get_logger("batcat_runtime").warning(
            "s3://%s/%s: the table has no rows, so no object is written", bucket, folder
        )

    def write(key: str) -> None:
        begun.append(key)
        try:
            _write_object(parts[key], bucket, key, how, progress)
        except (ConfigError, DataError, MissingError):  # nothing of it can have arrived
            begun.remove(key)
            raise

    try:
        with progress, ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="batcat-s3") as pool:
            for _ in pool.map(write, parts):
                pass
    except BaseException:
        _take_back(bucket, begun, f"s3://{bucket}/{folder}")
        raise
    if replace:
        places = {key.rpartition("/")[0] + "/" for key in parts}
        old = [one.key for place in sorted(places) for one in listing(bucket, place)]
        try:
            remove(bucket, [key for key in old if key not in parts])
        except BaseException:
            get_logger("batcat_runtime").warning(
                "s3://%s/%s: the new rows are written, in objects %s.%s, and old ones are still "
                "there beside them; remove those, or write again",
                *(bucket, folder, run, how.format),
            )
            raise
    return 200


def _take_back(bucket: str, keys: Sequence[str], place: str) -> None:
    """Remove what was written of a dataset that cannot be written whole, and say so."""
    log = get_logger("batcat_runtime")
    try:
        remove(bucket, keys)
    except Exception as error:  # noqa: BLE001 - the first error must come through
        log.error(  # noqa: TRY400 - whose trace says more
            "%s: a part of the dataset could not be written, and others may be left: %s; remove "
            "them, or their rows will be read: %s",
            place,
            error,
            " ".join(keys),
        )
    else:
        log.warning(
            "%s: a part of the dataset could not be written; those that had been were removed, "
            "nothing of it is left behind",
            place,
        )
