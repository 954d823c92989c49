"""Read and write DataFrames in S3: CSV, JSON lines, Parquet; one object, many, or a dataset.

What is read comes in as many requests at a time as S3 serves well; what is written appears whole
or not at all.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal, overload

from batcat_runtime.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from batcat_runtime.columns.types import Type


@overload
def read_csv_from_bucket(
    bucket: str,
    key: str | Sequence[str],
    encoding: str | None = None,
    *,
    columns: Sequence[str] | None = None,
    types: Mapping[str, str | Type] | None = None,
    null: str = "",
    sep: str = ",",
    decimal: str = ".",
    on_bad_rows: Literal["error", "skip"] = "error",
    chunksize: None = None,
) -> pd.DataFrame: ...
@overload
def read_csv_from_bucket(
    bucket: str,
    key: str | Sequence[str],
    encoding: str | None = None,
    *,
    columns: Sequence[str] | None = None,
    types: Mapping[str, str | Type] | None = None,
    null: str = "",
    sep: str = ",",
    decimal: str = ".",
    on_bad_rows: Literal["error", "skip"] = "error",
    chunksize: int,
) -> Iterator[pd.DataFrame]: ...
def read_csv_from_bucket(  # noqa: PLR0913 - each may be said
    bucket: str,
    key: str | Sequence[str],
    encoding: str | None = None,
    *,
    columns: Sequence[str] | None = None,
    types: Mapping[str, str | Type] | None = None,
    null: str = "",
    sep: str = ",",
    decimal: str = ".",
    on_bad_rows: Literal["error", "skip"] = "error",
    chunksize: int | None = None,
) -> pd.DataFrame | Iterator[pd.DataFrame]:
    r"""Read CSV: one object, several, or all below a prefix; what gzip packed is unpacked.

    Args:
        bucket: name of the bucket.
        key: key of the object; a list of keys; or a prefix that ends in ``/``, whose folders
            ``name=value`` become columns.
        encoding: text encoding; by default UTF-8, with or without a byte order mark.
        columns: names of those to keep, in their order; by default all.
        types: exact types by column, for example ``{"id": "bigint", "price": "decimal(10, 2)"}``
            (``batcat_runtime.columns.types`` lists them). Other columns are inferred as pandas
            does it.
        null: what stands for NULL in columns of ``types``; if not empty, such as ``"\\N"``, in
            all columns, and then nothing else does.
        sep: the character between two values, for example ``;`` or a tab.
        decimal: the character before the decimals of a number.
        on_bad_rows: ``error`` names object and line of a malformed row; ``skip`` leaves such rows
            out, and logs the line of each. Malformed is a row with more or fewer fields than the
            header, with a quotation that does not end, or with a cell that is not of its type.
        chunksize: give DataFrames of at most so many rows, one after the other, in bounded
            memory; their types are inferred one by one. None spans two objects. A row that is too
            short is then an error at the end of its object.

    Returns:
        DataFrame of shape ``(n_rows, n_columns)``, or an iterator of DataFrames.

    Raises:
        DataError: a row is malformed, the text has another encoding or the sign NUL, or there is
            none. The message names the object and the line.
        ConfigError: there is no such encoding or type, or sep and decimal are not two characters.
        MissingError: the bucket, an object or a column does not exist.
        AccessError: credentials are absent or do not allow it.
        MissingExtraError: pandas is not installed.
    """
    from . import reading

    how = reading.plan(columns, types, null, on_bad_rows, chunksize, encoding)
    return reading.read_csv(
        bucket, key, dataclasses.replace(how, sep=sep, decimal=decimal), chunksize
    )


@overload
def read_json_lines_from_bucket(
    bucket: str,
    key: str | Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    types: Mapping[str, str | Type] | None = None,
    on_bad_rows: Literal["error", "skip"] = "error",
    chunksize: None = None,
) -> pd.DataFrame: ...
@overload
def read_json_lines_from_bucket(
    bucket: str,
    key: str | Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    types: Mapping[str, str | Type] | None = None,
    on_bad_rows: Literal["error", "skip"] = "error",
    chunksize: int,
) -> Iterator[pd.DataFrame]: ...
def read_json_lines_from_bucket(  # noqa: PLR0913 - each may be said
    bucket: str,
    key: str | Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    types: Mapping[str, str | Type] | None = None,
    on_bad_rows: Literal["error", "skip"] = "error",
    chunksize: int | None = None,
) -> pd.DataFrame | Iterator[pd.DataFrame]:
    """Read JSON lines, one object a line: one object in S3, several, or all below a prefix.

    What gzip packed is unpacked.

    Args:
        bucket: name of the bucket.
        key: key of the object; a list of keys; or a prefix that ends in ``/``, whose folders
            ``name=value`` become columns.
        columns: names of those to keep, in their order; by default all, as they come.
        types: exact types by column. Other columns are what their values are: whole numbers,
            truth values and texts stay so, also beside null.
        on_bad_rows: ``error`` names object and line of what is no JSON object or not of its type;
            ``skip`` leaves such lines out, and logs each.
        chunksize: give DataFrames of at most so many rows, one after the other, in bounded memory.

    Returns:
        DataFrame of shape ``(n_rows, n_columns)``, or an iterator of DataFrames.

    Raises:
        DataError: a line is malformed; the message names the object and the line.
        ConfigError: there is no such type.
        MissingError: the bucket, an object or a column does not exist.
        AccessError: credentials are absent or do not allow it.
        MissingExtraError: pandas is not installed.
    """
    from . import reading

    how = reading.plan(columns, types, "", on_bad_rows, chunksize)
    return reading.read_json_lines(bucket, key, how, chunksize)


@overload
def read_parquet_from_bucket(
    bucket: str,
    key: str | Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    filters: Any = None,
    chunksize: None = None,
) -> pd.DataFrame: ...
@overload
def read_parquet_from_bucket(
    bucket: str,
    key: str | Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    filters: Any = None,
    chunksize: int,
) -> Iterator[pd.DataFrame]: ...
def read_parquet_from_bucket(
    bucket: str,
    key: str | Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    filters: Any = None,
    chunksize: int | None = None,
) -> pd.DataFrame | Iterator[pd.DataFrame]:
    """Read Parquet with its exact types: one object, several, or all below a prefix.

    Args:
        bucket: name of the bucket.
        key: key of the object; a list of keys; or a prefix that ends in ``/``, whose folders
            ``name=value`` become columns.
        columns: names of those to read, in their order; nothing else is fetched of large objects.
        filters: rows to read, as pyarrow has it: ``[("year", ">=", 2026), ("site", "=", "a")]``
            (and), a list of such lists (or), or an expression of ``pyarrow.compute``. Objects of
            partitions, and row groups, that hold no such rows are not fetched.
        chunksize: give DataFrames of at most so many rows, one after the other; one row group at
            a time is in memory.

    Returns:
        DataFrame of shape ``(n_rows, n_columns)``, or an iterator of DataFrames.

    Raises:
        DataError: an object is no Parquet, or does not fit the others.
        ConfigError: the filters are none.
        MissingError: the bucket, an object or a column does not exist.
        AccessError: credentials are absent or do not allow it.
        MissingExtraError: pandas or pyarrow is not installed.
    """
    from . import reading

    return reading.read_parquet(bucket, key, columns, filters, chunksize)


def save_to_bucket(  # noqa: PLR0913 - each may be said
    df: pd.DataFrame,
    bucket: str,
    key: str,
    *,
    format: Literal["csv", "parquet", "jsonl", "xlsx"] | None = None,  # noqa: A002 - as others name it
    partition_by: str | Sequence[str] | None = None,
    replace_partitions: bool = False,
    types: Mapping[str, str | Type] | None = None,
    null: str = "",
    sep: str = ",",
    decimal: str = ".",
    kms_key_id: str | None = None,
) -> int:
    r"""Save a DataFrame, without its index; it appears complete or not at all.

    Args:
        df: rows to save, shape ``(n_rows, n_columns)``.
        bucket: name of the bucket.
        key: key of the object; an existing one is replaced. With ``partition_by`` a folder, which
            ends in ``/``.
        format: csv, parquet, jsonl or xlsx; by default what the key ends in: ``.csv``,
            ``.parquet`` or ``.pq``, ``.jsonl``, ``.ndjson`` or ``.json`` (one object a line),
            ``.xlsx``. ``.gz`` after that of a text packs it. What ends in nothing known is csv;
            what is known and not written, such as ``.xls``, is refused.
        partition_by: columns whose values become folders ``name=value`` (parquet unless said
            otherwise). Each write adds objects of new names.
        replace_partitions: after the write, remove what else lies in the folders written to.
        types: exact types of columns of a Parquet file, where they are to be other than what the
            DataFrame says, such as ``{"price": "decimal(38, 10)"}``.
        null: what to write for NULL in a CSV, for example ``"\\N"``, to tell it from ``''``.
        sep: the character between two values of a CSV.
        decimal: the character before the decimals of a number in a CSV.
        kms_key_id: key to encrypt with; by default S3 encrypts as the bucket says.

    Returns:
        HTTP status of the upload: 200.

    Raises:
        DataError: it is no DataFrame, or holds what the format cannot hold; the message names the
            column.
        ConfigError: there is no such format, or partition column, or arguments do not go together.
        MissingError: the bucket does not exist.
        AccessError: credentials are absent or do not allow it.
        MissingExtraError: pyarrow (for Parquet) or openpyxl (for Excel) is not installed.
    """
    from batcat_runtime.formats.csv_write import CsvForm

    from . import writing

    if not hasattr(df, "to_csv") or df.ndim != 2:  # noqa: PLR2004 - rows and columns
        way = "its .to_frame()" if hasattr(df, "to_frame") else "pd.DataFrame(…, columns=[…])"
        raise DataError(
            f"cannot write s3://{bucket}/{key}: {type(df).__name__} is no DataFrame; "
            f"make it one with {way}",
        )
    text = CsvForm(null, sep, decimal)
    plan = writing.plan(key, format, types, text, kms_key_id, partitioned=bool(partition_by))
    if not partition_by:
        return writing.write_one(df, bucket, key, plan)
    names = [partition_by] if isinstance(partition_by, str) else list(partition_by)
    return writing.write_dataset(df, bucket, key, plan, names, replace_partitions)
