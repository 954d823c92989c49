"""Dashboards: kept when their body is right. They belong to no region; all regions show them.

Source: PutDashboard in the CloudWatch API reference.
"""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.events.clock import clock_of
from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.paging import page
from batcat_runtime.emulator.protocol import ServiceError

from . import dashboards

if TYPE_CHECKING:
    from datetime import datetime

    from batcat_runtime.emulator.world import World

PAGE = 100
NO_TOKEN = "InvalidNextToken"  # noqa: S105 - an error code


class Boards:
    """The operations on dashboards.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._dashboards: dict[str, tuple[str, datetime]] = {}
        self._dashboard_tags: dict[str, dict[str, str]] = {}
        self._lock = RLock()

    def put_dashboard(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep a dashboard whose body is right."""
        found = dashboards.problems(request["DashboardBody"])
        if found:
            said = "; ".join(f"{place}: {why}" for place, why in found)
            raise ServiceError("InvalidParameterInput", f"The dashboard body is invalid: {said}")
        arn = self._dashboard_arn(request["DashboardName"])
        with self._lock:
            now = clock_of(self._world).now()
            self._dashboards[arn] = request["DashboardBody"], now
            if request.get("Tags"):
                tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
                self._dashboard_tags[arn] = tags
        return {"DashboardValidationMessages": []}

    def get_dashboard(self, request: dict[str, Any]) -> dict[str, Any]:
        """A dashboard."""
        name = request["DashboardName"]
        body, _ = self._dashboard(name)
        return {
            "DashboardArn": self._dashboard_arn(name),
            "DashboardBody": body,
            "DashboardName": name,
        }

    def list_dashboards(self, request: dict[str, Any]) -> dict[str, Any]:
        """Dashboards by name."""
        head = self._dashboard_arn(request.get("DashboardNamePrefix") or "")
        found = [
            {
                "DashboardName": arn.rpartition("/")[2],
                "DashboardArn": arn,
                "LastModified": changed,
                "Size": len(body.encode()),
            }
            for arn, (body, changed) in sorted(self._dashboards.items())
            if arn.startswith(head)
        ]
        shown, following = page(found, PAGE, request.get("NextToken"), NO_TOKEN)
        return {"DashboardEntries": shown, **({"NextToken": following} if following else {})}

    def delete_dashboards(self, request: dict[str, Any]) -> None:
        """Forget dashboards, all or none."""
        for name in request["DashboardNames"]:
            self._dashboard(name)
        for name in request["DashboardNames"]:
            self._dashboards.pop(self._dashboard_arn(name), None)
            self._dashboard_tags.pop(self._dashboard_arn(name), None)

    def board_tags(self, arn: str) -> dict[str, str]:
        """Tags of a dashboard.

        Raises:
            ServiceError: there is none.
        """
        self._dashboard(arn.rpartition("/")[2])
        return self._dashboard_tags.setdefault(arn, {})

    def _region(self) -> str:
        return current_request().region

    def _dashboard(self, name: str) -> tuple[str, datetime]:
        found = self._dashboards.get(self._dashboard_arn(name))
        if found is None:
            raise ServiceError("ResourceNotFound", f"Dashboard {name} does not exist", 404)
        return found

    def _dashboard_arn(self, name: str) -> str:
        arn = self._world.arn("cloudwatch", f"dashboard/{name}", self._region())
        head = arn.split(":")
        return ":".join([*head[:3], "", *head[4:]])
