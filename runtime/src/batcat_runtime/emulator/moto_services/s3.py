"""S3.

``RequestPayer`` is let through: nobody pays here. ``ExpectedBucketOwner`` and checksums are
compared by our own extension.
"""

from __future__ import annotations

_BUCKET = "Bucket ExpectedBucketOwner"
_KEY = f"{_BUCKET} Key RequestPayer"
_VERSION = f"{_KEY} VersionId"
_UPLOAD = f"{_KEY} UploadId"
_ALGORITHM = "ChecksumAlgorithm=CRC32|CRC32C|CRC64NVME|SHA1|SHA256|SHA512|MD5"
_DIGEST = f"ContentMD5 {_ALGORITHM}"
_CHECKSUMS = (
    "ChecksumCRC32 ChecksumCRC32C ChecksumCRC64NVME ChecksumSHA1 ChecksumSHA256 ChecksumSHA512 "
    "ChecksumMD5"
)
_PART_CHECKSUMS = " ".join(f"MultipartUpload.Parts.{name}" for name in _CHECKSUMS.split())
_CONTENT = (
    "ACL CacheControl ContentDisposition ContentEncoding ContentLanguage ContentType Expires "
    "Metadata ServerSideEncryption=AES256|aws:kms|aws:kms:dsse SSEKMSKeyId Tagging "
    "StorageClass=STANDARD|REDUCED_REDUNDANCY|STANDARD_IA|ONEZONE_IA|INTELLIGENT_TIERING|"
    "GLACIER_IR"  # RestoreObject is not emulated, so what is archived could never be read.
)
_CONDITIONS = "IfMatch IfModifiedSince IfNoneMatch IfUnmodifiedSince Range"
_RESPONSE = (
    "ResponseCacheControl ResponseContentDisposition ResponseContentEncoding "
    "ResponseContentLanguage ResponseContentType ResponseExpires"
)
_LISTING = f"{_BUCKET} RequestPayer Delimiter EncodingType MaxKeys Prefix"
_RULE = "LifecycleConfiguration.Rules"
_NOTICE = "NotificationConfiguration"
_EVENTS = (
    "s3:ObjectCreated:*|s3:ObjectCreated:Put|s3:ObjectCreated:Copy|"
    "s3:ObjectCreated:CompleteMultipartUpload|s3:ObjectRemoved:*|s3:ObjectRemoved:Delete"
)


def _notices(kind: str, arn: str) -> str:
    """Members of a kind of notification."""
    here = f"{_NOTICE}.{kind}"
    return (
        f"{here}.Id {here}.{arn} {here}.Filter.Key.FilterRules.Name "
        f"{here}.Filter.Key.FilterRules.Value {here}.Events={_EVENTS}"
    )


_DEFAULT = "ServerSideEncryptionConfiguration.Rules.ApplyServerSideEncryptionByDefault"

