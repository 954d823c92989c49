"""Inputs from S3 to a host's folders, outputs from there to S3."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batcat_runtime.emulator.world import World

TRANSFERS = 4
"""How many objects are moved at the same time."""

MEMORY_BYTES = 8 << 20
"""Up to this size a file is sent from memory."""


class TransferError(Exception):
    """Data could not be moved; the message is the job's FailureReason."""


class Transfer:
    """Moves data of one job.

    Args:
        world: where S3 is reached.
        role: ARN named in messages, as AWS does.
        region: the job's region.
    """

    def __init__(self, world: World, role: str, region: str) -> None:
        self._s3 = world.client("s3", region)
        self._role = role
        self._region = region

    def download(self, source: dict[str, Any], folder: Path, host: int, hosts: int) -> None:
        """Fetch one input for one host.

        Args:
            source: the request's S3Input.
            folder: where the files go; made even if nothing falls to this host.
            host: number of the host, from 0.
            hosts: how many there are.

        Raises:
            TransferError: nothing is found under the URI.
        """
        folder.mkdir(parents=True, exist_ok=True)
        objects = list(self._objects(source))
        if not objects:
            raise TransferError(self._nothing_found(source["S3Uri"]))
        if source.get("S3DataDistributionType") == "ShardedByS3Key":
            objects = objects[host::hosts]
        with ThreadPoolExecutor(TRANSFERS) as pool:
            for done in [pool.submit(self._fetch, *item, folder) for item in objects]:
                done.result()

    def upload(
        self,
        folder: Path,
        uri: str,
        key_id: str | None,
        sent: dict[Path, tuple[int, int]],
    ) -> Iterator[Path]:
        """Send a folder's files, one whenever the next is asked for.

        Args:
            folder: sent with its subfolders; nothing happens if it is empty.
            uri: ``s3://bucket/prefix``.
            key_id: KMS key of ProcessingOutputConfig, or None.
            sent: file to (modification time in ns, size in bytes) of what was sent before;
                unchanged files are skipped and the table is brought up to date.

        Yields:
            Each file that was sent.

        Raises:
            TransferError: S3 refuses, for example because the bucket does not exist.
        """
        from botocore.exceptions import ClientError

        bucket, prefix = split(uri)
        extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            try:
                status = file.stat()
                mark = (status.st_mtime_ns, status.st_size)
                if sent.get(file) == mark:
                    continue
                key = "/".join(filter(None, (prefix.rstrip("/"), _relative(file, folder))))
                with _copy(file, status.st_size) as body:
                    self._s3.put_object(Bucket=bucket, Key=key, Body=body, **extra)
            except FileNotFoundError:
                continue  # the process removed it meanwhile
            except ClientError as error:
                raise TransferError(
                    f"ClientError: Failed to upload data to {uri}: {error}",
                ) from error
            sent[file] = mark
            yield file

    def _objects(self, source: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        """Bucket, key and relative file name of each object, in key order."""
        uri = source["S3Uri"]
        if source["S3DataType"] == "ManifestFile":
            yield from self._manifest(uri)
            return
        bucket, prefix = split(uri)
        for key in self._keys(bucket, prefix):
            if not key.endswith("/"):
                yield bucket, key, _below(key, prefix)

    def _manifest(self, uri: str) -> Iterator[tuple[str, str, str]]:
        """A manifest: a JSON array of ``{"prefix": "s3://…"}`` and names below that prefix."""
        bucket, key = split(uri)
        try:
            prefix, *names = json.loads(self._read(bucket, key))
            base = prefix["prefix"]
        except (ValueError, KeyError, TypeError) as error:
            raise TransferError(f"ClientError: {uri} is not a manifest: {error}") from error
        bucket, start = split(base)
        for name in names:
            yield bucket, start + name, name

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        try:
            for page in pages:
                yield from (found["Key"] for found in page.get("Contents", []))
        except self._s3.exceptions.NoSuchBucket:
            return

    def _read(self, bucket: str, key: str) -> bytes:
        try:
            body: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except (self._s3.exceptions.NoSuchKey, self._s3.exceptions.NoSuchBucket):
            raise TransferError(self._nothing_found(f"s3://{bucket}/{key}")) from None
        return body

    def _fetch(self, bucket: str, key: str, name: str, folder: Path) -> None:
        file = folder.joinpath(*PurePosixPath(name).parts)
        if not file.resolve().is_relative_to(folder.resolve()):
            raise TransferError(f"ClientError: s3://{bucket}/{key} would lie outside its LocalPath")
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
        except self._s3.exceptions.NoSuchKey:
            raise TransferError(self._nothing_found(f"s3://{bucket}/{key}")) from None
        with file.open("wb") as target:
            shutil.copyfileobj(body, target, 1024 * 1024)

    def _nothing_found(self, uri: str) -> str:
        """AWS's words for a prefix without objects (as quoted for training inputs too)."""
        return (
            f'ClientError: No S3 objects found under S3 URL "{uri}" given in input data source. '
            f"Please ensure that the bucket exists in the selected region ({self._region}), that "
            f'objects exist under that S3 prefix, and that the role "{self._role}" has '
            f'"s3:ListBucket" permissions on bucket "{split(uri)[0]}".'
        )


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an ``s3://bucket/key`` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _below(key: str, prefix: str) -> str:
    """File name below LocalPath: what follows a folder-like prefix, else what follows its folder.

    ``data/`` or ``data`` with key ``data/a.csv`` gives ``a.csv``; ``data/part`` with key
    ``data/part-1.csv`` gives ``part-1.csv``; an object named in full gives its own name.
    """
    if prefix.endswith("/") or key.startswith(f"{prefix}/"):
        return key[len(prefix) :].lstrip("/")
    return key[prefix.rfind("/") + 1 :]


def _copy(file: Path, size: int) -> IO[bytes]:
    """The first bytes of a file as it is now: the program may write to it while it is sent."""
    copy = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
    with file.open("rb") as source:
        while size > 0 and (part := source.read(min(size, 1 << 20))):
            copy.write(part)
            size -= len(part)
    copy.seek(0)
    return copy


def _relative(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()
