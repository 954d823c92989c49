"""A folder in S3 through which many rows go to Redshift or come from it; removed afterwards."""

from __future__ import annotations

import re
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from batcat_runtime.errors import ConfigError
from batcat_runtime.s3.removal import leftovers_logged, remove
from batcat_runtime.s3.transfer import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACE = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<key>.*))?", re.ASCII)
# Signs that need no thought in a literal; sources: Amazon S3 User Guide, "Object key naming
# guidelines"; IAM User Guide, "IAM identifiers".
_KEY = re.compile(r"[\w!.*()/=+@:, -]*", re.ASCII)
_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_KMS = re.compile(r"[\w:/-]+", re.ASCII)


@dataclass(frozen=True)
class Staging:
    """Where rows lie in between, and the role with which Redshift reaches them.

    Attributes:
        bucket: name of the bucket.
        folder: prefix of keys; empty, or ends in ``/``.
        role: ARN of the role, several with commas between, or ``default``.
        kms_key_id: key to encrypt with, or None.
    """

    bucket: str
    folder: str
    role: str = field(repr=False)
    kms_key_id: str | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.folder}"

    @property
    def authorization(self) -> str:
        """How COPY and UNLOAD are told the role."""
        return "iam_role default" if self.role == "default" else f"iam_role '{self.role}'"


def plan(staging: str | None, iam_role: str | None, kms_key_id: str | None) -> Staging | None:
    """Check where rows shall lie in between.

    COPY and UNLOAD take no bound values: only what matches narrow patterns reaches them.

    Raises:
        ConfigError: it is no such place, or the role is missing or none.
    """
    if staging is None:
        if iam_role or kms_key_id:
            raise ConfigError("iam_role and kms_key_id need staging='s3://bucket/folder/'")
        return None
    found = _PLACE.fullmatch(staging)
    if not found or not _KEY.fullmatch(found["key"] or ""):
        raise ConfigError(f"staging is {staging!r}; it looks like s3://bucket/folder/")
    if not iam_role:
        raise ConfigError(
            "staging needs iam_role: the ARN of a role that Redshift may assume, or 'default' for "
            "the cluster's default role",
        )
    if iam_role != "default" and not all(map(_ROLE.fullmatch, _roles(iam_role))):
        raise ConfigError(
            f"iam_role is {iam_role!r}; it looks like arn:aws:iam::123456789012:role/name, or is "
            "'default'",
        )
    if kms_key_id and not _KMS.fullmatch(kms_key_id):
        raise ConfigError(f"kms_key_id is {kms_key_id!r}, which is no key's id or ARN")
    folder = (found["key"] or "").rstrip("/")
    return Staging(found["bucket"], f"{folder}/" if folder else "", iam_role, kms_key_id)


def _roles(iam_role: str) -> list[str]:
    return re.split(r",(?=arn:)", iam_role)


@contextmanager
def folder(staging: Staging) -> Iterator[Staging]:
    """Give a folder of its own; what lies in it is removed when the block ends.

    A failure to remove it is logged, because what was to be done was done, or its own error says
    more.
    """
    own = replace(staging, folder=f"{staging.folder}batcat-{uuid.uuid4().hex}/")
    try:
        yield own
    finally:
        with leftovers_logged(own.place):
            _remove(own)


def _remove(own: Staging) -> None:
    remove(own.bucket, [one.key for one in listing(own.bucket, own.folder)])
