"""What becomes of a published message: queues and functions receive it.

Forms: "Amazon SNS message and JSON formats" and "Fanout to Lambda functions" in the SNS developer
guide. moto sends to its own Lambda, asks no queue's policy, and makes a key per subscription.
"""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from threading import Thread
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.sending import Sender, UndeliveredError, send

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

PRINCIPAL = "sns.amazonaws.com"


def patch(world: World) -> None:
    """Replace how moto delivers a message to a subscription.

    Args:
        world: makes the clients.
    """
    from moto.sns.models import Subscription

    make_key: Any = Subscription.private_key
    shared_key = lru_cache(maxsize=1)(lambda: make_key(None))

    def publish(
        self: Any,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        if self.attributes["PendingConfirmation"]:
            return
        if more.get("message_structure") == "json":
            parts = json.loads(message)
            message = parts.get(self.protocol) or parts["default"]
        notice = notice_of(self, message, message_id, subject, message_attributes or {})
        # The publisher does not wait for those that listen.
        Thread(target=_deliver, args=(world, self, notice), daemon=True).start()

    replace(Subscription, publish=publish, private_key=lambda _: shared_key())


def notice_of(
    subscription: Any,
    message: str,
    message_id: str,
    subject: str | None,
    attributes: dict[str, Any],
) -> dict[str, Any]:
    """The message as its receivers see it, with every field that a subscription gets.

    Args:
        subscription: moto's.
        message: the text.
        message_id: its id.
        subject: its subject, if it has one.
        attributes: its attributes, each with Type and Value.
    """
    made: dict[str, Any] = subscription.get_post_data(message, message_id, subject, attributes)
    region = subscription.topic.arn.split(":")[3]
    made["UnsubscribeURL"] = (
        f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription.arn}"
    )
    order = ("Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp")
    return {key: made[key] for key in (*order, *made) if key in made}


def lambda_event(subscription: str, notice: dict[str, Any]) -> dict[str, Any]:
    """The event that SNS gives a function.

    Args:
        subscription: ARN of the subscription.
        notice: the message with all its fields.
    """
    told = {key.replace("URL", "Url"): value for key, value in notice.items()}
    told = {"Subject": None, "MessageAttributes": {}, **told}
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription,
                "Sns": told,
            }
        ]
    }


def _deliver(world: World, subscription: Any, notice: dict[str, Any]) -> None:
    sender = Sender(PRINCIPAL, subscription.topic.arn)
    options: dict[str, Any] = {}
    if subscription.protocol == "lambda":
        text = json.dumps(lambda_event(subscription.arn, notice))
    elif subscription.attributes.get("RawMessageDelivery") is True:
        text = notice["Message"]
        options["MessageAttributes"] = _raw(notice.get("MessageAttributes") or {})
    else:
        text = json.dumps(notice, indent=2)
    try:
        send(world, subscription.endpoint, text, sender, **options)
    except UndeliveredError as error:
        _give_up(world, subscription, text, error)


def _give_up(world: World, subscription: Any, text: str, error: UndeliveredError) -> None:
    policy = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
    said = f"batcat local: {subscription.arn} could not reach {subscription.endpoint}: {error}\n"
    if policy:
        try:
            queue = policy["deadLetterTargetArn"]
            send(world, queue, text, Sender(PRINCIPAL, subscription.topic.arn))
        except UndeliveredError as second:
            said += f"batcat local: nor its dead-letter queue: {second}\n"
    sys.stderr.write(said)


def _raw(attributes: dict[str, Any]) -> dict[str, Any]:
    shown = {}
    for name, given in attributes.items():
        kind = "BinaryValue" if given["Type"].startswith("Binary") else "StringValue"
        shown[name] = {"DataType": given["Type"], kind: str(given["Value"])}
    return shown
