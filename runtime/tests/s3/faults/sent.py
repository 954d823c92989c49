"""Requests that faults are aimed at, and what is sent or left."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pandas as pd

import batcat_runtime as bc
from batcat_runtime.aws import client

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.faulty import Fault, Request


MB = 1024 * 1024
ROWS = pd.DataFrame({"n": range(300_000), "text": ["battery"] * 300_000})
WIDE = pd.DataFrame({"text": ["battery " * 1000] * 2500})  # 20 MB, quickly written
BODY = ROWS.to_csv(index=False).encode()  # about 4 MB


def first(count: int, fault: Fault, when: Callable[[Request], bool]) -> Callable[..., Fault | None]:
    """A fault for the first so many requests of a kind."""
    lock, seen = threading.Lock(), [0]

    def rule(request: Request) -> Fault | None:
        with lock:
            seen[0] += when(request)
            return fault if when(request) and seen[0] <= count else None

    return rule


def is_get(request: Request) -> bool:
    """Whether it reads the large object."""
    return request.method == "GET" and "large" in request.path


def is_part(request: Request) -> bool:
    """Whether it uploads a part."""
    return "partNumber" in request.path


def ends_an_upload(request: Request) -> bool:
    """Whether it makes an object appear."""
    parts = request.method == "POST" and "uploadId" in request.path
    return parts or (request.method == "PUT" and "partNumber" not in request.path)


def left_in(bucket: str) -> tuple[list[str], int]:
    """Keys that are there, and uploads that were begun and are neither complete nor aborted."""
    uploads = client("s3").list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return bc.list_keys(bucket), len(uploads)
