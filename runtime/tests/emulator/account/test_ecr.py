"""Repositories hold manifests under their digests, and a job's digest must be among them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from batcat_runtime.emulator.ecr.images import missing
from batcat_runtime.emulator.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from batcat_runtime.emulator import LocalAws

KIND = "application/vnd.oci.image.manifest.v1+json"


def manifest(text: str) -> str:
    """An image's manifest, told apart by a text."""
    layer = {"mediaType": "l", "size": 10, "digest": hashlib.sha256(text.encode()).hexdigest()}
    return json.dumps({"schemaVersion": 2, "mediaType": KIND, "layers": [layer, layer]})


def digest(text: str) -> str:
    """The digest of such a manifest."""
    return f"sha256:{hashlib.sha256(manifest(text).encode()).hexdigest()}"


@pytest.fixture
def ecr(aws: LocalAws) -> Any:
    """An ECR client."""
    return aws.client("ecr")


@pytest.fixture
def repository(ecr: Any, unique: Callable[[str], str]) -> str:
    """A repository whose tags cannot be moved."""
    name = unique("team/image")
    ecr.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
    return name


def test_an_image_is_found_by_tag_and_digest(ecr: Any, repository: str) -> None:
    image = ecr.put_image(
        repositoryName=repository,
        imageManifest=manifest("a"),
        imageTag="v1",
        imageDigest=digest("a"),
    )["image"]
    assert image["imageId"] == {"imageTag": "v1", "imageDigest": digest("a")}
    for wanted in ({"imageTag": "v1"}, {"imageDigest": digest("a")}):
        found = ecr.batch_get_image(repositoryName=repository, imageIds=[wanted])["images"]
        assert found[0]["imageManifest"] == manifest("a")
        (described,) = ecr.describe_images(repositoryName=repository, imageIds=[wanted])[
            "imageDetails"
        ]
        assert described["imageDigest"] == digest("a")
        assert described["imageSizeInBytes"] == 20
    assert ecr.list_images(repositoryName=repository)["imageIds"] == [image["imageId"]]
    gone = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "v2"}])
    assert gone["failures"][0]["failureCode"] == "ImageNotFound"


def test_a_tag_that_may_not_move_stays(ecr: Any, repository: str) -> None:
    ecr.put_image(repositoryName=repository, imageManifest=manifest("a"), imageTag="v1")
    with pytest.raises(ecr.exceptions.ImageTagAlreadyExistsException):
        ecr.put_image(repositoryName=repository, imageManifest=manifest("b"), imageTag="v1")
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="MUTABLE")
    ecr.put_image(repositoryName=repository, imageManifest=manifest("b"), imageTag="v1")
    (found,) = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "v1"}])[
        "imageDetails"
    ]
    assert found["imageDigest"] == digest("b")
    with pytest.raises(ecr.exceptions.RepositoryNotEmptyException):
        ecr.delete_repository(repositoryName=repository)
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "v1"}])
    ecr.delete_repository(repositoryName=repository, force=True)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"imageManifest": "{"}, "InvalidParameterException"),
        ({"imageManifest": "{}"}, "InvalidParameterException"),
        ({"imageManifest": manifest("a"), "imageDigest": digest("b")}, "DoesNotMatch"),
        ({"imageManifest": manifest("a"), "repositoryName": "nowhere"}, "RepositoryNotFound"),
    ],
    ids=["json", "empty", "digest", "repository"],
)
def test_wrong_images_are_refused(
    ecr: Any, repository: str, given: dict[str, str], code: str
) -> None:
    with pytest.raises(ClientError, match=code):
        ecr.put_image(**{"repositoryName": repository, "imageTag": "t", **given})


def test_the_token_names_the_registry(aws: LocalAws, ecr: Any) -> None:
    (data,) = ecr.get_authorization_token()["authorizationData"]
    assert data["proxyEndpoint"] == f"https://{aws.account}.dkr.ecr.us-east-1.amazonaws.com"
    assert data["expiresAt"].year >= 2026


def test_addresses_are_those_of_the_partition(aws: LocalAws, unique: Callable[[str], str]) -> None:
    china = aws.client("ecr", region_name="cn-north-1")
    made = china.create_repository(repositoryName=unique("image"))["repository"]
    assert made["repositoryUri"].split("/")[0].endswith(".cn-north-1.amazonaws.com.cn")
    assert made["repositoryArn"].startswith("arn:aws-cn:ecr:cn-north-1")


def test_policies_are_checked(ecr: Any, repository: str) -> None:
    rules = {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "imageCountMoreThan",
                    "countNumber": 5,
                },
                "action": {"type": "expire"},
            }
        ]
    }
    ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=json.dumps(rules))
    shown = ecr.get_lifecycle_policy(repositoryName=repository)["lifecyclePolicyText"]
    assert json.loads(shown) == rules
    del rules["rules"][0]["selection"]["countType"]  # type: ignore[attr-defined]
    with pytest.raises(ClientError, match="InvalidParameterException"):
        ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=json.dumps(rules))
    with pytest.raises(ClientError, match="InvalidParameterException"):
        ecr.set_repository_policy(repositoryName=repository, policyText='{"Statement": []}')
    with pytest.raises(ClientError, match=r"NotEmulated.*StartImageScan"):
        ecr.start_image_scan(repositoryName=repository, imageId={"imageTag": "v1"})


@pytest.mark.parametrize("case", ["tag", "pushed", "other digest", "another registry"])
def test_an_image_that_is_named_by_its_digest_must_have_been_pushed(
    aws: LocalAws, ecr: Any, repository: str, tmp_path: Path, case: str
) -> None:
    """One that is named by a tag, or lies elsewhere, need not be."""
    ecr.put_image(repositoryName=repository, imageManifest=manifest("a"), imageTag="v1")
    account = "999999999999" if case == "another registry" else aws.account
    uri = f"{account}.dkr.ecr.us-east-1.amazonaws.com/{repository}"
    name = {"tag": ":v9", "pushed": f":v1@{digest('a')}"}.get(case, f"@{digest('b')}")
    problem = missing(World(aws.url, aws.region, aws.account, {}, tmp_path), uri + name)
    assert (problem is None) == (case != "other digest")
    if problem:
        assert "push it" in problem
