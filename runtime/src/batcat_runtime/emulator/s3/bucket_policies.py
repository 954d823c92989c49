"""Extension of moto's S3: bucket policies are evaluated before moto sees a request.

moto looks at some operations only, takes an unmet condition for a refusal and does not look at most
principals; :mod:`batcat_runtime.emulator.iam.guard` decides instead. It leaves to moto to name the
objects that a DeleteObjects may not delete, among those that it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam.guard import kept_objects
from batcat_runtime.emulator.patching import replace

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


def install(world: World) -> None:
    """Let moto leave the decision alone."""
    del world
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    def get_permission(self: Any, action: str, resource: str) -> Any:
        del self, action
        kept = resource.partition(":::")[2] in kept_objects.get()
        return PermissionResult.DENIED if kept else PermissionResult.NEUTRAL

    replace(FakeBucket, get_permission=get_permission)
