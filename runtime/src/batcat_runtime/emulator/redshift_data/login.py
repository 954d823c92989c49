"""As whom a statement runs, and in which database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.redshift_wire.backend import ADMIN, DATABASE

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

CODE = "ValidationException"


def login_of(world: World, request: dict[str, Any], region: str | None = None) -> tuple[str, str]:
    """User and database.

    Args:
        world: where Secrets Manager is reached.
        request: the parameters.
        region: where the secret lies.

    Raises:
        ServiceError: the request does not say where, or there is no such secret.
    """
    cluster, workgroup = request.get("ClusterIdentifier"), request.get("WorkgroupName")
    if bool(cluster) == bool(workgroup):
        raise ServiceError(CODE, "Specify either ClusterIdentifier or WorkgroupName.")
    secret = request.get("SecretArn")
    if secret and request.get("DbUser"):
        raise ServiceError(CODE, "Specify either SecretArn or DbUser, not both.")
    database = str(request.get("Database") or DATABASE)
    if secret:
        return _user_in(world, str(secret), region), database
    return str(request.get("DbUser") or ADMIN), database


def _user_in(world: World, secret: str, region: str | None) -> str:
    client = world.client("secretsmanager", region)
    try:
        told = json.loads(client.get_secret_value(SecretId=secret)["SecretString"])
        return str(told["username"])
    except client.exceptions.ResourceNotFoundException:
        raise ServiceError(CODE, f"Secrets Manager can't find the secret {secret}.") from None
    except (KeyError, ValueError, TypeError):
        raise ServiceError(CODE, "The secret has no username and password.") from None
