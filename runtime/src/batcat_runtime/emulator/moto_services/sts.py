"""STS: who calls, and roles that let them in."""

from __future__ import annotations

OPERATIONS: dict[str, str] = {
    "GetCallerIdentity": "",
    "AssumeRole": "RoleArn RoleSessionName DurationSeconds ExternalId Policy",
    "AssumeRoleWithWebIdentity": (
        "RoleArn RoleSessionName WebIdentityToken DurationSeconds Policy"
    ),
    "GetSessionToken": "DurationSeconds",
}
"""Operation to the members that have their effect."""
