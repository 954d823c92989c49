"""Whether an image that is asked for by its digest has been pushed to the local ECR.

An image that is named by a tag runs without a push: the project's folder stands for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import host

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

URI = re.compile(
    r"(?P<host>\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z.]+)/"
    r"(?P<repository>[^:@]+)(?::[^@]+)?@(?P<digest>sha256:[0-9a-f]{64})"
)


def missing(world: World, image_uri: str) -> str | None:
    """Why an image cannot be pulled, or None.

    Args:
        world: whose ECR it is.
        image_uri: as in a request.
    """
    match = URI.fullmatch(image_uri)
    if match is None or match["host"] != host(world.account, match["region"]):
        return None
    ecr = world.client("ecr", match["region"])
    try:
        ecr.describe_images(
            repositoryName=match["repository"], imageIds=[{"imageDigest": match["digest"]}]
        )
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        return (
            f"image {image_uri} is not in ECR: push it, or name it by a tag to run the project's "
            "folder as it is"
        )
    return None
