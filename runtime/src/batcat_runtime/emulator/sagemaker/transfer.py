"""Inputs from S3 to a host's folders, outputs from there to S3."""

from __future__ import annotations

import errno
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from batcat_runtime.emulator.s3.names import is_bucket

from .job import SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batcat_runtime.emulator.world import World

TRANSFERS = 4
"""How many objects are moved at the same time."""

MEMORY_BYTES = 8 << 20
"""Up to this size a file is sent from memory."""

NAME_ERRORS = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG)
NO_FILE_NAME = (
    " Each part of a key must make a name of at most 255 bytes, and no object may be the folder of "
    "another: rename one."
)


class TransferError(Exception):
    """Data could not be moved; the message is the job's FailureReason."""


class Transfer:
    """Moves data of one job.

    Args:
        world: where S3 is reached.
        role: ARN of the role that moves it; also named in messages, as AWS does.
        region: the job's region.
    """

    def __init__(self, world: World, role: str, region: str) -> None:
        self._s3 = world.client("s3", region, world.session(role, SESSION).key)
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
            TransferError: nothing is found under the URI, or an object cannot be a file.
        """
        with self._reading(source["S3Uri"]):
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
        from botocore.exceptions import BotoCoreError, ClientError

        bucket, prefix = split(uri)
        extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            try:
                status = file.stat()
                mark = (status.st_mtime_ns, status.st_size)
                if sent.get(file) == mark:
                    continue
                key = "/".join(filter(None, (prefix.rstrip("/"), _relative(file, folder, uri))))
                with _copy(file, status.st_size) as body:
                    self._s3.put_object(Bucket=bucket, Key=key, Body=body, **extra)
            except FileNotFoundError:
                continue  # the process removed it meanwhile
            except (BotoCoreError, ClientError) as error:
                raise _not_uploaded(uri, str(error)) from error
            except OSError as error:
                raise _not_uploaded(uri, f"{file.name}: {error.strerror}") from error
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
        body = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        try:
            prefix, *names = json.loads(body)
            bucket, start = split(prefix["prefix"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _not_a_manifest(uri, f"{type(error).__name__}: {error}") from error
        if not is_bucket(bucket):
            raise _not_a_manifest(uri, f"its prefix names no bucket: {prefix['prefix']}")
        for name in names:
            if not isinstance(name, str) or not name:
                raise _not_a_manifest(uri, f"{json.dumps(name)[:80]} is not the name of an object")
            yield bucket, start + name, name

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            yield from (found["Key"] for found in page.get("Contents", []))

    def _fetch(self, bucket: str, key: str, name: str, folder: Path) -> None:
        with self._reading(f"s3://{bucket}/{key}"):
            file = folder.joinpath(*PurePosixPath(name).parts)
            if not file.resolve().is_relative_to(folder.resolve()):
                raise TransferError(
                    f"ClientError: s3://{bucket}/{key} would lie outside its LocalPath"
                )
            file.parent.mkdir(parents=True, exist_ok=True)
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
            with file.open("wb") as target:
                shutil.copyfileobj(body, target, 1024 * 1024)

    @contextmanager
    def _reading(self, uri: str) -> Iterator[None]:
        """Say of whatever goes wrong which data it was about."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (self._s3.exceptions.NoSuchKey, self._s3.exceptions.NoSuchBucket):
            raise TransferError(self._nothing_found(uri)) from None
        except (BotoCoreError, ClientError) as error:
            raise TransferError(f"ClientError: Failed to download {uri}: {error}") from error
        except OSError as error:
            hint = NO_FILE_NAME if error.errno in NAME_ERRORS else ""
            raise TransferError(
                f"ClientError: Failed to download {uri}: {error.strerror}.{hint}"
            ) from error

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


def _relative(file: Path, folder: Path, uri: str) -> str:
    name = file.relative_to(folder).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(name)
        raise _not_uploaded(uri, f"the file name {shown!r} is not UTF-8; rename it") from None
    return name


def _not_uploaded(uri: str, reason: str) -> TransferError:
    return TransferError(f"ClientError: Failed to upload data to {uri}: {reason}")


def _not_a_manifest(uri: str, reason: str) -> TransferError:
    return TransferError(
        f"ClientError: {uri} is not a manifest: {reason}. It must be a JSON array of "
        '{"prefix": "s3://bucket/prefix"} and names below that prefix.'
    )
