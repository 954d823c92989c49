"""Names that S3 gives no bucket."""

from __future__ import annotations

import re

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def is_bucket(name: str) -> bool:
    """Whether a bucket may be called so.

    Source: "General purpose bucket naming rules" in the S3 user guide, without the prefixes and
    suffixes that are reserved.

    Args:
        name: the bucket's name.
    """
    return bool(BUCKET.fullmatch(name)) and ".." not in name and not ADDRESS.fullmatch(name)
