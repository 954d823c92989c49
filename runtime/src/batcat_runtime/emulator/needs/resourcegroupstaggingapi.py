"""Resource Groups Tagging API: to look is to look at everything."""

from __future__ import annotations

PREFIX = "tag"
RESOURCES = dict.fromkeys(("GetResources", "GetTagKeys", "GetTagValues"), "*")
