"""Redshift: what a driver needs to log in to a cluster with IAM."""

from __future__ import annotations

EFFECTIVE = {
    "DescribeClusters": "ClusterIdentifier",
    "GetClusterCredentials": "DbUser DurationSeconds",
    "GetClusterCredentialsWithIAM": "DurationSeconds",
}

_ANY = "every name leads to the one local warehouse"
HELD: dict[str, dict[str, str]] = {
    "GetClusterCredentials": {
        "ClusterIdentifier": _ANY,
        "DbName": "a password opens every database",
        "AutoCreate": "users are made as they log in",
    },
    "GetClusterCredentialsWithIAM": {
        "ClusterIdentifier": _ANY,
        "DbName": "a password opens every database",
    },
}
