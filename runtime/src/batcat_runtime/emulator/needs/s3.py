"""S3, whose actions often have other names than its operations.

Source: S3 User Guide, "Required permissions for Amazon S3 API operations"; for keys of one's own,
"Using server-side encryption with AWS KMS keys" (a part of an upload is decrypted as the upload is
completed, so multipart uploads need both actions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from batcat_runtime.emulator.iam.accounts import bucket_of

from . import kms
from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked, Keys

PREFIX = "s3"
BUCKET_ACTIONS = {
    "CreateBucket": "CreateBucket",
    "HeadBucket": "ListBucket",
    "DeleteBucket": "DeleteBucket",
    "GetBucketLocation": "GetBucketLocation",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketVersioning": "GetBucketVersioning",
    "PutBucketVersioning": "PutBucketVersioning",
    "GetBucketTagging": "GetBucketTagging",
    "PutBucketTagging": "PutBucketTagging",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketOwnershipControls": "GetBucketOwnershipControls",
    "PutBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "GetBucketPolicy": "GetBucketPolicy",
    "PutBucketPolicy": "PutBucketPolicy",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketAcl": "GetBucketAcl",
}
OBJECT_ACTIONS = {
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "GetObjectAttributes": "GetObjectAttributes",
    "PutObject": "PutObject",
    "CopyObject": "PutObject",
    "DeleteObject": "DeleteObject",
    "GetObjectTagging": "GetObjectTagging",
    "PutObjectTagging": "PutObjectTagging",
    "DeleteObjectTagging": "DeleteObjectTagging",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "ListParts": "ListMultipartUploadParts",
    "GetObjectAcl": "GetObjectAcl",
}
OF_A_VERSION = {
    "GetObject": "GetObjectVersion",
    "DeleteObject": "DeleteObjectVersion",
    "GetObjectAttributes": "GetObjectVersionAttributes",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectTagging": "PutObjectVersionTagging",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObjectAcl": "GetObjectVersionAcl",
}
RESOURCES = {"ListBuckets": "*"}
ACTIONS = {"ListBuckets": "ListAllMyBuckets"}
READING = ("GetObject", "GetObjectVersion")
KEYED = ("PutObject", "CopyObject", "CreateMultipartUpload")
POLICY = "bucket policy"


def _on_bucket(asked: Asked) -> list[Need]:
    found = [_need(asked, BUCKET_ACTIONS[asked.operation])]
    if asked.operation == "CreateBucket":
        also = {"ACL": "PutBucketAcl", "ObjectOwnership": "PutBucketOwnershipControls"}
        found += [_need(asked, action) for name, action in also.items() if asked.get(name)]
    return found


def _on_object(asked: Asked) -> list[Need]:
    key, action = str(asked.get("Key")), OBJECT_ACTIONS[asked.operation]
    if asked.get("VersionId"):
        action = OF_A_VERSION.get(action, action)
    found = [_need(asked, action, key)]
    if asked.operation == "GetObjectAttributes":
        found.append(_need(asked, "GetObject", key))
    if asked.operation in KEYED:
        also = {"Tagging": "PutObjectTagging", "ACL": "PutObjectAcl"}
        found += [_need(asked, also[name], key) for name in also if asked.get(name)]
    if asked.get("CopySource"):
        found += _source(asked)
    return found + _key_needs(asked, action)


def _source(asked: Asked) -> list[Need]:
    """What is read by a copy."""
    path, _, query = str(asked.get("CopySource")).partition("?")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    version = parse_qs(query).get("versionId")
    found = [_need(asked, "GetObjectVersion" if version else "GetObject", key, bucket)]
    held = _object(asked, bucket, key)
    tags = getattr(held, "tags", None) if asked.operation == "CopyObject" else None
    if tags and asked.get("TaggingDirective") != "REPLACE":
        found.append(_need(asked, "GetObjectTagging", key, bucket))
        found.append(_need(asked, "PutObjectTagging", str(asked.get("Key"))))
    return found + kms.using(asked, getattr(held, "kms_key_id", None), "s3", "Decrypt")


def _key_needs(asked: Asked, action: str) -> list[Need]:
    """What the object's key, or the bucket's, needs."""
    bucket, key = str(asked.get("Bucket")), str(asked.get("Key"))
    if action in READING:
        held = _object(asked, bucket, key)
        return kms.using(asked, getattr(held, "kms_key_id", None), "s3", "Decrypt")
    if asked.operation not in KEYED:
        return []
    name = asked.get("SSEKMSKeyId")
    if not asked.get("ServerSideEncryption"):
        rule: Any = getattr(bucket_named(asked, bucket), "encryption", None) or {}
        default = rule.get("Rule", {}).get("ApplyServerSideEncryptionByDefault", {})
        name = default.get("KMSMasterKeyID")
    both = asked.operation == "CreateMultipartUpload"
    return kms.using(asked, name, "s3", "GenerateDataKey", *(["Decrypt"] if both else []))


def _delete_objects(asked: Asked) -> list[Need]:
    return [
        _need(asked, "DeleteObjectVersion" if one.get("VersionId") else "DeleteObject", one["Key"])
        for one in asked.get("Delete", "Objects", default=[])
    ]


INSTEAD = {
    **dict.fromkeys(BUCKET_ACTIONS, _on_bucket),
    **dict.fromkeys(OBJECT_ACTIONS, _on_object),
    "DeleteObjects": _delete_objects,
}


def listing(asked: Asked) -> Need:
    """What tells an object that is not there from one that may not be read (API, GetObject)."""
    return _need(asked, "ListBucket")


def _need(asked: Asked, action: str, key: str | None = None, bucket: str | None = None) -> Need:
    name = bucket or str(asked.get("Bucket"))
    held = bucket_named(asked, name)
    policy = getattr(held, "policy", None)
    text = policy.decode() if isinstance(policy, bytes) else policy
    partition = asked.arn("").split(":")[1]
    resource = f"arn:{partition}:s3:::{name}" + ("" if key is None else f"/{key}")
    return Need(f"s3:{action}", resource, {}, text, f"policy of bucket {name}")


def bucket_named(asked: Asked, name: str) -> Any:
    """Give moto's bucket; None when there is none."""
    return bucket_of(asked.world, name)


