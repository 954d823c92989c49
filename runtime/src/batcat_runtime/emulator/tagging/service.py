"""GetResources, GetTagKeys and GetTagValues.

Why it is ours: moto knows the things of its own services only. Source: GetResources in the Resource
Groups Tagging API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.paging import page

from .sources import resources

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

PAGE = 50
NO_TOKEN = "PaginationTokenExpiredException"  # noqa: S105 - an error code
TYPE_PARTS = 2


class Tagging:
    """What carries which tags.

    Args:
        world: whose things they are.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def get_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        """Everything that carries the tags; only what has tags at all."""
        arns, kinds = request.get("ResourceARNList"), request.get("ResourceTypeFilters")
        found = [
            {
                "ResourceARN": arn,
                "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())],
            }
            for arn, tags in self._tagged()
            if (not arns or arn in arns)
            and (not kinds or any(is_of(arn, kind) for kind in kinds))
            and all(_fits(tags, wanted) for wanted in request.get("TagFilters") or [])
        ]
        size = request.get("ResourcesPerPage") or PAGE
        shown, following = page(found, size, request.get("PaginationToken"), NO_TOKEN)
        return {"ResourceTagMappingList": shown, "PaginationToken": following or ""}

    def get_tag_keys(self, request: dict[str, Any]) -> dict[str, Any]:
        """Every key that a tag has."""
        keys = sorted({key for _, tags in self._tagged() for key in tags})
        shown, following = page(keys, PAGE, request.get("PaginationToken"), NO_TOKEN)
        return {"TagKeys": shown, "PaginationToken": following or ""}

    def get_tag_values(self, request: dict[str, Any]) -> dict[str, Any]:
        """Every value of one key."""
        key = request["Key"]
        values = sorted({tags[key] for _, tags in self._tagged() if key in tags})
        shown, following = page(values, PAGE, request.get("PaginationToken"), NO_TOKEN)
        return {"TagValues": shown, "PaginationToken": following or ""}

    def _tagged(self) -> list[tuple[str, dict[str, str]]]:
        found = resources(self._world, current_request().region)
        return sorted((arn, tags) for arn, tags in found if tags)


def is_of(arn: str, kind: str) -> bool:
    """Whether an ARN is of a kind: ``s3`` or ``lambda:function``.

    Args:
        arn: of a thing.
        kind: service, or service and type.
    """
    _, _, service, _, _, rest = arn.split(":", 5)
    wanted = kind.split(":", 1)
    own = rest.replace("/", ":").partition(":")[0]
    return service == wanted[0] and (len(wanted) < TYPE_PARTS or own == wanted[1])


def _fits(tags: dict[str, str], wanted: dict[str, Any]) -> bool:
    """A filter without values wants the key alone."""
    values = wanted.get("Values")
    return wanted["Key"] in tags and (not values or tags[wanted["Key"]] in values)
