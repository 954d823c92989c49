"""Who owns objects: since April 2023 a new bucket takes no access control lists.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html. moto's
buckets take every list, also one that makes an object public.
"""

from __future__ import annotations

from typing import Any

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

ENFORCED = "BucketOwnerEnforced"
ALWAYS_TAKEN = (None, "bucket-owner-full-control")


def patch() -> None:
    """Give buckets their default, and refuse lists where they are disabled."""
    from moto.s3.models import S3Backend
    from moto.s3.responses import S3Response

    create: Any = S3Backend.create_bucket
    read: Any = S3Response._acl_from_headers  # noqa: SLF001 - the patch
    put: Any = S3Response._bucket_response_put  # noqa: SLF001 - the patch

    def create_bucket(self: Any, *arguments: Any, **options: Any) -> Any:
        bucket = create(self, *arguments, **options)
        bucket.ownership_rule = ENFORCED
        return bucket

    def bucket_response_put(self: Any, request: Any, bucket_name: str, query: Any) -> Any:
        asked = request.headers.get("x-amz-object-ownership", ENFORCED)
        listed = request.headers.get("x-amz-acl", "private") != "private"
        if not query and listed and asked == ENFORCED:
            raise ServiceError(
                "InvalidBucketAclWithObjectOwnership",
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
            )
        return put(self, request, bucket_name, query)

    def acl_from_headers(self: Any, headers: Any) -> Any:
        if self.parse_key_name() and headers.get("x-amz-acl") not in ALWAYS_TAKEN:
            bucket = self.backend.get_bucket(self.bucket_name)
            if bucket.ownership_rule == ENFORCED:
                raise ServiceError(
                    "AccessControlListNotSupported", "The bucket does not allow ACLs"
                )
        return read(self, headers)

    replace(S3Backend, create_bucket=create_bucket)
    replace(
        S3Response,
        _acl_from_headers=acl_from_headers,
        _bucket_response_put=bucket_response_put,
    )
