"""ECR: everything is about a repository, but for the token that logs into all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .asked import Asked, Need

PREFIX = "ecr"
_REPOSITORY = "repository/{repositoryName}"
ON_REPOSITORY = (
    *("CreateRepository", "DeleteRepository", "PutImageTagMutability"),
    *("PutImageScanningConfiguration", "PutLifecyclePolicy", "GetLifecyclePolicy"),
    *("DeleteLifecyclePolicy", "SetRepositoryPolicy", "GetRepositoryPolicy"),
    *("DeleteRepositoryPolicy", "PutImage", "BatchGetImage", "BatchDeleteImage"),
    *("DescribeImages", "ListImages"),
)
RESOURCES = {
    **dict.fromkeys(ON_REPOSITORY, _REPOSITORY),
    **dict.fromkeys(("TagResource", "UntagResource", "ListTagsForResource"), "{resourceArn}"),
    "GetAuthorizationToken": "*",
}


def _described(asked: Asked) -> list[Need]:
    names = asked.get("repositoryNames") or ["*"]
    return asked.needs("DescribeRepositories", *(f"repository/{name}" for name in names))


def _tagging(asked: Asked) -> list[Need]:
    return asked.needs("TagResource", _REPOSITORY) if asked.get("tags") else []


INSTEAD = {"DescribeRepositories": _described}
MORE = {"CreateRepository": _tagging}
