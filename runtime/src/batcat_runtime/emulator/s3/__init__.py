"""Extension of moto's S3: what it takes without looking at it, and what it gets wrong.

::

    checksums        what a client says of a body must be true
    crc              the two CRCs that Python lacks
    uploads          multipart uploads: which there are, their parts and their checksums
    objects          contents that look like forms, tags, keys and quiet deletions
    ownership        new buckets take no access control lists
    buckets          names, policies, encryption and lifecycle rules
    names            pure: what a bucket may be called
    bucket_policies  a policy's statement counts only where it applies
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


def install(world: World) -> None:
    """Put the checks before, and the mends in place of, what moto does.

    Args:
        world: the server it happens in.
    """
    from . import bucket_policies, buckets, checksums, objects, ownership, uploads

    bucket_policies.install(world)
    for module in (buckets, checksums, objects, ownership, uploads):
        module.patch()
