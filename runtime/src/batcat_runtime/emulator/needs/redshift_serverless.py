"""Redshift Serverless; a workgroup's name and id are the same here."""

from __future__ import annotations

PREFIX = "redshift-serverless"
RESOURCES = {
    "GetWorkgroup": "workgroup/{workgroupName}",
    "GetCredentials": "workgroup/{workgroupName}",
}
