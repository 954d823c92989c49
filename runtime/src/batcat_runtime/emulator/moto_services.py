"""What moto answers here, operation by operation.

Only operations that moto carries out honestly are listed; every other one is refused by name,
and so is a parameter that moto accepts and then forgets. Read against moto 5.2.5; look again
when the pin moves.
"""

from __future__ import annotations

MOTO_OPERATIONS: dict[str, frozenset[str]] = {
    "s3": frozenset(
        [
            "ListBuckets",
            "CreateBucket",
            "HeadBucket",
            "DeleteBucket",
            "GetBucketLocation",
            "ListObjects",
            "ListObjectsV2",
            "ListObjectVersions",
            "GetObject",
            "HeadObject",
            "PutObject",
            "CopyObject",
            "DeleteObject",
            "DeleteObjects",
            "GetObjectAttributes",
            "GetObjectTagging",
            "PutObjectTagging",
            "DeleteObjectTagging",
            "CreateMultipartUpload",
            "UploadPart",
            "UploadPartCopy",
            "CompleteMultipartUpload",
            "AbortMultipartUpload",
            "ListParts",
            "ListMultipartUploads",
            "GetBucketVersioning",
            "PutBucketVersioning",
            "GetBucketTagging",
            "PutBucketTagging",
            "DeleteBucketTagging",
            "GetBucketEncryption",
            "PutBucketEncryption",
            "DeleteBucketEncryption",
            "GetPublicAccessBlock",
            "PutPublicAccessBlock",
            "DeletePublicAccessBlock",
            "GetBucketOwnershipControls",
            "PutBucketOwnershipControls",
            "DeleteBucketOwnershipControls",
            "GetBucketPolicy",
            "PutBucketPolicy",
            "DeleteBucketPolicy",
            "GetBucketLifecycleConfiguration",
            "PutBucketLifecycleConfiguration",
            "DeleteBucketLifecycle",
            "GetBucketNotificationConfiguration",
            "PutBucketNotificationConfiguration",
            "GetBucketAcl",
            "GetObjectAcl",
        ]
    ),
    "iam": frozenset(
        [
            "CreateRole",
            "GetRole",
            "DeleteRole",
            "ListRoles",
            "UpdateRole",
            "UpdateRoleDescription",
            "UpdateAssumeRolePolicy",
            "TagRole",
            "UntagRole",
            "ListRoleTags",
            "PutRolePolicy",
            "GetRolePolicy",
            "DeleteRolePolicy",
            "ListRolePolicies",
            "AttachRolePolicy",
            "DetachRolePolicy",
            "ListAttachedRolePolicies",
            "PutRolePermissionsBoundary",
            "DeleteRolePermissionsBoundary",
            "CreatePolicy",
            "GetPolicy",
            "DeletePolicy",
            "ListPolicies",
            "TagPolicy",
            "UntagPolicy",
            "ListPolicyTags",
            "CreatePolicyVersion",
            "GetPolicyVersion",
            "DeletePolicyVersion",
            "ListPolicyVersions",
            "SetDefaultPolicyVersion",
            "ListEntitiesForPolicy",
            "CreateServiceLinkedRole",
        ]
    ),
    "sts": frozenset(["GetCallerIdentity", "AssumeRole", "GetSessionToken"]),
    "logs": frozenset(
        [
            "CreateLogGroup",
            "DeleteLogGroup",
            "DescribeLogGroups",
            "CreateLogStream",
            "DeleteLogStream",
            "DescribeLogStreams",
            "PutLogEvents",
            "GetLogEvents",
            "FilterLogEvents",
            "PutRetentionPolicy",
            "DeleteRetentionPolicy",
            "TagResource",
            "UntagResource",
            "ListTagsForResource",
            "TagLogGroup",
            "UntagLogGroup",
            "ListTagsLogGroup",
            "PutResourcePolicy",
            "DescribeResourcePolicies",
            "DeleteResourcePolicy",
        ]
    ),
    "stepfunctions": frozenset(
        [
            "CreateStateMachine",
            "UpdateStateMachine",
            "DeleteStateMachine",
            "DescribeStateMachine",
            "ListStateMachines",
            "StartExecution",
            "StopExecution",
            "DescribeExecution",
            "ListExecutions",
            "GetExecutionHistory",
            "DescribeStateMachineForExecution",
            "TagResource",
            "UntagResource",
            "ListTagsForResource",
            "ValidateStateMachineDefinition",
            "SendTaskSuccess",
            "SendTaskFailure",
            "SendTaskHeartbeat",
            "DescribeMapRun",
            "ListMapRuns",
            "UpdateMapRun",
        ]
    ),
    "events": frozenset(
        [
            "PutRule",
            "DescribeRule",
            "DeleteRule",
            "ListRules",
            "EnableRule",
            "DisableRule",
            "PutTargets",
            "RemoveTargets",
            "ListTargetsByRule",
            "ListRuleNamesByTarget",
            "PutEvents",
            "CreateEventBus",
            "DescribeEventBus",
            "DeleteEventBus",
            "ListEventBuses",
            "TagResource",
            "UntagResource",
            "ListTagsForResource",
        ]
    ),
}
"""Service to the operations that are let through."""

