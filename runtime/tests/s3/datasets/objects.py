"""Objects as tests put them, and how much of them was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.aws import client

if TYPE_CHECKING:
    from runtime.tests.faulty import FaultyS3


MB = 1024 * 1024


def put(bucket: str, **objects: bytes) -> None:
    """Store objects under ``raw/``."""
    for name, body in objects.items():
        client("s3").put_object(Bucket=bucket, Key=f"raw/{name}.csv", Body=body)


def bytes_asked(proxy: FaultyS3) -> int:
    """Bytes of all ranges asked for."""
    ranges = [one.range.removeprefix("bytes=").split("-") for one in proxy.requests if one.range]
    return sum(int(stop) - int(start or 0) + 1 if start else int(stop) for start, stop in ranges)
