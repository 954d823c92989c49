"""What a service does with a key of one's own, on behalf of who calls it.

Keys are not emulated, so a key's policy is taken to be the one that leaves it to IAM (KMS Developer
Guide, "Default key policy"). A key that AWS manages is open to everyone in the account through its
service, and so needs nothing ("AWS managed keys").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked

PREFIX = "kms"
KEYS = frozenset({"kms:viaservice", "kms:calleraccount"})


def using(asked: Asked, key: str | None, service: str, *actions: str) -> list[Need]:
    """The need to use a key through a service.

    Args:
        asked: the request.
        key: id or ARN; an alias names a key that nothing here knows, so it needs nothing.
        service: through which it is used, e.g. ``s3``.
        actions: e.g. ``Decrypt``.
    """
    name = (key or "").rpartition(":")[2]
    if not key or name.startswith("alias/"):
        return []
    arn = key if key.startswith("arn:") else asked.arn(f"key/{name.removeprefix('key/')}", "kms")
    suffix = "amazonaws.com.cn" if arn.startswith("arn:aws-cn:") else "amazonaws.com"
    told = {
        "kms:viaservice": (f"{service}.{asked.region}.{suffix}",),
        "kms:calleraccount": (asked.world.account,),
    }
    return [Need(f"kms:{action}", arn, told) for action in actions]
