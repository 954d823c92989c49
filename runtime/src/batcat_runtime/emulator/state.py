"""What ``--state DIR`` keeps: S3 objects and job folders; everything else ends with the server.

Kept of S3: buckets with their regions; each object's latest body, content type and metadata.
Bucket settings, older versions and tags are not. It is written when the server stops in order;
a server that is killed leaves the state of its last orderly stop.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from .world import World

INDEX = "index.json"


class StateInUseError(Exception):
    """Another server keeps its state in the folder."""


class State:
    """The folder that survives.

    Args:
        folder: made if it does not exist.

    Raises:
        StateInUseError: another server uses it at this moment.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise StateInUseError(f"another local AWS keeps its state in {folder}") from None

    def load(self, world: World) -> None:
        """Put the kept buckets and objects into S3."""
        file = self.folder / "s3" / INDEX
        if not file.exists():
            return
        for bucket in json.loads(file.read_text(encoding="utf-8")):
            s3 = world.client("s3", bucket["Region"])
            place = {}
            if bucket["Region"] != "us-east-1":
                place = {"CreateBucketConfiguration": {"LocationConstraint": bucket["Region"]}}
            s3.create_bucket(Bucket=bucket["Bucket"], **place)
            for entry in bucket["Objects"]:
                with (self.folder / "s3" / entry.pop("File")).open("rb") as body:
                    s3.put_object(Bucket=bucket["Bucket"], Body=body, **entry)

    def save(self, world: World) -> None:
        """Write all buckets and objects; the old copy stays until the new one is complete."""
        fresh = self.folder / "s3.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        s3 = world.client("s3")
        buckets = [
            _save_bucket(world, bucket["Name"], fresh) for bucket in s3.list_buckets()["Buckets"]
        ]
        (fresh / INDEX).write_text(json.dumps(buckets, indent=1), encoding="utf-8")
        shutil.rmtree(self.folder / "s3", ignore_errors=True)
        fresh.rename(self.folder / "s3")

    def close(self) -> None:
        """Let others use the folder."""
        with suppress(FileNotFoundError):
            (self.folder / ".lock").unlink()
        os.close(self._lock)


def _save_bucket(world: World, bucket: str, folder: Path) -> dict[str, Any]:
    s3 = world.client("s3")
    region = s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] or "us-east-1"
    objects = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", []):
            answer = s3.get_object(Bucket=bucket, Key=found["Key"])
            name = sha256(f"{bucket}/{found['Key']}".encode()).hexdigest()
            with (folder / name).open("wb") as target:
                shutil.copyfileobj(answer["Body"], target, 1 << 20)
            entry = {"File": name, "Key": found["Key"], "ContentType": answer["ContentType"]}
            objects.append(entry | {"Metadata": answer["Metadata"]})
    return {"Bucket": bucket, "Region": region, "Objects": objects}
