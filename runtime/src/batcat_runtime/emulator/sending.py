"""How one service hands something to another: to a function, a state machine, a queue or a topic.

What the receiver's policy does not allow, or its key does not let the sender read, does not arrive,
as in AWS. What was sent on behalf of a role is judged by the role's policies instead.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
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
SESSION = sha256(b"batcat local").hexdigest()[:32]
"""Name of the sessions in which services send; AWS makes one up for each."""

NO_RESOURCE, NO_PERMISSIONS = "NO_RESOURCE", "NO_PERMISSIONS"
ERROR_FROM_TARGET, THROTTLING = "ERROR_FROM_TARGET", "THROTTLING"


class UndeliveredError(Exception):
    """Something did not arrive.

    Args:
        code: why, as EventBridge names it in a dead letter (EventBridge user guide, "Using
            dead-letter queues").
        message: what the target said.
        said: the target's own error code, if it gave one.
    """

    def __init__(self, code: str, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said
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
        check(world, arn, sender)
        _SENDERS[kind_of(arn)](world, arn, payload, sender, options)
    except ClientError as error:
        problem = error.response["Error"]
        said = problem["Code"]
        raise UndeliveredError(_code(said), problem["Message"], said) from error
    except BotoCoreError as error:
        raise UndeliveredError(ERROR_FROM_TARGET, str(error)) from error


def _client(world: World, arn: str, sender: Sender) -> Any:
    region = arn.split(":")[3]
    service = {"states": "stepfunctions"}.get(kind_of(arn), kind_of(arn))
    if sender.role is None:
        return world.client(service, region)
    return world.client(service, region, world.session(sender.role, SESSION).key)


def check(world: World, arn: str, sender: Sender) -> None:
    """Whether the receiver's policy and key let a service in; a role is judged where it calls.

    Args:
        world: makes the clients.
        arn: to whom it would send.
        sender: who would.

    Raises:
        UndeliveredError: they do not, or there is no such receiver.
        ClientError: there is no such receiver.
    """
    permit = _PERMITS.get(kind_of(arn))
    if sender.role is None and permit is not None:
        permit(world, arn, sender)


def _permit_function(world: World, arn: str, sender: Sender) -> None:
    client, policy = _client(world, arn, sender), None
    with suppress(client.exceptions.ResourceNotFoundException):
        policy = client.get_policy(FunctionName=arn)["Policy"]
    if policy is None:
        client.get_function(FunctionName=arn)  # says so when there is no such function
    _check(policy, _act(sender, "lambda:InvokeFunction", arn))


def _permit_queue(world: World, arn: str, sender: Sender) -> None:
    client = _client(world, arn, sender)
    names = ["Policy", "KmsMasterKeyId"]
    found = client.get_queue_attributes(QueueUrl=_url(world, arn), AttributeNames=names)
    attributes = found.get("Attributes", {})
    _check_key(attributes.get("KmsMasterKeyId"), arn, sender)
    _check(attributes.get("Policy"), _act(sender, "sqs:SendMessage", arn))


def _permit_topic(world: World, arn: str, sender: Sender) -> None:
    attributes = _client(world, arn, sender).get_topic_attributes(TopicArn=arn)["Attributes"]
    _check_key(attributes.get("KmsMasterKeyId"), arn, sender)
    _check(attributes["Policy"], _act(sender, "sns:Publish", arn))


_PERMITS = {"lambda": _permit_function, "sqs": _permit_queue, "sns": _permit_topic}


def _invoke(world: World, arn: str, payload: str, sender: Sender, options: dict[str, Any]) -> None:
    client = _client(world, arn, sender)
    client.invoke(FunctionName=arn, InvocationType="Event", Payload=payload.encode(), **options)


def _start(world: World, arn: str, payload: str, sender: Sender, options: dict[str, Any]) -> None:
    _client(world, arn, sender).start_execution(stateMachineArn=arn, input=payload, **options)


def _enqueue(world: World, arn: str, payload: str, sender: Sender, options: dict[str, Any]) -> None:
    client = _client(world, arn, sender)
    client.send_message(QueueUrl=_url(world, arn), MessageBody=payload, **options)


def _publish(world: World, arn: str, payload: str, sender: Sender, options: dict[str, Any]) -> None:
    _client(world, arn, sender).publish(TopicArn=arn, Message=payload, **options)


def _url(world: World, arn: str) -> str:
    """A queue's address, which a service knows without asking."""
    client = world.client("sqs", arn.split(":")[3])
    return str(client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])


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
