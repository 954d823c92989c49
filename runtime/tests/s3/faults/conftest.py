"""An S3 that fails when told to, with an object in it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from runtime.tests.faulty import FaultyS3, hurry
from runtime.tests.s3.faults.sent import BODY, MB

from batcat_runtime.aws import client
from batcat_runtime.s3 import stream, transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batcat_runtime.emulator import LocalAws


@pytest.fixture
def s3(local_s3: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyS3]:
    """The S3 that fails; objects are large from 1 MB on."""
    hurry(monkeypatch)
    with FaultyS3(local_s3.url) as proxy:
        for name, value in local_s3.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        for module, names in (
            (transfer, ("PART", "WHOLE", "_SMALLEST", "_LARGEST")),
            (stream, ("PART", "WHOLE", "_TAIL")),
        ):
            for name in names:
                monkeypatch.setattr(module, name, MB)
        yield proxy


@pytest.fixture
def bucket(s3: FaultyS3) -> str:  # noqa: ARG001 - it sets the environment
    """The name of a new bucket that holds one large CSV."""
    name = f"batcat-{uuid.uuid4().hex}"
    client("s3").create_bucket(Bucket=name)
    client("s3").put_object(Bucket=name, Key="large.csv", Body=BODY)
    return name
