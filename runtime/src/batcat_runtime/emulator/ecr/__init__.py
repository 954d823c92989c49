"""Extension of moto's ECR: manifests under their true digests, and what it takes without looking.

::

    images  whether an image that is asked for by its digest has been pushed
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam import policies
from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.world import partition_of

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

TOKEN_HOURS = 12
"""How long a token is valid (GetAuthorizationToken, ECR API reference)."""


def install(world: World) -> None:
    """Mend what moto does with manifests, addresses and tokens."""
    del world
    from moto.ecr import models, responses

    make: Any = models.Repository.__init__
    put: Any = models.ECRBackend.put_image
    allow: Any = models.ECRBackend.set_repository_policy
    token: Any = responses.ECRResponse.get_authorization_token

    def make_repository(self: Any, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        self.uri = f"{host(self.registry_id, self.region_name)}/{self.name}"

    def put_image(  # noqa: PLR0913, PLR0917 - moto's own parameters
        self: Any, name: str, manifest: str, tag: str, media: Any = None, digest: Any = None
    ) -> Any:
        repository = self._get_repository(name)
        check_manifest(manifest, digest)
        _check_tag(repository, tag, manifest)
        return put(self, name, manifest, tag, media, digest)

    def set_repository_policy(
        self: Any, registry_id: Any, repository_name: str, policy_text: str
    ) -> Any:
        try:
            policies.check(_with_resource(policy_text), policies.RESOURCE)
        except (policies.PolicyError, ValueError) as error:
            raise _invalid("PolicyText", str(error)) from error
        return allow(self, registry_id, repository_name, policy_text)

    def get_authorization_token(self: Any) -> Any:
        result = token(self)
        for data in result.result["authorizationData"]:
            data["expiresAt"] = datetime.now(timezone.utc) + timedelta(hours=TOKEN_HOURS)
            data["proxyEndpoint"] = f"https://{host(self.current_account, self.region)}"
        return result

    replace(models.Repository, __init__=make_repository)
    replace(
        models.Image,
        _create_digest=lambda image: setattr(
            image, "_image_digest", digest_of(image.image_manifest)
        ),
        get_image_size_in_bytes=lambda image: size_of(image.image_manifest),
    )
    replace(
        models.ECRBackend,
        put_image=put_image,
        set_repository_policy=set_repository_policy,
    )
    replace(responses.ECRResponse, get_authorization_token=get_authorization_token)


def host(account: str, region: str) -> str:
    """Host name of a registry ("Private registry", ECR user guide)."""
    suffix = "amazonaws.com.cn" if partition_of(region) == "aws-cn" else "amazonaws.com"
    return f"{account}.dkr.ecr.{region}.{suffix}"


def digest_of(manifest: str) -> str:
    """A manifest's digest: the SHA-256 of its bytes (OCI image specification, descriptors)."""
    return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"


def size_of(manifest: str) -> int:
    """Bytes of all layers of an image; 0 for an index of several images."""
    return sum(int(layer.get("size", 0)) for layer in json.loads(manifest).get("layers") or [])


def check_manifest(manifest: str, digest: str | None) -> None:
    """Refuse what is no manifest, or not the one that its digest says.

    Raises:
        ServiceError: InvalidParameterException or ImageDigestDoesNotMatchException.
    """
    try:
        document = json.loads(manifest)
    except ValueError as error:
        raise _invalid("ImageManifest", "Invalid JSON syntax") from error
    if not isinstance(document, dict) or not ({"layers", "manifests"} & set(document)):
        raise _invalid("ImageManifest", "Invalid image manifest provided")
    if digest is not None and digest != digest_of(manifest):
        raise ServiceError(
            "ImageDigestDoesNotMatchException",
            f"Image digest {digest} does not match the computed digest {digest_of(manifest)}",
        )


def _check_tag(repository: Any, tag: str | None, manifest: str) -> None:
    """Refuse to move a tag where tags stay, which moto calls an image that is there already."""
    taken = [image for image in repository.images if tag in image.image_tags]
    if repository.is_tag_immutable() and any(one.image_manifest != manifest for one in taken):
        raise ServiceError(
            "ImageTagAlreadyExistsException",
            f"The image tag '{tag}' already exists in the '{repository.name}' repository and "
            "cannot be overwritten because the tag is immutable.",
        )


def _with_resource(text: str) -> str:
    """A repository's policy names no resource; it is about its repository."""
    document = json.loads(text)
    for statement in policies.listed(document.get("Statement", [])):
        if isinstance(statement, dict):
            statement.setdefault("Resource", "*")
    return json.dumps(document)


def _invalid(name: str, why: str) -> ServiceError:
    return ServiceError(
        "InvalidParameterException",
        f"Invalid parameter at '{name}' failed to satisfy constraint: '{why}'",
    )
