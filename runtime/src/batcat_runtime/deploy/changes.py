"""A change set as rows that a person can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ORDER = ("removed", "replaced", "changed", "added")
"""What can happen to a resource; the most dangerous first, as rows are sorted."""


@dataclass(frozen=True)
class Change:
    """What would happen to one resource.

    Attributes:
        action: one of :data:`ORDER`.
        type: resource type, for example ``AWS::S3::Bucket``.
        logical: name in the template.
        physical: name in AWS; empty before there is one.
        why: what causes it, for example ``Properties.DefinitionS3Location``; empty when added.
        kept: whether AWS keeps the resource itself although the stack lets go of it.
        conditional: whether the replacement depends on values known only when it is applied.
    """

    action: str
    type: str
    logical: str
    physical: str = ""
    why: tuple[str, ...] = ()
    kept: bool = False
    conditional: bool = False


def change_rows(changes: list[dict[str, Any]]) -> tuple[Change, ...]:
    """Turn the ``Changes`` of a change set into rows, the most dangerous first.

    Args:
        changes: as DescribeChangeSet answers.

    Returns:
        One row for each resource.
    """
    rows = [_row(one["ResourceChange"]) for one in changes if "ResourceChange" in one]
    return tuple(sorted(rows, key=lambda row: (ORDER.index(row.action), row.type, row.logical)))


def _row(change: dict[str, Any]) -> Change:
    replacement = change.get("Replacement", "False")
    return Change(
        action=_action(change["Action"], replacement),
        type=change["ResourceType"],
        logical=change["LogicalResourceId"],
        physical=change.get("PhysicalResourceId", ""),
        why=_reasons(change),
        kept=change.get("PolicyAction", "") in {"Retain", "ReplaceAndRetain"},
        conditional=change["Action"] == "Modify" and replacement == "Conditional",
    )


def _action(action: str, replacement: str) -> str:
    """Name the action; a replacement that may happen counts as one, for it cannot be undone."""
    if action == "Modify":
        return "changed" if replacement == "False" else "replaced"
    # Import adds an existing resource to the stack; Dynamic and SyncWithActual modify one.
    return {"Add": "added", "Import": "added", "Remove": "removed"}.get(action, "changed")


def _reasons(change: dict[str, Any]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for detail in change.get("Details", []):
        target = detail.get("Target", {})
        what = ".".join(filter(None, (target.get("Attribute"), target.get("Name"))))
        cause = detail.get("CausingEntity")
        if what:
            found[f"{what} (from {cause})" if cause else what] = None
    return tuple(found) or tuple(change.get("Scope", ()))
