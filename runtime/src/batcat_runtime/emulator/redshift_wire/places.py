"""Objects that a COPY reads, and the place that an UNLOAD writes to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batcat_runtime.emulator.sql.objects import Found, Objects, split

from .statements import Order, StatementError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The local S3, as COPY and UNLOAD name what is in it.

    Attributes:
        objects: the local S3.
    """

    objects: Objects

    def files(self, order: Order) -> list[tuple[str, Path]]:
        """Address and file of each object that a COPY reads.

        Raises:
            StatementError: there is none.
        """
        found = self._manifest(order) if order.flag("MANIFEST") else self._below(order.place)
        if not found:
            raise StatementError(
                f"The specified S3 prefix '{split(order.place)[1]}' does not exist"
            )
        plain = order.flag("GZIP") or order.flag("BZIP2")
        return list(
            zip([one.uri for one in found], self.objects.files(found, plain=plain), strict=True)
        )

    def _below(self, place: str) -> list[Found]:
        """Every object whose key begins so."""
        bucket, prefix = split(place)
        client = self.objects.client
        try:
            return [
                Found(bucket, one["Key"], one["Size"], one["ETag"].strip('"'))
                for page in client.get_paginator("list_objects_v2").paginate(
                    Bucket=bucket, Prefix=prefix
                )
                for one in page.get("Contents", [])
                if not one["Key"].endswith("/")
            ]
        except client.exceptions.NoSuchBucket:
            raise StatementError(
                "S3ServiceException:The specified bucket does not exist,Status 404,"
                "Error NoSuchBucket"
            ) from None

    def _manifest(self, order: Order) -> list[Found]:
        listed = self._below(order.place)
        exact = [one for one in listed if one.uri == order.place]
        if not exact:
            return []
        text = self.objects.files(exact)[0].read_text(encoding="utf-8")
        found = []
        for entry in json.loads(text)["entries"]:
            here = [one for one in self._below(entry["url"]) if one.uri == entry["url"]]
            if not here and entry.get("mandatory"):
                raise StatementError(f"Problem reading manifest file - {entry['url']} is missing")
            found += here
        return found

    def make_ready(self, order: Order) -> None:
        """Make sure that an UNLOAD writes over nothing that it may not.

        Raises:
            StatementError: there are objects.
        """
        existing = self._below(order.place)
        if order.flag("CLEANPATH"):
            for one in existing:
                self.objects.client.delete_object(Bucket=one.bucket, Key=one.key)
        elif existing and not order.flag("ALLOWOVERWRITE"):
            raise StatementError(
                "Specified unload destination on S3 is not empty. Consider using a different "
                "bucket / prefix, manually removing the target files in S3, or using the "
                "ALLOWOVERWRITE option."
            )
