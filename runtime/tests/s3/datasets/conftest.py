"""An S3 that tells what it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from runtime.tests.faulty import FaultyS3

if TYPE_CHECKING:
    from batcat_runtime.emulator import LocalAws


@pytest.fixture
def watched(local_s3: LocalAws, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Requests of the test, as S3 sees them."""
    with FaultyS3(local_s3.url) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield proxy
    assert s3_bucket
