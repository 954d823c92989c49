"""Workgroups: where results go, and how much a query may scan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.paging import paged
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from .execution import ENGINE, now
from .metadata import CODE, PAGE
from .statements import tokens

if TYPE_CHECKING:
    from datetime import datetime

    from .statements import Statement

PRIMARY = "primary"
CLEARED = {
    "RemoveOutputLocation": "OutputLocation",
    "RemoveEncryptionConfiguration": "EncryptionConfiguration",
}


@dataclass
class WorkGroup:
    """A workgroup.

    Attributes:
        name: what it is called.
        configuration: as described.
    """

    name: str
    configuration: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    state: str = "ENABLED"
    created: datetime = field(default_factory=now)

    @property
    def enforces(self) -> bool:
        """Whether its settings win over a request's."""
        default = self.name != PRIMARY
        return bool(self.configuration.get("EnforceWorkGroupConfiguration", default))

    def described(self) -> dict[str, Any]:
        """GetWorkGroup's answer."""
        return {
            "Name": self.name,
            "State": self.state,
            "Description": self.description,
            "CreationTime": self.created,
            "Configuration": {
                "ResultConfiguration": {},
                "EnforceWorkGroupConfiguration": True,
                "PublishCloudWatchMetricsEnabled": False,
                "RequesterPaysEnabled": False,
                "EngineVersion": ENGINE,
                **self.configuration,
            },
        }


class WorkGroups:
    """The workgroups of all regions."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], WorkGroup] = {}

    def create_work_group(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a workgroup."""
        place = (current_request().region, request["Name"])
        if request["Name"] == PRIMARY or place in self._groups:
            raise ServiceError(CODE, "WorkGroup is already created")
        configuration = _checked("CreateWorkGroup", request.get("Configuration") or {})
        made = WorkGroup(request["Name"], configuration, request.get("Description", ""))
        self._groups[place] = made
        return {}

    def update_work_group(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change a workgroup."""
        _update(self.group(request["WorkGroup"]), request)
        return {}

    def get_work_group(self, request: dict[str, Any]) -> dict[str, Any]:
        """One workgroup."""
        return {"WorkGroup": self.group(request["WorkGroup"]).described()}

    def list_work_groups(self, request: dict[str, Any]) -> dict[str, Any]:
        """All workgroups, paged."""
        region = current_request().region
        self.group(PRIMARY)
        names = ("Name", "State", "Description", "CreationTime")
        found = [
            {name: group.described()[name] for name in names}
            for (where, _), group in sorted(self._groups.items())
            if where == region
        ]
        return paged("WorkGroups", found, request, PAGE, CODE)

    def delete_work_group(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a workgroup."""
        if request["WorkGroup"] == PRIMARY:
            raise ServiceError(CODE, "primary workgroup cannot be deleted")
        self.group(request["WorkGroup"])
        del self._groups[current_request().region, request["WorkGroup"]]
        return {}

    def group(self, name: str) -> WorkGroup:
        """The workgroup of that name in the request's region.

        Raises:
            ServiceError: there is none.
        """
        region = current_request().region
        if name == PRIMARY:
            group = WorkGroup(PRIMARY, {"EnforceWorkGroupConfiguration": False})
            return self._groups.setdefault((region, PRIMARY), group)
        if (region, name) not in self._groups:
            raise ServiceError(CODE, f"WorkGroup {name} is not found.")
        return self._groups[region, name]


def _checked(operation: str, given: dict[str, Any]) -> dict[str, Any]:
    """A configuration without its engine, which is the one there is.

    Raises:
        NotEmulated: it asks for another.
    """
    engine = given.get("EngineVersion") or {}
    if engine.get("SelectedEngineVersion", "AUTO") not in ("AUTO", "Athena engine version 3"):
        raise NotEmulated(f"athena {operation} EngineVersion {engine['SelectedEngineVersion']}")
    return {name: value for name, value in given.items() if name != "EngineVersion"}


def _update(group: WorkGroup, request: dict[str, Any]) -> None:
    """UpdateWorkGroup."""
    changes = dict(request.get("ConfigurationUpdates") or {})
    results = dict(changes.pop("ResultConfigurationUpdates", None) or {})
    if changes.pop("RemoveBytesScannedCutoffPerQuery", False):
        group.configuration.pop("BytesScannedCutoffPerQuery", None)
    kept = dict(group.configuration.get("ResultConfiguration") or {})
    for order, name in CLEARED.items():
        if results.pop(order, False):
            kept.pop(name, None)
    group.configuration |= _checked(
        "UpdateWorkGroup", {**changes, "ResultConfiguration": {**kept, **results}}
    )
    group.description = request.get("Description", group.description)
    group.state = request.get("State", group.state)


PLACED = (
    "The Create Table As Select query failed because it was submitted with an 'external_location' "
    "property to an Athena Workgroup that enforces a centralized output location for all queries. "
    "Please remove the 'external_location' property and resubmit the query."
)


def check_place(group: WorkGroup, statement: Statement) -> None:
    """Refuse a table that says where it lies, where the workgroup does.

    Raises:
        ServiceError: it does.
    """
    own = (group.configuration.get("ResultConfiguration") or {}).get("OutputLocation")
    if own and group.enforces and statement.handler == "create_table_as":
        words = {token.text.lower() for token in tokens(statement.sql)}
        if "external_location" in words:
            raise ServiceError(CODE, PLACED)


def result_configuration(group: WorkGroup, given: dict[str, Any]) -> dict[str, Any]:
    """Where a query's result goes: the workgroup decides if it enforces its settings.

    Raises:
        ServiceError: nobody says where.
    """
    own = group.configuration.get("ResultConfiguration") or {}
    chosen = own if group.enforces and own.get("OutputLocation") else {**own, **given}
    if not chosen.get("OutputLocation"):
        raise ServiceError(
            CODE,
            "No output location provided. An output location is required either through the "
            "Workgroup result configuration setting or as an API input.",
        )
    return dict(chosen)
