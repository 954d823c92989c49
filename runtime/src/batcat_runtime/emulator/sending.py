"""How one service hands something to another: to a function, a state machine, a queue or a topic.

What the receiver's policy does not allow, or its key does not let the sender read, does not arrive,
as in AWS. What was sent on behalf of a role is judged by the role's policies instead.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .permits import Act, permits
from .protocol import NotEmulated

if TYPE_CHECKING:
    from .world import World

TARGETS = {
    "lambda": re.compile(
        r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[\w$-]+)?"
    ),
    "states": re.compile(r"arn:[a-z-]+:states:[a-z0-9-]+:\d{12}:stateMachine:[^:]+(:\w+)?"),
    "sqs": re.compile(r"arn:[a-z-]+:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}"),
    "sns": re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}"),
}
"""Kind of a target to the form of its ARN."""

MANAGED_KEYS = re.compile(r"(arn:.*:)?alias/aws/\w+")
"""Keys that AWS manages: no other service can be let use them (KMS developer guide, "AWS managed
keys"; CloudWatch user guide, "Notifying users on alarm changes")."""

MISSING = (
    "AWS.SimpleQueueService.NonExistentQueue",
    "NotFound",
    "NotFoundException",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
)
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError")
THROTTLED = ("ThrottlingException", "TooManyRequestsException", "ServiceUnavailable")
NO_RESOURCE, NO_PERMISSIONS = "NO_RESOURCE", "NO_PERMISSIONS"
ERROR_FROM_TARGET, THROTTLING = "ERROR_FROM_TARGET", "THROTTLING"


class UndeliveredError(Exception):
    """Something did not arrive.

    Args:
        code: why, as EventBridge names it in a dead letter (EventBridge user guide, "Using
            dead-letter queues").
        message: what the target said.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def lasting(self) -> bool:
        """Whether trying again is useless until somebody mends something."""
        return self.code in (NO_RESOURCE, NO_PERMISSIONS)


@dataclass(frozen=True)
class Sender:
    """Who sends.

    Attributes:
        principal: the service, e.g. ``events.amazonaws.com``.
        source: ARN of the rule, topic, alarm or bucket.
        role: ARN of the role it takes, or None where the receiver's policy decides.
    """

    principal: str
    source: str
    role: str | None = None


def kind_of(arn: str) -> str:
    """``lambda``, ``states``, ``sqs`` or ``sns``.

    Raises:
        NotEmulated: the target is something else.
    """
    for kind, form in TARGETS.items():
        if form.fullmatch(arn):
            return kind
    raise NotEmulated(
        f"target {arn}",
        "Targets are Lambda functions, state machines, standard SQS queues and SNS topics.",
    )


def send(world: World, arn: str, payload: str, sender: Sender, **options: Any) -> None:
    """Hand something over, now.

    Args:
        world: makes the clients.
        arn: to whom.
        payload: JSON text for functions and state machines, any text for queues and topics.
        sender: who sends it.
        options: what else the receiver's API takes: attributes, a subject, a name.

    Raises:
        UndeliveredError: it did not arrive.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        _SENDERS[kind_of(arn)](world, arn, payload, sender, options)
    except ClientError as error:
        problem = error.response["Error"]
        raise UndeliveredError(_code(problem["Code"]), problem["Message"]) from error
    except BotoCoreError as error:
        raise UndeliveredError(ERROR_FROM_TARGET, str(error)) from error


def _client(world: World, arn: str, sender: Sender) -> Any:
    region = arn.split(":")[3]
    service = {"states": "stepfunctions"}.get(kind_of(arn), kind_of(arn))
    if sender.role is None:
        return world.client(service, region)
    return world.client(service, region)


def _invoke(world: World, arn: str, payload: str, sender: Sender, options: dict[str, Any]) -> None:
    client = _client(world, arn, sender)
    if sender.role is None:
        policy = None
        with suppress(client.exceptions.ResourceNotFoundException):
            policy = client.get_policy(FunctionName=arn)["Policy"]
        if policy is None:
            client.get_function(FunctionName=arn)  # says so when there is no such function
        _check(policy, _act(sender, "lambda:InvokeFunction", arn))
    client.invoke(FunctionName=arn, InvocationType="Event", Payload=payload.encode(), **options)


def _start(world: World, arn: str, payload: str, sender: Sender, options: dict[str, Any]) -> None:
    _client(world, arn, sender).start_execution(stateMachineArn=arn, input=payload, **options)


def _enqueue(world: World, arn: str, payload: str, sender: Sender, options: dict[str, Any]) -> None:
    client = _client(world, arn, sender)
    url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    if sender.role is None:
        names = ["Policy", "KmsMasterKeyId"]
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        attributes = found.get("Attributes", {})
        _check_key(attributes.get("KmsMasterKeyId"), arn, sender)
        _check(attributes.get("Policy"), _act(sender, "sqs:SendMessage", arn))
    client.send_message(QueueUrl=url, MessageBody=payload, **options)


def _publish(world: World, arn: str, payload: str, sender: Sender, options: dict[str, Any]) -> None:
    client = _client(world, arn, sender)
    if sender.role is None:
        attributes = client.get_topic_attributes(TopicArn=arn)["Attributes"]
        _check_key(attributes.get("KmsMasterKeyId"), arn, sender)
        _check(attributes["Policy"], _act(sender, "sns:Publish", arn))
    client.publish(TopicArn=arn, Message=payload, **options)


_SENDERS = {"lambda": _invoke, "states": _start, "sqs": _enqueue, "sns": _publish}


def _act(sender: Sender, action: str, arn: str) -> Act:
    return Act(sender.principal, action, arn, sender.source, arn.split(":")[4])


def _check(policy: str | None, act: Act) -> None:
    if not permits(policy, act):
        raise UndeliveredError(
            NO_PERMISSIONS,
            f"{act.service} is not authorized to perform: {act.action} on resource: {act.resource} "
            f"for {act.source} because no resource-based policy allows it",
        )


def _check_key(key: str | None, arn: str, sender: Sender) -> None:
    if key and MANAGED_KEYS.fullmatch(key):
        raise UndeliveredError(
            NO_PERMISSIONS,
            f"{sender.principal} cannot use {key}, the key that AWS manages, of {arn}: encrypt it "
            "with a key of your own whose policy lets the service in, or with none",
        )


def _code(code: str) -> str:
    known = ((MISSING, NO_RESOURCE), (DENIED, NO_PERMISSIONS), (THROTTLED, THROTTLING))
    return next((name for codes, name in known if code in codes), ERROR_FROM_TARGET)
