"""Read from and write to S3: DataFrames, whole objects, many objects at once.

Reading fetches the object, then parses it. Writing fills a temporary file, then uploads it: S3
shows an object only when it is complete, so a failed write leaves nothing behind.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, overload

from . import tables
from .aws import client, explained
from .errors import DataError, MissingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    import pandas as pd

_MB = 1024 * 1024
_IN_MEMORY = 16 * _MB  # bytes of a CSV kept in memory; more goes to disk
_ONE_PUT = 64 * _MB  # bytes in one request; more goes in parts, in parallel
_ONE_COPY = 5 * 1024 * _MB  # bytes; source: Amazon S3 API Reference, CopyObject
_THREADS = 16
_DOWNLOADS = 3  # times to begin, when the connection breaks midway


def pd_s3_buffer(bucket: str, key: str) -> io.BytesIO:
    """Get an object as a buffer, for example for ``pd.read_csv`` or ``joblib.load``.

    Args:
        bucket: name of the bucket.
        key: key of the object.

    Returns:
        The object's bytes, in memory, at their beginning.

    Raises:
        MissingError: the bucket or the object does not exist.
        AccessError: credentials are absent or do not allow it.
    """
    from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

    broken = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
    with _at("read", bucket, key):
        tries = 0
        while True:
            answer = client("s3").get_object(Bucket=bucket, Key=key)
            try:
                return io.BytesIO(answer["Body"].read())
            except broken:  # botocore retries requests, but not what breaks while it streams
                tries += 1
                if tries == _DOWNLOADS:
                    raise


def read_csv_from_bucket(bucket: str, key: str, encoding: str | None = None) -> pd.DataFrame:
    """Read a CSV object.

    Args:
        bucket: name of the bucket.
        key: key of the object.
        encoding: text encoding; by default UTF-8, with or without a byte order mark.

    Returns:
        DataFrame of shape ``(n_rows, n_columns)``. A row with fewer fields than the header ends
        in missing values, as pandas does it.

    Raises:
        DataError: a row has more fields than the header, a quotation does not end, the text has
            another encoding, or there is none. The message names the object and the line.
        ConfigError: there is no such encoding.
        MissingError: the bucket or the object does not exist.
        AccessError: credentials are absent or do not allow it.
        MissingExtraError: pandas is not installed.
    """
    tables.need_pandas()
    return tables.read_csv(pd_s3_buffer(bucket, key), f"s3://{bucket}/{key}", encoding)


@overload
def read_excel_from_bucket(
    bucket: str,
    key: str,
    sheet_name: str | int = 0,
    header: int | Sequence[int] | None = 0,
) -> pd.DataFrame: ...
@overload
def read_excel_from_bucket(
    bucket: str,
    key: str,
    sheet_name: list[str | int] | None,
    header: int | Sequence[int] | None = 0,
) -> dict[str | int, pd.DataFrame]: ...
def read_excel_from_bucket(
    bucket: str,
    key: str,
    sheet_name: str | int | list[str | int] | None = 0,
    header: int | Sequence[int] | None = 0,
) -> pd.DataFrame | dict[str | int, pd.DataFrame]:
    """Read one or more sheets of an Excel workbook.

    Args:
        bucket: name of the bucket.
        key: key of the object.
        sheet_name: name or place (from 0) of the sheet; a list for several; None for all.
        header: row of the column names (from 0); None when there is none.

    Returns:
        One DataFrame, or for several sheets a dictionary of them by sheet.

    Raises:
        DataError: it is no Excel workbook.
        MissingError: the bucket, the object or the sheet does not exist.
        AccessError: credentials are absent or do not allow it.
        MissingExtraError: pandas or openpyxl is not installed.
    """
    tables.need_pandas()
    buffer, source = pd_s3_buffer(bucket, key), f"s3://{bucket}/{key}"
    found: pd.DataFrame | dict[str | int, pd.DataFrame]
    found = tables.read_excel(buffer, source, sheet_name=sheet_name, header=header)
    return found


def read_excel_list_from_bucket(bucket: str, key_list: Sequence[str]) -> pd.DataFrame:
    """Read all sheets of several Excel workbooks, one below the other.

    Args:
        bucket: name of the bucket.
        key_list: keys of the workbooks.

    Returns:
        All rows. The index says where each comes from: levels ``file`` (the key), ``sheet`` and
        ``row``; ``reset_index()`` turns them into columns.

    Raises:
        MissingError: the list is empty, or the bucket or an object does not exist.
        DataError: an object is no Excel workbook.
        AccessError: credentials are absent or do not allow it.
        MissingExtraError: pandas or openpyxl is not installed.
    """
    tables.need_pandas()
    if not key_list:
        raise MissingError(
            f"no workbooks to read from s3://{bucket}: key_list is empty; "
            "check the prefix and suffix it was listed with",
        )
    with ThreadPoolExecutor(_THREADS) as pool:
        buffers = pool.map(lambda key: pd_s3_buffer(bucket, key), key_list)
        return tables.stack_excel(
            (
                (key, f"s3://{bucket}/{key}", buffer)
                for key, buffer in zip(key_list, buffers, strict=True)
            )
        )


def save_to_bucket(df: pd.DataFrame, bucket: str, key: str) -> int:
    """Save a DataFrame as a CSV object, without its index.

    The text goes through a temporary file in UTF-8, so memory holds no copy of it. The object
    appears complete or not at all.

    Args:
        df: rows to save, shape ``(n_rows, n_columns)``.
        bucket: name of the bucket.
        key: key of the object; an existing one is replaced.

    Returns:
        HTTP status of the upload: 200.

    Raises:
        DataError: it is no DataFrame.
        MissingError: the bucket does not exist.
        AccessError: credentials are absent or do not allow it.
    """
    if not hasattr(df, "to_csv"):
        raise DataError(
            f"cannot write s3://{bucket}/{key}: {type(df).__name__} is no DataFrame; "
            "make it one with pd.DataFrame(…, columns=[…])",
        )
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        df.to_csv(tables.writer(file), index=False, lineterminator="\n")
        size = file.tell()
        file.seek(0)
        kind = "text/csv; charset=utf-8"
        if size <= _ONE_PUT:
            return _put(bucket, key, file, kind)
        with _at("write", bucket, key):
            client("s3").upload_fileobj(file, bucket, key, ExtraArgs={"ContentType": kind})
        return 200


def SuccessSignal(bucket: str, key: str = ".success") -> int:  # noqa: N802 - a contract
    """Write a marker that says when something was done: its time in UTC.

    Args:
        bucket: name of the bucket.
        key: key of the marker.

    Returns:
        HTTP status of the upload: 200.

    Raises:
        MissingError: the bucket does not exist.
        AccessError: credentials are absent or do not allow it.
    """
    now = datetime.now(timezone.utc).isoformat(timespec="microseconds")
    return _put(bucket, key, now.encode(), "text/plain; charset=utf-8")


def _put(bucket: str, key: str, body: Any, kind: str) -> int:
    with _at("write", bucket, key):
        answer = client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind)
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


def list_keys(bucket: str, prefix: str = "", suffix: str = "") -> list[str]:
    """List the keys that begin and end in a certain way.

    Args:
        bucket: name of the bucket.
        prefix: what the keys begin with.
        suffix: what they end with.

    Returns:
        The keys in S3's order (UTF-8 bytes); empty when there is none.

    Raises:
        MissingError: the bucket does not exist.
        AccessError: credentials are absent or do not allow it.
    """
    return [key for key, _ in _list(bucket, prefix, suffix)]


def _list(bucket: str, prefix: str, suffix: str) -> Iterator[tuple[str, int]]:
    """Give key and size (bytes) of each object; one request per 1000."""
    with _at("list", bucket, prefix):
        pages = client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                if found["Key"].endswith(suffix):
                    yield found["Key"], found["Size"]


def copy_bucket_files(  # noqa: PLR0913, PLR0917 - the predecessor's arguments are a contract
    bucket: str,
    prefix: str,
    suffix: str,
    target_bucket: str,
    target_prefix: str,
    target_suffix: str,
    key_sub: tuple[int | None, int | None],
) -> list[str]:
    """Copy objects inside S3, several at a time; the data never comes to this machine.

    The new key is ``target_prefix + key[start:end] + target_suffix``.

    Args:
        bucket: bucket to copy from.
        prefix: what the keys to copy begin with.
        suffix: what they end with.
        target_bucket: bucket to copy to.
        target_prefix: put before the kept part of each key.
        target_suffix: put after it.
        key_sub: ``(start, end)`` of the part to keep, counted like a slice.

    Returns:
        The new keys, in the order of the old ones.

    Raises:
        DataError: two objects would get the same key; nothing is copied then.
        MissingError: a bucket does not exist.
        AccessError: credentials are absent or do not allow it.
    """
    found = list(_list(bucket, prefix, suffix))
    targets = _target_keys((key for key, _ in found), target_prefix, target_suffix, key_sub)

    def copy(job: tuple[tuple[str, int], str]) -> None:
        (key, size), target = job
        source = {"Bucket": bucket, "Key": key}
        with _at(f"copy s3://{bucket}/{key} to", target_bucket, target):
            if size <= _ONE_COPY:
                client("s3").copy_object(CopySource=source, Bucket=target_bucket, Key=target)
            else:
                client("s3").copy(source, target_bucket, target)

    with ThreadPoolExecutor(_THREADS) as pool:
        # Going through the results raises the first error; map then drops what has not begun.
        for _ in pool.map(copy, zip(found, targets, strict=True)):
            pass
    return targets


def _target_keys(
    keys: Iterable[str],
    prefix: str,
    suffix: str,
    key_sub: tuple[int | None, int | None],
) -> list[str]:
    sources: dict[str, str] = {}
    for key in keys:
        target = f"{prefix}{key[slice(*key_sub)]}{suffix}"
        if target in sources:
            raise DataError(
                f"{sources[target]} and {key} would both be copied to {target}; "
                f"key_sub={key_sub} must keep the part in which they differ",
            )
        sources[target] = key
    return list(sources)


def _at(doing: str, bucket: str, key: str) -> AbstractContextManager[None]:
    folder = key.rpartition("/")[0]
    return explained(
        f"{doing} s3://{bucket}/{key}",
        f"check the key: bc.list_keys({bucket!r}, {folder!r}, '') shows what is there",
    )
