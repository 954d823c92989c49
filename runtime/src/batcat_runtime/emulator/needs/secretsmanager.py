"""Secrets Manager: a secret's ARN ends in six characters that its name has not.

A denial calls the secret what the request called it, as users have quoted it.

That a secret under a key of one's own needs ``kms:Decrypt``, and ``kms:GenerateDataKey`` to write:
Secrets Manager User Guide, "Secret encryption and decryption".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam.accounts import regional

from . import kms
from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked, Keys

PREFIX = "secretsmanager"
RESOURCES = {"ListSecrets": "*"}
ON_SECRET = (
    *("CreateSecret", "GetSecretValue", "PutSecretValue", "UpdateSecret", "DescribeSecret"),
    *("DeleteSecret", "RestoreSecret"),
)
WRITING = ("CreateSecret", "PutSecretValue", "UpdateSecret")
KEYS = frozenset(
    f"secretsmanager:{name}" for name in ("secretid", "versionid", "versionstage", "name")
)


def _on_secret(asked: Asked) -> list[Need]:
    given = str(asked.get("SecretId") or asked.get("Name"))
    arn, key = _found(asked, given)
    found = [Need(f"secretsmanager:{asked.operation}", arn, shown=given)]
    if asked.operation == "CreateSecret" and asked.get("Tags"):
        found.append(Need("secretsmanager:TagResource", arn))
    key = asked.get("KmsKeyId") or key
    if asked.operation in (*WRITING, "GetSecretValue"):
        actions = ("GenerateDataKey", "Decrypt") if asked.operation in WRITING else ("Decrypt",)
        found += kms.using(asked, key, "secretsmanager", *actions)
    return found


INSTEAD = dict.fromkeys(ON_SECRET, _on_secret)


def reading(asked: Asked, secret: str) -> list[Need]:
    """What reading a secret needs, for a service that does it with the caller's rights."""
    arn, key = _found(asked, secret)
    told = {"secretsmanager:secretid": (arn,)}
    return [
        Need("secretsmanager:GetSecretValue", arn, told),
        *kms.using(asked, key, "secretsmanager", "Decrypt"),
    ]


def _found(asked: Asked, given: str) -> tuple[str, str | None]:
    """ARN and key of a secret; one that is not there has no characters at its end."""
    backend: Any = regional(asked.world, "secretsmanager", asked.region)
    if backend is not None:
        secret = next(
            (one for one in backend.secrets.values() if given in (one.name, one.arn)), None
        )
        if secret is not None:
            return str(secret.arn), secret.kms_key_id
    if given.startswith("arn:"):
        return given, None
    made = "-??????" if asked.operation == "CreateSecret" else ""
    return asked.arn(f"secret:{given}{made}", "secretsmanager"), None


def keys(asked: Asked) -> Keys:
    """Condition keys of one secret."""
    given = {
        "secretid": asked.get("SecretId"),
        "versionid": asked.get("VersionId"),
        "versionstage": asked.get("VersionStage"),
        "name": asked.get("Name"),
    }
    return {f"secretsmanager:{name}": (str(value),) for name, value in given.items() if value}
