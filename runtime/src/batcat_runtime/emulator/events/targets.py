"""What a rule's target receives, and the role that it is called with."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam.assumable import assumable
from batcat_runtime.emulator.protocol import ServiceError

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


def check_role(world: World, arn: str, principal: str, message: str) -> None:
    """A role of this account must exist and trust the service that calls the target.

    Args:
        world: where to look.
        arn: the role.
        principal: the service, e.g. ``scheduler.amazonaws.com``.
        message: what AWS says otherwise.

    Raises:
        ServiceError: ValidationException.
    """
    if not assumable(world, arn, principal):
        raise ServiceError("ValidationException", message)


def transform(target: dict[str, Any], event: dict[str, Any], rule_arn: str, ingested: str) -> str:
    """What a rule's target receives: the event, a part of it, or something made of it.

    Args:
        target: Input, InputPath or InputTransformer of PutTargets; none means the whole event.
        event: the event.
        rule_arn: the rule, for ``<aws.events.rule-arn>``.
        ingested: when EventBridge received the event, for ``<aws.events.event.ingestion-time>``.

    Returns:
        JSON text.

    Raises:
        ValueError: the filled template is not JSON.
    """
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(find(event, target["InputPath"]))
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    values = {
        name: find(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()
    }
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": ingested,
        "aws.events.event.json": event,
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
    }
    return fill(transformer["InputTemplate"], values)


def fill(template: str, values: dict[str, Any]) -> str:
    """Put values in place of ``<name>``: as text inside quotes, as JSON outside.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html

    Args:
        template: text with names in angle brackets.
        values: the names' values.

    Returns:
        JSON text; a template that is neither JSON nor quoted becomes one JSON string.
    """
    parts = re.split(r"(<[^<>\s]+>)", template)
    text, quoted = "", False
    for part in parts:
        name = part[1:-1]
        if part.startswith("<") and part.endswith(">") and name in values:
            value = values[name]
            if not quoted:
                text += json.dumps(value)
            elif isinstance(value, str):
                text += json.dumps(value)[1:-1]
            else:
                text += json.dumps(json.dumps(value))[1:-1]
        else:
            text += part
            quoted ^= len(re.findall(r'(?<!\\)"', part)) % 2 == 1
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(text)
    return text


def find(event: Any, path: str) -> Any:
    """Value at a JSON path (``$.detail.object.key``, ``$.resources[0]``); None when absent."""
    value = event
    for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path):
        if index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        elif name and isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return None
    return value
