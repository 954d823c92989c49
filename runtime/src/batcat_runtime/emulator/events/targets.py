"""What a rule or a schedule may call, and how it is called: Lambda and Step Functions."""

from __future__ import annotations

import json
import re
import sys
import threading
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam.assumable import assumable
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

LAMBDA = re.compile(r"^arn:[a-z-]+:lambda:([a-z0-9-]+):\d{12}:function:[A-Za-z0-9_-]+(:[\w$-]+)?$")
MACHINE = re.compile(r"^arn:[a-z-]+:states:([a-z0-9-]+):\d{12}:stateMachine:[^:]+(:\w+)?$")


def kind_of(arn: str) -> str:
    """``lambda`` or ``states``.

    Raises:
        NotEmulated: the target is something else.
    """
    if LAMBDA.match(arn):
        return "lambda"
    if MACHINE.match(arn):
        return "states"
    raise NotEmulated(
        f"events target {arn}", "Targets are Lambda functions and Step Functions state machines."
    )


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


def may_invoke(world: World, function: str, principal: str, source: str) -> bool:
    """Whether a Lambda function's policy lets a service invoke it for a resource.

    Args:
        world: where to look.
        function: the function's ARN.
        principal: the service, e.g. ``events.amazonaws.com``.
        source: ARN of the rule or bucket.
    """
    client = world.client("lambda", function.split(":")[3])
    try:
        policy = json.loads(client.get_policy(FunctionName=function)["Policy"])
    except client.exceptions.ResourceNotFoundException:
        return False
    return any(_allows(statement, principal, source) for statement in policy["Statement"])


def _allows(statement: dict[str, Any], principal: str, source: str) -> bool:
    from fnmatch import fnmatchcase

    if statement.get("Effect") != "Allow" or principal not in json.dumps(statement["Principal"]):
        return False
    for conditions in statement.get("Condition", {}).values():
        for key, wanted in conditions.items():
            patterns = wanted if isinstance(wanted, list) else [wanted]
            if key.lower() == "aws:sourcearn" and not any(
                fnmatchcase(source, pattern) for pattern in patterns
            ):
                return False
    return True


def deliver(world: World, arn: str, payload: str, label: str) -> None:
    """Call a target from a thread of its own; a failure goes to the server's log.

    Args:
        world: makes the clients.
        arn: a Lambda function or a state machine.
        payload: JSON text.
        label: what delivers, for the message.
    """
    threading.Thread(target=call, args=(world, arn, payload, label), daemon=True).start()


def call(world: World, arn: str, payload: str, label: str) -> None:
    """Call a target now; a failure goes to the server's log.

    Args:
        world: makes the clients.
        arn: a Lambda function or a state machine.
        payload: JSON text.
        label: what delivers, for the message.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    region = arn.split(":")[3]
    try:
        if kind_of(arn) == "lambda":
            client = world.client("lambda", region)
            client.invoke(FunctionName=arn, InvocationType="Event", Payload=payload.encode())
        else:
            world.client("stepfunctions", region).start_execution(
                stateMachineArn=arn, input=payload
            )
    except (ClientError, BotoCoreError) as error:
        sys.stderr.write(f"batcat local: {label} could not reach {arn}: {error}\n")


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
