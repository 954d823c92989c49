"""TemplateURL is understood in every spelling that tools use."""

from __future__ import annotations

import pytest

from batcat_runtime.emulator.cloudformation.errors import ValidationError
from batcat_runtime.emulator.cloudformation.requests import bucket_and_key


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.amazonaws.com/bucket/a/b.yaml",
        "https://s3.eu-west-1.amazonaws.com/bucket/a/b.yaml",
        "https://bucket.s3.amazonaws.com/a/b.yaml",
        "https://bucket.s3.eu-west-1.amazonaws.com/a/b.yaml",
        "https://bucket.s3-eu-west-1.amazonaws.com/a/b.yaml",
        "https://bucket.s3.cn-north-1.amazonaws.com.cn/a/b.yaml",
        "http://127.0.0.1:4566/bucket/a/b.yaml",
    ],
)
def test_every_spelling_of_an_object_is_understood(url: str) -> None:
    assert bucket_and_key(url) == ("bucket", "a/b.yaml", "")
    assert bucket_and_key(f"{url}?versionId=v1") == ("bucket", "a/b.yaml", "v1")


def test_anything_else_is_refused() -> None:
    with pytest.raises(ValidationError, match="supported URL"):
        bucket_and_key("file:///etc/passwd")