OPERATIONS: dict[str, str] = {
    "ListBuckets": "Prefix BucketRegion",
    "CreateBucket": (
        "Bucket ACL CreateBucketConfiguration.LocationConstraint ObjectOwnership BucketNamespace"
    ),
    "HeadBucket": _BUCKET,
    "DeleteBucket": _BUCKET,
    "GetBucketLocation": _BUCKET,
    "ListObjects": f"{_LISTING} Marker",
    "ListObjectsV2": f"{_LISTING} ContinuationToken FetchOwner StartAfter",
    "ListObjectVersions": f"{_LISTING} KeyMarker VersionIdMarker",
    "GetObject": f"{_VERSION} {_CONDITIONS} {_RESPONSE} ChecksumMode",
    "HeadObject": f"{_VERSION} {_CONDITIONS} ChecksumMode",
    "PutObject": (
        f"{_KEY} Body ContentLength {_CONTENT} {_DIGEST} {_CHECKSUMS} WebsiteRedirectLocation "
        "BucketKeyEnabled IfMatch IfNoneMatch=*"
    ),
    "CopyObject": (
        f"{_KEY} {_CONTENT} WebsiteRedirectLocation BucketKeyEnabled CopySource "
        "CopySourceIfMatch CopySourceIfNoneMatch MetadataDirective TaggingDirective "
        f"ExpectedSourceBucketOwner {_ALGORITHM}"
    ),
    "DeleteObject": f"{_VERSION} IfMatch",
    "DeleteObjects": (
        f"{_BUCKET} RequestPayer {_ALGORITHM} Delete.Objects.Key Delete.Objects.VersionId "
        "Delete.Quiet"
    ),
    "GetObjectAttributes": f"{_VERSION} ObjectAttributes=ETag|Checksum|StorageClass|ObjectSize",
    "GetObjectTagging": _VERSION,
    "PutObjectTagging": f"{_VERSION} {_DIGEST} Tagging.TagSet.Key Tagging.TagSet.Value",
    "DeleteObjectTagging": f"{_BUCKET} Key VersionId",
    "CreateMultipartUpload": f"{_KEY} {_CONTENT} ChecksumType {_ALGORITHM}",
    "UploadPart": f"{_UPLOAD} PartNumber Body ContentLength {_DIGEST} {_CHECKSUMS}",
    "UploadPartCopy": (
        f"{_UPLOAD} PartNumber CopySource CopySourceRange CopySourceIfMatch CopySourceIfNoneMatch "
        "ExpectedSourceBucketOwner"
    ),
    "CompleteMultipartUpload": (
        f"{_UPLOAD} MultipartUpload.Parts.ETag MultipartUpload.Parts.PartNumber {_PART_CHECKSUMS} "
        "IfNoneMatch=*"
    ),
    "AbortMultipartUpload": _UPLOAD,
    "ListParts": f"{_UPLOAD} MaxParts PartNumberMarker",
    "ListMultipartUploads": f"{_BUCKET} RequestPayer Prefix",
    "GetBucketVersioning": _BUCKET,
    "PutBucketVersioning": f"{_BUCKET} {_DIGEST} VersioningConfiguration.Status",
    "GetBucketTagging": _BUCKET,
    "PutBucketTagging": f"{_BUCKET} {_DIGEST} Tagging.TagSet.Key Tagging.TagSet.Value",
    "DeleteBucketTagging": _BUCKET,
    "GetBucketEncryption": _BUCKET,
    "PutBucketEncryption": (
        f"{_BUCKET} {_DIGEST} {_DEFAULT}.SSEAlgorithm {_DEFAULT}.KMSMasterKeyID "
        "ServerSideEncryptionConfiguration.Rules.BucketKeyEnabled"
    ),
    "DeleteBucketEncryption": _BUCKET,
    "GetPublicAccessBlock": _BUCKET,
    "PutPublicAccessBlock": (
        f"{_BUCKET} {_DIGEST} PublicAccessBlockConfiguration.BlockPublicAcls "
        "PublicAccessBlockConfiguration.IgnorePublicAcls "
        "PublicAccessBlockConfiguration.BlockPublicPolicy "
        "PublicAccessBlockConfiguration.RestrictPublicBuckets"
    ),
    "DeletePublicAccessBlock": _BUCKET,
    "GetBucketOwnershipControls": _BUCKET,
    "PutBucketOwnershipControls": f"{_BUCKET} {_DIGEST} OwnershipControls.Rules.ObjectOwnership",
    "DeleteBucketOwnershipControls": _BUCKET,
    "GetBucketPolicy": _BUCKET,
    "PutBucketPolicy": f"{_BUCKET} {_DIGEST} Policy",
    "DeleteBucketPolicy": _BUCKET,
    "GetBucketLifecycleConfiguration": _BUCKET,
    "PutBucketLifecycleConfiguration": (
        f"{_BUCKET} {_ALGORITHM} {_RULE}.ID {_RULE}.Prefix {_RULE}.Status "
        f"{_RULE}.Expiration.Date {_RULE}.Expiration.Days "
        f"{_RULE}.Expiration.ExpiredObjectDeleteMarker "
        f"{_RULE}.Filter.Prefix {_RULE}.Filter.Tag.Key {_RULE}.Filter.Tag.Value "
        f"{_RULE}.Filter.And.Prefix {_RULE}.Filter.And.Tags.Key {_RULE}.Filter.And.Tags.Value "
        f"{_RULE}.Transitions.Date {_RULE}.Transitions.Days {_RULE}.Transitions.StorageClass "
        f"{_RULE}.NoncurrentVersionTransitions.NoncurrentDays "
        f"{_RULE}.NoncurrentVersionTransitions.StorageClass "
        f"{_RULE}.NoncurrentVersionTransitions.NewerNoncurrentVersions "
        f"{_RULE}.NoncurrentVersionExpiration.NoncurrentDays "
        f"{_RULE}.AbortIncompleteMultipartUpload.DaysAfterInitiation"
    ),
    "DeleteBucketLifecycle": _BUCKET,
    "GetBucketNotificationConfiguration": _BUCKET,
    "PutBucketNotificationConfiguration": (
        f"{_BUCKET} {_NOTICE}.EventBridgeConfiguration "
        f"{_notices('LambdaFunctionConfigurations', 'LambdaFunctionArn')} "
        f"{_notices('QueueConfigurations', 'QueueArn')} "
        f"{_notices('TopicConfigurations', 'TopicArn')}"
    ),
    "GetBucketAcl": _BUCKET,
    "GetObjectAcl": _VERSION,
}
"""Operation to the members that have their effect."""
