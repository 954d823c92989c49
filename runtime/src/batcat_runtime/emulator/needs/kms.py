"""KMS, and what a service does with a key of one's own, on behalf of who calls it.

A key's policy is taken to be the one that leaves it to IAM (KMS Developer Guide, "Default key
policy"). A key that AWS manages is open to everyone in the account through its service, and so
needs nothing ("AWS managed keys").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam.accounts import regional

from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked

PREFIX = "kms"
RESOURCES = dict.fromkeys(("CreateKey", "ListKeys", "ListAliases"), "*")
ON_KEY = (
    *("DescribeKey", "UpdateKeyDescription", "EnableKey", "DisableKey", "ScheduleKeyDeletion"),
    *("CancelKeyDeletion", "EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus"),
    *("PutKeyPolicy", "GetKeyPolicy", "Encrypt", "Decrypt", "TagResource", "UntagResource"),
    "ListResourceTags",
)
ON_ALIAS = ("CreateAlias", "UpdateAlias", "DeleteAlias")
KEY_ID = 36
"""Length of a key's id."""

KEYS = frozenset({"kms:viaservice", "kms:calleraccount"})


def using(asked: Asked, key: str | None, service: str, *actions: str) -> list[Need]:
    """The need to use a key through a service.

    Args:
        asked: the request.
        key: id, ARN or alias; ``alias/aws/…`` are those of keys that AWS manages.
        service: through which it is used, e.g. ``s3``.
        actions: e.g. ``Decrypt``.
    """
    if not key or key.rpartition(":")[2].startswith("alias/aws/"):
        return []
    arn = _key(asked, key)
    suffix = "amazonaws.com.cn" if arn.startswith("arn:aws-cn:") else "amazonaws.com"
    told = {
        "kms:viaservice": (f"{service}.{asked.region}.{suffix}",),
        "kms:calleraccount": (asked.world.account,),
    }
    return [Need(f"kms:{action}", arn, told) for action in actions]


def _key(asked: Asked, name: str) -> str:
    """ARN of a key that a request names by id, ARN or alias; of any key if the alias is unknown."""
    backend: Any = regional(asked.world, "kms", asked.region)
    alias = name.rpartition(":")[2]
    if alias.startswith("alias/"):
        known = backend.keys.values() if backend else ()
        name = next((key.id for key in known if alias in key.aliases), "*")
    return name if name.startswith("arn:") else asked.arn(f"key/{name}", PREFIX)


def _on_key(asked: Asked) -> list[Need]:
    name = asked.get("KeyId") or _sealed_with(asked.get("CiphertextBlob", default=b""))
    return [Need(f"kms:{asked.operation}", _key(asked, name))]


def _sealed_with(blob: bytes) -> str:
    """The key that moto encrypted something under, whose id comes first."""
    return blob[:KEY_ID].decode("ascii", "replace") or "*"


def _on_alias(asked: Asked) -> list[Need]:
    found = [Need(f"kms:{asked.operation}", asked.arn(asked.get("AliasName", default="alias/*")))]
    if asked.get("TargetKeyId"):
        found.append(Need(f"kms:{asked.operation}", _key(asked, asked.get("TargetKeyId"))))
    return found


def _tagging(asked: Asked) -> list[Need]:
    return [Need("kms:TagResource", asked.arn("key/*"))] if asked.get("Tags") else []


INSTEAD = {**dict.fromkeys(ON_KEY, _on_key), **dict.fromkeys(ON_ALIAS, _on_alias)}
MORE = {"CreateKey": _tagging}