def _object(asked: Asked, bucket: str, key: str) -> Any:
    held = bucket_named(asked, bucket)
    return held.keys.get(key) if held is not None else None


_HEADERS = {
    "s3:x-amz-acl": "ACL",
    "s3:x-amz-copy-source": "CopySource",
    "s3:x-amz-metadata-directive": "MetadataDirective",
    "s3:x-amz-server-side-encryption": "ServerSideEncryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "s3:x-amz-storage-class": "StorageClass",
    "s3:x-amz-website-redirect-location": "WebsiteRedirectLocation",
    "s3:versionid": "VersionId",
    "s3:if-match": "IfMatch",
    "s3:if-none-match": "IfNoneMatch",
    "s3:locationconstraint": "",
}
_LISTING = {"s3:prefix": "Prefix", "s3:delimiter": "Delimiter", "s3:max-keys": "MaxKeys"}
KEYS = frozenset({*_HEADERS, *_LISTING, "s3:resourceaccount", "s3:requestobjecttagkeys"})


def keys(asked: Asked) -> Keys:
    """Condition keys of headers and lists; a list without a prefix has an empty one."""
    given = {key: asked.get(name) for key, name in _HEADERS.items() if name}
    if asked.operation == "CreateBucket":
        place = ("CreateBucketConfiguration", "LocationConstraint")
        given["s3:locationconstraint"] = asked.get(*place)
    if asked.operation in ("ListObjects", "ListObjectsV2", "ListObjectVersions"):
        given |= {key: asked.get(name) for key, name in _LISTING.items()}
        given["s3:prefix"] = given["s3:prefix"] or ""
    tags = parse_qs(str(asked.get("Tagging", default=""))) if asked.operation in KEYED else {}
    found: Keys = {key: (str(value),) for key, value in given.items() if value is not None}
    found |= {f"s3:requestobjecttag/{name.lower()}": (values[0],) for name, values in tags.items()}
    if tags:
        found["s3:requestobjecttagkeys"] = tuple(tags)
    return found | {"s3:resourceaccount": (asked.world.account,)}