_SSE_C = (
    "SSECustomerAlgorithm",
    "SSECustomerKey",
    "SSECustomerKeyMD5",
    "CopySourceSSECustomerAlgorithm",
    "CopySourceSSECustomerKey",
    "CopySourceSSECustomerKeyMD5",
)
_LOCK = (
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "ObjectLockLegalHoldStatus",
    "ObjectLockEnabledForBucket",
    "ObjectLockEventHold",
    "ObjectLockEventHoldDurationDays",
    "ObjectLockEventHoldDurationYears",
)
_GRANTS = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")
_COPY_CONDITIONS = (
    "CopySourceIfMatch",
    "CopySourceIfModifiedSince",
    "CopySourceIfUnmodifiedSince",
)

S3_REFUSED = frozenset(
    (
        *_SSE_C,
        *_LOCK,
        *_GRANTS,
        *_COPY_CONDITIONS,
        "AnnotationDirective",
        "IfMatchInitiatedTime",
        "IfMatchLastModifiedTime",
        "IfMatchSize",
        "MFA",
        "MpuObjectSize",
        "OptionalObjectAttributes",
        "UploadIdMarker",
        "WriteOffsetBytes",
    )
)
"""S3 parameters that moto forgets, whatever the operation.

Let through although they have no effect: RequestPayer (nobody pays here) and the request's own
checksums (moto does not compare them; loopback does not corrupt bytes). ExpectedBucketOwner is
checked by the gateway.
"""

REFUSED: dict[str, dict[str, tuple[str, ...]]] = {
    "iam": {
        "ListRolePolicies": ("Marker", "MaxItems"),
        "ListPolicies": ("PolicyUsageFilter",),
        "ListPolicyVersions": ("Marker", "MaxItems"),
    },
    "sts": {
        "AssumeRole": (
            "PolicyArns",
            "Tags",
            "TransitiveTagKeys",
            "SerialNumber",
            "TokenCode",
            "SourceIdentity",
            "ProvidedContexts",
        ),
        "GetSessionToken": ("SerialNumber", "TokenCode"),
    },
    "logs": {
        "CreateLogGroup": ("logGroupClass", "deletionProtectionEnabled"),
        "DescribeLogGroups": (
            "accountIdentifiers",
            "logGroupNamePattern",
            "includeLinkedAccounts",
            "logGroupClass",
            "logGroupIdentifiers",
        ),
        "FilterLogEvents": ("logGroupIdentifier", "logStreamNamePrefix", "startFromHead"),
        "GetLogEvents": ("unmask",),
        "PutResourcePolicy": ("resourceArn", "expectedRevisionId"),
        "DescribeResourcePolicies": ("nextToken", "limit", "resourceArn", "policyScope"),
        "DeleteResourcePolicy": ("resourceArn", "expectedRevisionId"),
    },
    "events": {
        "PutEvents": ("EndpointId",),
        "CreateEventBus": ("LogConfig",),
    },
}
"""Service, operation, and the parameters that moto accepts and forgets.

What Step Functions and EventBridge lack is done or refused by their extensions. ``Force`` of
DeleteRule and RemoveTargets is let through: it matters for rules that AWS manages, and none are.
"""
