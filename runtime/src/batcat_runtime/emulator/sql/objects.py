"""Objects of the local S3 as files that an engine can open, kept while there is room."""

from __future__ import annotations

import bz2
import gzip
import shutil
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from hashlib import sha256
from threading import RLock
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.world import ACCESS_KEY

from .errors import QueryError

if TYPE_CHECKING:
    from pathlib import Path

    from batcat_runtime.emulator.world import World

ROOM = 2 << 30
"""Bytes of files kept for the next query."""

TRANSFERS = 4
HIDDEN = ("_", ".")
"""Objects whose names begin so hold no data (Hive, and Athena with it)."""

_OPENERS: dict[str, Any] = {"gz": gzip.open, "bz2": bz2.open}


@dataclass(frozen=True)
class Found:
    """An object.

    Attributes:
        bucket: where it lies.
        key: its name.
        size: bytes.
        etag: changes with its content.
    """

    bucket: str
    key: str
    size: int
    etag: str

    @property
    def uri(self) -> str:
        """Its ``s3://`` address."""
        return f"s3://{self.bucket}/{self.key}"


class Objects:
    """The local S3, seen from an engine.

    Args:
        world: where S3 is reached.
        folder: for the files; made here.
    """

    def __init__(self, world: World, folder: Path) -> None:
        self._world, self._folder = world, folder
        self._key, self._via = ACCESS_KEY, ""
        self._kept: OrderedDict[Path, int] = OrderedDict()
        self._lock = RLock()
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def client(self) -> Any:
        """The S3 client."""
        return self._world.client("s3", None, self._key, self._via)

    def acting(self, key: str, via: str = "") -> Objects:
        """The same, with the rights of somebody.

        Args:
            key: access key of whom.
            via: the service that passes them on, or nothing where it takes a role.
        """
        view = copy(self)
        view._key, view._via = key, via  # noqa: SLF001 - of its own class
        return view

    def listed(self, uri: str) -> list[Found]:
        """Objects with data at or below an address, by key.

        Raises:
            QueryError: there is no such bucket.
        """
        bucket, prefix = split(uri)
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = []
        try:
            for page in pages:
                for one in page.get("Contents", []):
                    name = one["Key"].rpartition("/")[2]
                    below = one["Key"][len(prefix) :]
                    whole = prefix.endswith("/") or below[:1] in ("", "/") or not prefix
                    hidden = any(part.startswith(HIDDEN) for part in below.split("/")[:-1])
                    if name and whole and one["Size"] and not hidden and name[0] not in HIDDEN:
                        found.append(Found(bucket, one["Key"], one["Size"], one["ETag"].strip('"')))
        except self.client.exceptions.NoSuchBucket:
            raise QueryError(
                "HIVE_FILESYSTEM_ERROR", f"The specified bucket does not exist: {bucket}"
            ) from None
        return found

    def files(self, found: list[Found], *, plain: bool = False) -> list[Path]:
        """Objects as files.

        Args:
            found: as listed.
            plain: take .gz and .bz2 apart.
        """
        with ThreadPoolExecutor(TRANSFERS) as pool:
            return list(pool.map(lambda one: self._file(one, plain=plain), found))

    def put(self, uri: str, file: Path) -> None:
        """Send a file.

        Raises:
            QueryError: S3 refuses it.
        """
        from botocore.exceptions import ClientError

        bucket, key = split(uri)
        try:
            with file.open("rb") as body:
                self.client.put_object(Bucket=bucket, Key=key, Body=body)
        except ClientError as error:
            raise QueryError("HIVE_FILESYSTEM_ERROR", f"{uri}: {error}") from None

    def _file(self, found: Found, *, plain: bool) -> Path:
        suffix = found.key.rpartition(".")[2].lower()
        opener = _OPENERS.get(suffix) if plain else None
        identity = sha256(f"{found.uri}\0{found.etag}\0{bool(opener)}".encode()).hexdigest()
        path = self._folder / identity
        if self._key != ACCESS_KEY:
            self.client.head_object(Bucket=found.bucket, Key=found.key)  # what is kept, too
        with self._lock:
            if path in self._kept:
                self._kept.move_to_end(path)
                return path
        body = self.client.get_object(Bucket=found.bucket, Key=found.key)["Body"]
        part = path.with_suffix(f".{id(found)}")
        with part.open("wb") as target:
            shutil.copyfileobj(body, target, 1 << 20)
        if opener:
            packed = part.rename(part.with_suffix(".packed"))
            with opener(packed, "rb") as source, part.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            packed.unlink()
        part.replace(path)
        self._keep(path)
        return path

    def _keep(self, path: Path) -> None:
        """Remember a file; forget the oldest beyond the room. DuckDB holds open what it reads."""
        with self._lock:
            self._kept[path] = path.stat().st_size
            while sum(self._kept.values()) > ROOM and len(self._kept) > 1:
                oldest, _ = self._kept.popitem(last=False)
                oldest.unlink(missing_ok=True)


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an ``s3://`` address.

    Raises:
        QueryError: it is none.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise QueryError("INVALID_TABLE_PROPERTY", f"not an s3:// location: {uri}")
    return bucket, key


def folder_of(uri: str) -> str:
    """An address that ends in a slash."""
    return uri if uri.endswith("/") else f"{uri}/"
