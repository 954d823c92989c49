"""Workgroups: where results go, and how much a query may scan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.accepting import only
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from .execution import ENGINE, now
from .statements import tokens

if TYPE_CHECKING:
    from datetime import datetime

    from .statements import Statement

PRIMARY = "primary"
SETTINGS = (
    "ResultConfiguration", "EnforceWorkGroupConfiguration", "BytesScannedCutoffPerQuery",
    "PublishCloudWatchMetricsEnabled", "EngineVersion",
)  # fmt: skip
RESULT = ("OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner")
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


def checked(operation: str, given: dict[str, Any]) -> dict[str, Any]:
    """A configuration, if everything in it has its effect.

    Raises:
        NotEmulated: something has not.
    """
    only(f"athena {operation} Configuration", given, *SETTINGS)
    check_result(operation, given.get("ResultConfiguration") or {})
    engine = given.get("EngineVersion") or {}
    if engine.get("SelectedEngineVersion", "AUTO") not in ("AUTO", "Athena engine version 3"):
        raise NotEmulated(f"athena {operation} EngineVersion {engine['SelectedEngineVersion']}")
    return {name: value for name, value in given.items() if name != "EngineVersion"}


def check_result(operation: str, given: dict[str, Any]) -> None:
    """Refuse what cannot be done with results.

    Raises:
        NotEmulated: encryption by the client, and access control lists.
    """
    only(f"athena {operation} ResultConfiguration", given, *RESULT)
    option = (given.get("EncryptionConfiguration") or {}).get("EncryptionOption")
    if option == "CSE_KMS":
        raise NotEmulated(f"athena {operation} EncryptionOption CSE_KMS", "Use SSE_S3 or SSE_KMS.")


def update(group: WorkGroup, request: dict[str, Any]) -> None:
    """UpdateWorkGroup."""
    changes = dict(request.get("ConfigurationUpdates") or {})
    results = dict(changes.pop("ResultConfigurationUpdates", None) or {})
    if changes.pop("RemoveBytesScannedCutoffPerQuery", False):
        group.configuration.pop("BytesScannedCutoffPerQuery", None)
    kept = dict(group.configuration.get("ResultConfiguration") or {})
    for order, name in CLEARED.items():
        if results.pop(order, False):
            kept.pop(name, None)
    group.configuration |= checked(
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
            raise ServiceError("InvalidRequestException", PLACED)


def result_configuration(group: WorkGroup, given: dict[str, Any]) -> dict[str, Any]:
    """Where a query's result goes: the workgroup decides if it enforces its settings.

    Raises:
        ServiceError: nobody says where.
    """
    own = group.configuration.get("ResultConfiguration") or {}
    chosen = own if group.enforces and own.get("OutputLocation") else {**own, **given}
    if not chosen.get("OutputLocation"):
        raise ServiceError(
            "InvalidRequestException",
            "No output location provided. An output location is required either through the "
            "Workgroup result configuration setting or as an API input.",
        )
    return dict(chosen)
