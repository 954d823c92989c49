"""EventBridge: rules and buses; a rule is handed the role that it calls a target with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked

PREFIX = "events"
PRINCIPAL = "events.amazonaws.com"
DEFAULT = "default"
_BUS = "event-bus/{Name|default}"
RESOURCES = {
    "ListRules": "rule/*",
    "ListRuleNamesByTarget": "*",
    "ListEventBuses": "event-bus/*",
    **dict.fromkeys(("CreateEventBus", "DescribeEventBus", "DeleteEventBus"), _BUS),
    **dict.fromkeys(("TagResource", "UntagResource", "ListTagsForResource"), "{ResourceARN}"),
}
KEYS = frozenset({"events:source", "events:detail-type", "events:targetarn"})


def _on_rule(asked: Asked) -> list[Need]:
    name = asked.get("Name") or asked.get("Rule")
    targets = asked.get("Targets", default=[])
    told = {"events:targetarn": tuple(target["Arn"] for target in targets)} if targets else {}
    found = [
        Need(f"events:{asked.operation}", asked.arn(rule(asked.get("EventBusName"), name)), told)
    ]
    for role in (asked.get("RoleArn"), *(target.get("RoleArn") for target in targets)):
        found += asked.pass_role(role, PRINCIPAL)
    if asked.operation == "PutRule" and asked.get("Tags"):
        found.append(Need("events:TagResource", found[0].resource))
    return found


def rule(bus: str | None, name: str) -> str:
    """The last part of a rule's ARN; that of the default bus is left out."""
    where = (bus or DEFAULT).rpartition("/")[2]
    return f"rule/{name}" if where == DEFAULT else f"rule/{where}/{name}"


def _put_events(asked: Asked) -> list[Need]:
    found = []
    for entry in asked.get("Entries", default=[]):
        bus = (entry.get("EventBusName") or DEFAULT).rpartition("/")[2]
        told = {
            "events:source": (str(entry.get("Source")),),
            "events:detail-type": (str(entry.get("DetailType")),),
        }
        found.append(Need("events:PutEvents", asked.arn(f"event-bus/{bus}"), told))
    return found


INSTEAD = {
    **dict.fromkeys(
        (
            *("PutRule", "DescribeRule", "DeleteRule", "EnableRule", "DisableRule"),
            *("PutTargets", "RemoveTargets", "ListTargetsByRule"),
        ),
        _on_rule,
    ),
    "PutEvents": _put_events,
}
