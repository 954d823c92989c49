"""The project's repository in ECR: made when it is missing, and asked for images."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.deploy import cfn_yaml
from batcat_runtime.errors import DeployError, MissingError

if TYPE_CHECKING:
    from batcat_runtime.deploy.project import Project

TYPE = "AWS::ECR::Repository"
# Source: Amazon ECR User Guide, "Private registry": <account>.dkr.ecr.<region>.<suffix>.
ADDRESS = re.compile(
    r"(?P<registry>(?P<account>\d{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+)"
    r"/(?P<repository>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)
"""An image in ECR."""
# Source: moby/buildkit issue 5480 and aws/amazon-sagemaker-feedback issue 180: SageMaker answers
# "Unsupported manifest media type" to those of the Open Container Initiative.
MEDIA_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_SETTINGS = {
    "ImageTagMutability": "imageTagMutability",
    "ImageScanningConfiguration": "imageScanningConfiguration",
    "EncryptionConfiguration": "encryptionConfiguration",
}
# Images without a tag are left over from pushes that broke off; one with a tag may be deployed.
_LIFECYCLE: dict[str, Any] = {
    "rules": [
        {
            "rulePriority": 1,
            "description": "Left over from pushes that broke off",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": 14,
            },
            "action": {"type": "expire"},
        }
    ]
}


@dataclass(frozen=True)
class Repository:
    """A repository in ECR.

    Attributes:
        uri: ``<registry>/<name>``.
        is_new: whether it was made just now.
    """

    uri: str
    is_new: bool = False

    @property
    def registry(self) -> str:
        """Host name of the registry."""
        return self.uri.partition("/")[0]


@dataclass(frozen=True)
class Pushed:
    """An image in ECR.

    Attributes:
        uri: ``<registry>/<name>@sha256:…``, which always means this very image.
        size: bytes that a job downloads, all layers compressed.
    """

    uri: str
    size: int


def foreign_arn(project: Project, account: str) -> str:
    """ARN of the repository that ``image_uri`` names; empty where it is the project's own."""
    named = ADDRESS.fullmatch(project.image_uri)
    if named is None:
        return ""
    place, repository = f"{named['region']}:{named['account']}", named["repository"]
    if (place, repository) == (f"{project.region}:{account}", project.repository):
        return ""
    return f"arn:{project.partition}:ecr:{place}:repository/{repository}"


def find_repository(project: Project) -> Repository | None:
    """Read the project's repository; None when there is none."""
    found = _ask(project, "describe_repositories", repositoryNames=[project.repository])
    return Repository(found["repositories"][0]["repositoryUri"]) if found else None


def ensure_repository(project: Project) -> Repository:
    """Find the project's repository, or make it.

    An image has to be there before the stack that names it, so the repository comes first, too.
    It is the one that the stack would have made, so it does not matter who was first; a template
    without a word of it gets one that is scanned and whose tags never move.

    Args:
        project: the project in its environment.

    Raises:
        AccessError: it may not be read or made.
    """
    found = find_repository(project)
    if found is not None:
        return found
    settings, lifecycle = _template_settings(project)
    name = project.repository
    owned = {**project.tags, "owner": project.owner or project.project}
    ecr = aws.client("ecr", project.region)
    with aws.explained(f"make the ECR repository {name}", "try again"):
        made = ecr.create_repository(
            repositoryName=name,
            tags=[{"Key": key, "Value": value} for key, value in owned.items()],
            **settings,
        )["repository"]
        if lifecycle:
            ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=lifecycle)
    return Repository(made["repositoryUri"], is_new=True)


def find_image(project: Project, *, tag: str = "", digest: str = "") -> Pushed | None:
    """Look for an image in the project's repository.

    Args:
        project: the project in its environment.
        tag: the tag it has.
        digest: or its digest.

    Returns:
        The image, or None when it or the repository is not there.

    Raises:
        AccessError: the repository may not be read.
        DeployError: it is there in a form that SageMaker does not run.
    """
    wanted = {"imageDigest": digest} if digest else {"imageTag": tag}
    told = _ask(project, "describe_images", repositoryName=project.repository, imageIds=[wanted])
    repository = find_repository(project) if told else None
    if not told or repository is None:
        return None
    image = told["imageDetails"][0]
    media_type = image.get("imageManifestMediaType", MEDIA_TYPE)
    if media_type != MEDIA_TYPE:
        raise DeployError(
            f"the image {tag or digest} in {repository.uri} is of type {media_type}, which "
            "SageMaker does not run; delete it there, then: batcat image push --builder buildah"
        )
    return Pushed(f"{repository.uri}@{image['imageDigest']}", image["imageSizeInBytes"])


def token(project: Project) -> str:
    """Ask ECR for a login of some hours: ``AWS:<password>`` in Base64."""
    with aws.explained("get a login for ECR", "try again"):
        told = aws.client("ecr", project.region).get_authorization_token()
    return str(told["authorizationData"][0]["authorizationToken"])


def _ask(project: Project, operation: str, **arguments: Any) -> dict[str, Any] | None:
    """Ask ECR; None when it knows no such repository or image."""
    ecr = aws.client("ecr", project.region)
    try:
        with aws.explained(f"read the ECR repository {project.repository}", "push an image"):
            answer: dict[str, Any] = getattr(ecr, operation)(**arguments)
    except MissingError:
        return None
    return answer


def _template_settings(project: Project) -> tuple[dict[str, Any], str]:
    """What the template says about the repository, as CreateRepository takes it.

    Values that only a stack can work out are left to the stack.
    """
    resources = cfn_yaml.load(project.template).get("Resources", {}).values()
    found = [one for one in resources if one.get("Type") == TYPE]
    properties = found[0].get("Properties", {}) if found else {}
    settings = {
        name: _lower(properties[key])
        for key, name in _SETTINGS.items()
        if key in properties and not _is_computed(properties[key])
    }
    settings.setdefault("imageScanningConfiguration", {"scanOnPush": True})
    settings.setdefault("imageTagMutability", "IMMUTABLE")  # it says what the image is made from
    policy = properties.get("LifecyclePolicy", {}).get("LifecyclePolicyText", _LIFECYCLE)
    if isinstance(policy, dict):
        policy = "" if _is_computed(policy) else json.dumps(policy)
    return settings, policy


def _is_computed(value: Any) -> bool:
    if isinstance(value, dict):
        return any(
            key == "Ref" or key.startswith("Fn::") or _is_computed(inner)
            for key, inner in value.items()
        )
    return isinstance(value, list) and any(_is_computed(inner) for inner in value)


def _lower(value: Any) -> Any:
    """CloudFormation's spelling of a structure's members in ECR's own."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _lower(inner) for key, inner in value.items()}
    return value
