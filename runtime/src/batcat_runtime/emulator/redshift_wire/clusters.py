"""Redshift's and Redshift Serverless's APIs, as far as a driver needs them to log in with IAM.

Every cluster identifier and workgroup name leads to the one local warehouse.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.gateway import current_request

from .backend import ADMIN, DATABASE
from .warehouse import HOST, warehouse_of

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

SECONDS = 900
"""How long temporary credentials last, unless the request says otherwise (botocore's model)."""

PASSWORD = "any-password-will-do"  # noqa: S105 - the local warehouse looks at none
USER = "IAMR:batcat-local"


class Redshift:
    """Clusters.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def describe_clusters(self, request: dict[str, Any]) -> dict[str, Any]:
        """The cluster that is asked for, at the local warehouse's address."""
        name = request.get("ClusterIdentifier") or "local"
        return {
            "Clusters": [
                {
                    "ClusterIdentifier": name,
                    "ClusterStatus": "available",
                    "ClusterAvailabilityStatus": "Available",
                    "MasterUsername": ADMIN,
                    "DBName": DATABASE,
                    "Endpoint": {"Address": HOST, "Port": warehouse_of(self._world).port},
                    "NumberOfNodes": 1,
                    "PubliclyAccessible": False,
                    "Encrypted": False,
                }
            ]
        }

    def get_cluster_credentials(self, request: dict[str, Any]) -> dict[str, Any]:
        """A password for a database user."""
        return {
            "DbUser": f"IAM:{request['DbUser']}",
            "DbPassword": PASSWORD,
            "Expiration": _expiry(request.get("DurationSeconds")),
        }

    def get_cluster_credentials_with_iam(self, request: dict[str, Any]) -> dict[str, Any]:
        """A user that belongs to the IAM identity, and a password."""
        expiry = _expiry(request.get("DurationSeconds"))
        return {
            "DbUser": USER,
            "DbPassword": PASSWORD,
            "Expiration": expiry,
            "NextRefreshTime": expiry,
        }


class RedshiftServerless:
    """Workgroups.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def get_workgroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """The workgroup that is asked for, at the local warehouse's address."""
        name, port = request["workgroupName"], warehouse_of(self._world).port
        region = current_request().region
        return {
            "workgroup": {
                "workgroupName": name,
                "workgroupId": name,
                "workgroupArn": self._world.arn("redshift-serverless", f"workgroup/{name}", region),
                "namespaceName": name,
                "status": "AVAILABLE",
                "endpoint": {"address": HOST, "port": port},
                "port": port,
                "publiclyAccessible": False,
            }
        }

    def get_credentials(self, request: dict[str, Any]) -> dict[str, Any]:
        """A user that belongs to the IAM identity, and a password."""
        expiry = _expiry(request.get("durationSeconds"))
        return {
            "dbUser": USER,
            "dbPassword": PASSWORD,
            "expiration": expiry,
            "nextRefreshTime": expiry,
        }


def _expiry(seconds: int | None) -> datetime:
    now = datetime.now(timezone.utc).replace(microsecond=0)
    return now + timedelta(seconds=seconds or SECONDS)
