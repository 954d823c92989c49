"""ECR: repositories and the manifests in them; no layers, replication, scans or registry settings.

``registryId`` names the account, of which there is one here.
"""

from __future__ import annotations

_REPOSITORY = "registryId repositoryName"
_IMAGES = f"{_REPOSITORY} imageIds.imageDigest imageIds.imageTag"

OPERATIONS: dict[str, str] = {
    "CreateRepository": (
        f"{_REPOSITORY} tags.Key tags.Value imageTagMutability=MUTABLE|IMMUTABLE "
        "imageScanningConfiguration.scanOnPush encryptionConfiguration.encryptionType=AES256|KMS "
        "encryptionConfiguration.kmsKey"
    ),
    "DescribeRepositories": "registryId repositoryNames",
    "DeleteRepository": f"{_REPOSITORY} force",
    "PutImageTagMutability": f"{_REPOSITORY} imageTagMutability=MUTABLE|IMMUTABLE",
    "PutImageScanningConfiguration": f"{_REPOSITORY} imageScanningConfiguration.scanOnPush",
    "PutLifecyclePolicy": f"{_REPOSITORY} lifecyclePolicyText",
    "GetLifecyclePolicy": _REPOSITORY,
    "DeleteLifecyclePolicy": _REPOSITORY,
    "SetRepositoryPolicy": f"{_REPOSITORY} policyText",
    "GetRepositoryPolicy": _REPOSITORY,
    "DeleteRepositoryPolicy": _REPOSITORY,
    "PutImage": f"{_REPOSITORY} imageManifest imageManifestMediaType imageTag imageDigest",
    "BatchGetImage": _IMAGES,
    "BatchDeleteImage": _IMAGES,
    "DescribeImages": _IMAGES,
    "ListImages": f"{_REPOSITORY} filter.tagStatus",
    "GetAuthorizationToken": "",
    "TagResource": "resourceArn tags.Key tags.Value",
    "UntagResource": "resourceArn tagKeys",
    "ListTagsForResource": "resourceArn",
}
"""Operation to the members that have their effect."""
