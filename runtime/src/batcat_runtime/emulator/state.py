"""What ``--state DIR`` keeps: S3 objects and job folders; everything else ends with the server.

Kept of S3: buckets with their regions; each object's latest body, content type and metadata.
Bucket settings, older versions and tags are not. It is written when the server stops in order;
a server that is killed, even while it writes, leaves the state of its last orderly stop: bodies
go into a folder of their own, and renaming the index that points at them is the one moment of
change.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .world import World

INDEX = "index.json"


class StateError(Exception):
    """The folder cannot be used; the message says why and what to do."""


class State:
    """The folder that survives.

    Args:
        folder: made if it does not exist.

    Raises:
        StateError: it cannot be made or written to, or another server uses it at this moment.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = folder / "s3" / INDEX
        try:
            self._index.parent.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR)
        except OSError as error:
            raise StateError(
                f"the state cannot be kept in {folder} ({error.strerror}: {error.filename}); "
                "name a folder that can be made and written to",
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise StateError(
                f"another local AWS keeps its state in {folder}; stop it or use another folder",
            ) from None

    def load(self, world: World) -> None:
        """Put the kept buckets and objects into S3.

        Raises:
            StateError: what is kept cannot be read.
        """
        if not self._index.exists():
            return
        try:
            for bucket in json.loads(self._index.read_text(encoding="utf-8")):
                self._load_bucket(world, bucket)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StateError(
                f"the state in {self._index.parent} cannot be read ({error!r}); "
                "remove that folder to begin with an empty S3",
            ) from error

    def _load_bucket(self, world: World, bucket: dict[str, Any]) -> None:
        s3 = world.client("s3", bucket["Region"])
        place = {}
        if bucket["Region"] != "us-east-1":
            place = {"CreateBucketConfiguration": {"LocationConstraint": bucket["Region"]}}
        s3.create_bucket(Bucket=bucket["Bucket"], **place)
        for entry in bucket["Objects"]:
            with (self._index.parent / entry.pop("File")).open("rb") as body:
                s3.put_object(Bucket=bucket["Bucket"], Body=body, **entry)

    def save(self, world: World) -> None:
        """Write all buckets and objects; the old copy stays until the new one is complete."""
        bodies = Path(tempfile.mkdtemp(dir=self._index.parent))
        names = [found["Name"] for found in world.client("s3").list_buckets()["Buckets"]]
        fresh = bodies / INDEX
        fresh.write_text(
            json.dumps([_save_bucket(world, name, bodies) for name in names], indent=1)
        )
        fresh.replace(self._index)
        for old in self._index.parent.iterdir():
            if old.is_dir() and old != bodies:
                shutil.rmtree(old, ignore_errors=True)

    def close(self) -> None:
        """Let others use the folder; its lock file stays, for who waits for it may hold it open."""
        os.close(self._lock)


def _save_bucket(world: World, bucket: str, folder: Path) -> dict[str, Any]:
    s3 = world.client("s3")
    region = s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] or "us-east-1"
    s3.delete_bucket_policy(Bucket=bucket)  # It is not kept, and could forbid reading what is.
    objects = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", []):
            answer = s3.get_object(Bucket=bucket, Key=found["Key"])
            name = sha256(f"{bucket}/{found['Key']}".encode()).hexdigest()
            with (folder / name).open("wb") as target:
                shutil.copyfileobj(answer["Body"], target, 1 << 20)
            entry = {
                "File": f"{folder.name}/{name}",
                "Key": found["Key"],
                "ContentType": answer["ContentType"],
            }
            objects.append(entry | {"Metadata": answer["Metadata"]})
    return {"Bucket": bucket, "Region": region, "Objects": objects}
