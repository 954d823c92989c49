"""Resource Groups Tagging API: what carries which tags."""

from __future__ import annotations

EFFECTIVE = {
    "GetResources": """TagFilters.Key TagFilters.Values ResourceTypeFilters ResourceARNList
        ResourcesPerPage PaginationToken""",
    "GetTagKeys": "PaginationToken",
    "GetTagValues": "Key PaginationToken",
}

HELD: dict[str, dict[str, str]] = {}
