"""Redshift Serverless: what a driver needs to log in to a workgroup with IAM."""

from __future__ import annotations

EFFECTIVE = {
    "GetWorkgroup": "workgroupName",
    "GetCredentials": "durationSeconds",
}

HELD: dict[str, dict[str, str]] = {
    "GetCredentials": {
        "workgroupName": "every name leads to the one local warehouse",
        "dbName": "a password opens every database",
    },
}
