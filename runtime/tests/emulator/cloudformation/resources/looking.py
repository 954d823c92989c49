"""Templates of one resource, and what is left when it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
GONE = (
    "NoSuchLifecycleConfiguration",
    "NoSuchTagSet",
    "OwnershipControlsNotFoundError",
    "NoSuchPublicAccessBlockConfiguration",
)
INLINE = "import os\ndef handler(event, context):\n    return [event, os.environ.get('WHO')]\n"


def one(kind: str, properties: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"Resources": {"It": {"Type": kind, "Properties": properties}, **others}}


def missing(call: Callable[[], Any]) -> str:
    """Code of the error that a call ends in."""
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as raised:
        call()
    return str(raised.value.response["Error"]["Code"])
