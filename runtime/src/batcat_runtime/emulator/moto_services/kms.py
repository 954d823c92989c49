"""KMS: symmetric keys and their aliases, and what they encrypt; no grants or other kinds of keys.

``BypassPolicyLockoutSafetyCheck`` and encryption contexts are not listed: moto looks at neither.
"""

from __future__ import annotations

OPERATIONS: dict[str, str] = {
    "CreateKey": (
        "Policy Description KeyUsage=ENCRYPT_DECRYPT KeySpec=SYMMETRIC_DEFAULT Origin=AWS_KMS "
        "MultiRegion=false Tags.TagKey Tags.TagValue"
    ),
    "DescribeKey": "KeyId",
    "ListKeys": "",
    "UpdateKeyDescription": "KeyId Description",
    "EnableKey": "KeyId",
    "DisableKey": "KeyId",
    "ScheduleKeyDeletion": "KeyId PendingWindowInDays",
    "CancelKeyDeletion": "KeyId",
    "EnableKeyRotation": "KeyId",
    "DisableKeyRotation": "KeyId",
    "GetKeyRotationStatus": "KeyId",
    "PutKeyPolicy": "KeyId PolicyName Policy",
    "GetKeyPolicy": "KeyId PolicyName",
    "CreateAlias": "AliasName TargetKeyId",
    "UpdateAlias": "AliasName TargetKeyId",
    "DeleteAlias": "AliasName",
    "ListAliases": "KeyId",
    "Encrypt": "KeyId Plaintext",
    "Decrypt": "KeyId CiphertextBlob",
    "TagResource": "KeyId Tags.TagKey Tags.TagValue",
    "UntagResource": "KeyId TagKeys",
    "ListResourceTags": "KeyId",
}
"""Operation to the members that have their effect."""
