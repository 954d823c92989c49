"""Secrets Manager: secrets and their versions; no rotation by functions, policies, replicas."""

from __future__ import annotations

_VALUE = "ClientRequestToken SecretString SecretBinary"

OPERATIONS: dict[str, str] = {
    "CreateSecret": f"Name Description Tags.Key Tags.Value KmsKeyId {_VALUE}",
    "GetSecretValue": "SecretId VersionId VersionStage",
    "PutSecretValue": f"SecretId VersionStages {_VALUE}",
    "UpdateSecret": f"SecretId Description KmsKeyId {_VALUE}",
    "DescribeSecret": "SecretId",
    "ListSecrets": "",
    "DeleteSecret": "SecretId RecoveryWindowInDays ForceDeleteWithoutRecovery",
    "RestoreSecret": "SecretId",
}
"""Operation to the members that have their effect."""
