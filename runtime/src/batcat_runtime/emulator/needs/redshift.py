"""Redshift: temporary credentials of a cluster's user for a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .asked import Asked, Keys, Need

PREFIX = "redshift"
_DATABASE = "dbname:{ClusterIdentifier}/{DbName|*}"
RESOURCES = {
    "DescribeClusters": "cluster:{ClusterIdentifier|*}",
    "GetClusterCredentials": "dbuser:{ClusterIdentifier}/{DbUser}",
    "GetClusterCredentialsWithIAM": _DATABASE,
}


def _credentials(asked: Asked) -> list[Need]:
    """Source: Redshift Management Guide, "Resource policies for GetClusterCredentials"."""
    database = asked.needs(asked.operation, _DATABASE) if asked.get("DbName") else []
    made = asked.needs("CreateClusterUser", "dbuser:{ClusterIdentifier}/{DbUser}")
    return [*database, *(made if asked.get("AutoCreate") else [])]


MORE = {"GetClusterCredentials": _credentials}
KEYS = frozenset({"redshift:dbuser", "redshift:dbname"})


def keys(asked: Asked) -> Keys:
    """Condition keys of credentials."""
    given = {"redshift:dbuser": asked.get("DbUser"), "redshift:dbname": asked.get("DbName")}
    return {name: (str(value),) for name, value in given.items() if value}
