"""Whole objects in S3: get them, list them, copy them; ``tables`` has those of rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import TYPE_CHECKING, overload

from batcat_runtime.aws import client
from batcat_runtime.columns.series import need_pandas
from batcat_runtime.errors import DataError, MissingError

from . import datasets
from .progress import Progress
from .ranges import CHANGED, Object, at
from .transfer import fetch, fetch_all, listing
from .upload import put

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

_ONE_COPY = 5 * 1024**3  # bytes; source: Amazon S3 API Reference, CopyObject
_THREADS = 32
_KEPT = (
    *("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType"),
    *("Expires", "Metadata"),
)


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
        DataError: the object changed while it was read.
    """
    return fetch(Object(bucket, key))


@overload
def read_excel_from_bucket(
    bucket: str,
    key: str | Sequence[str],
    sheet_name: str | int = 0,
    header: int | Sequence[int] | None = 0,
    *,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame: ...
@overload
def read_excel_from_bucket(
    bucket: str,
    key: str,
    sheet_name: list[str | int] | None,
    header: int | Sequence[int] | None = 0,
    *,
    columns: Sequence[str] | None = None,
) -> dict[str | int, pd.DataFrame]: ...
def read_excel_from_bucket(
    bucket: str,
    key: str | Sequence[str],
    sheet_name: str | int | list[str | int] | None = 0,
    header: int | Sequence[int] | None = 0,
    *,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame | dict[str | int, pd.DataFrame]:
    """Read one or more sheets of an Excel workbook, or one sheet of each of several.

    Args:
        bucket: name of the bucket.
        key: key of the object; a list of keys; or a prefix that ends in ``/``, whose folders
            ``name=value`` become columns.
        sheet_name: name or place (from 0) of the sheet; a list for several; None for all.
        header: row of the column names (from 0); None when there is none.
        columns: names of those to keep, in their order; by default all.

    Returns:
        One DataFrame, or for several sheets of one workbook a dictionary of them by sheet.

    Raises:
        ConfigError: several sheets of several workbooks; read_excel_list_from_bucket reads those.
        DataError: it is no Excel workbook, or has other columns than the first.
        MissingError: the bucket, an object, the sheet or a column does not exist.
        AccessError: credentials are absent or do not allow it.
        MissingExtraError: pandas or openpyxl is not installed.
    """
    from . import workbooks

    found: pd.DataFrame | dict[str | int, pd.DataFrame]
    found = workbooks.read(bucket, key, sheet_name, header, columns)
    return found


def read_excel_list_from_bucket(bucket: str, key_list: str | Sequence[str]) -> pd.DataFrame:
    """Read all sheets of several Excel workbooks, one below the other.

    Args:
        bucket: name of the bucket.
        key_list: keys of the workbooks, or a prefix that ends in ``/``.

    Returns:
        All rows. The index says where each comes from: levels ``file`` (the key), ``sheet`` and
        ``row``; ``reset_index()`` turns them into columns.

    Raises:
        MissingError: the list is empty, or the bucket or an object does not exist.
        DataError: an object is no Excel workbook.
        AccessError: credentials are absent or do not allow it.
        MissingExtraError: pandas or openpyxl is not installed.
    """
    from batcat_runtime.formats.excel import stack_excel

    need_pandas()
    if not key_list:
        raise MissingError(
            f"no workbooks to read from s3://{bucket}: key_list is empty; "
            "check the prefix and suffix it was listed with",
        )
    sources = datasets.objects(bucket, key_list)
    buffers = fetch_all(sources)
    return stack_excel(
        (one.key, str(one), buffer) for one, buffer in zip(sources, buffers, strict=True)
    )


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
    return put(bucket, key, now.encode(), "text/plain; charset=utf-8")


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
    return list(iter_keys(bucket, prefix, suffix))


def iter_keys(bucket: str, prefix: str = "", suffix: str = "") -> Iterator[str]:
    """Give the keys that begin and end in a certain way, one after the other.

    S3 is asked for the next thousand when they are needed, so memory never holds all.

    Args:
        bucket: name of the bucket.
        prefix: what the keys begin with.
        suffix: what they end with.

    Returns:
        An iterator of the keys in S3's order (UTF-8 bytes).

    Raises:
        MissingError: the bucket does not exist.
        AccessError: credentials are absent or do not allow it.
    """
    return (found.key for found in listing(bucket, prefix, suffix))


def copy_bucket_files(  # noqa: PLR0913, PLR0917 - the predecessor's arguments are a contract
    bucket: str,
    prefix: str,
    suffix: str,
    target_bucket: str,
    target_prefix: str,
    target_suffix: str,
    key_sub: tuple[int | None, int | None],
) -> list[str]:
    """Copy objects inside S3, many at a time; the data never comes to this machine.

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
        DataError: two objects would get the same key, or one would replace another that is to be
            copied, and nothing is copied then; or an object changed while it was copied.
        MissingError: a bucket does not exist.
        AccessError: credentials are absent or do not allow it.
    """
    found = list(listing(bucket, prefix, suffix))
    targets = _target_keys((one.key for one in found), target_prefix, target_suffix, key_sub)
    both = {one.key for one in found} & set(targets) if bucket == target_bucket else ()
    if both:
        raise DataError(
            f"s3://{bucket}/{min(both)} would be replaced by a copy and is to be copied itself; "
            "choose another target_prefix, target_suffix or target_bucket",
        )

    def copy(job: tuple[Object, str]) -> None:
        one, target = job
        with at(f"copy {one} to", target_bucket, target):
            if (one.size or 0) <= _ONE_COPY:
                source = {"Bucket": bucket, "Key": one.key}
                client("s3").copy_object(CopySource=source, Bucket=target_bucket, Key=target)
                progress.add(one.size or 0)
            else:
                _copy_large(one, target_bucket, target, progress)

    size = sum(one.size or 0 for one in found)
    progress = Progress(f"copy {len(found)} objects to s3://{target_bucket}/{target_prefix}", size)
    with progress, ThreadPoolExecutor(_THREADS) as pool:
        # Going through the results raises the first error; map then drops what has not begun.
        for _ in pool.map(copy, zip(found, targets, strict=True)):
            pass
    return targets


def _copy_large(one: Object, bucket: str, key: str, progress: Progress) -> None:
    """Copy what is too large for one request in parts of one version, inside S3.

    A copy in parts keeps by itself neither the content type nor metadata.
    """
    from botocore.exceptions import ClientError

    source = {"Bucket": one.bucket, "Key": one.key}
    try:
        about = client("s3").head_object(**source, IfMatch=one.etag)
        kept = {name: about[name] for name in _KEPT if about.get(name)}
        condition = {"CopySourceIfMatch": one.etag}
        client("s3").copy(source, bucket, key, ExtraArgs=kept | condition, Callback=progress.add)
    except ClientError as error:
        if error.response["ResponseMetadata"].get("HTTPStatusCode") == CHANGED:
            raise DataError(f"{one} changed while it was copied; copy it again") from error
        raise


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
