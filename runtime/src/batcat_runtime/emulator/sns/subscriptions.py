"""Subscriptions: endpoints that can be, their attributes, and those that wait for a confirmation.

An email address is subscribed when its owner follows a link, which nobody gets here, so it waits
for ever and receives nothing. Sources: Subscribe, ListSubscriptions and SetSubscriptionAttributes
in the SNS API reference.
"""

from __future__ import annotations

import json
import re
from typing import Any

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from .topics import invalid

ATTRIBUTES = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")
ENDPOINTS = {
    "sqs": re.compile(r"arn:[a-z-]+:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}"),
    "lambda": re.compile(r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
}
WAITING = "pending confirmation"
LISTED_WAITING = "PendingConfirmation"


def patch() -> None:
    """Put the checks before what moto does, and show which subscriptions wait."""
    from moto.sns.models import SNSBackend
    from moto.sns.responses import SNSResponse

    replace(
        SNSBackend,
        subscribe=_checked_subscribe(SNSBackend.subscribe),
        set_subscription_attributes=_checked_change(SNSBackend.set_subscription_attributes),
        unsubscribe=_checked_unsubscribe(SNSBackend.unsubscribe),
    )
    replace(
        SNSResponse,
        subscribe=_answered_subscribe(SNSResponse.subscribe),
        list_subscriptions=_listed,
        list_subscriptions_by_topic=_listed,
    )


def _checked_subscribe(subscribe: Any) -> Any:
    def checked(self: Any, topic_arn: str, endpoint: str, protocol: str) -> Any:
        if not ENDPOINTS[protocol].fullmatch(endpoint or ""):
            raise invalid(f"Endpoint Reason: {endpoint} is not an endpoint for {protocol}")
        made = subscribe(self, topic_arn, endpoint, protocol)
        if protocol == "email":
            made.attributes["PendingConfirmation"] = True
            made.attributes["ConfirmationWasAuthenticated"] = False
        return made

    return checked


def _answered_subscribe(answer: Any) -> Any:
    def answered(self: Any) -> Any:
        from moto.core.responses import ActionResult

        for name, value in (self._get_param("Attributes") or {}).items():
            check_attribute(name, value)
        result = answer(self)
        waits = self._get_param("Protocol") == "email"
        if waits and not self._get_param("ReturnSubscriptionArn"):
            return ActionResult({"SubscriptionArn": WAITING})
        return result

    return answered


def _checked_change(change: Any) -> Any:
    def checked(self: Any, arn: str, name: str, value: Any) -> None:
        check_attribute(name, value)
        change(self, arn, name, value)

    return checked


def _checked_unsubscribe(unsubscribe: Any) -> Any:
    def checked(self: Any, subscription_arn: str) -> None:
        if len(subscription_arn.split(":")) != 7:  # noqa: PLR2004 - of such an ARN
            raise invalid("SubscriptionArn Reason: An ARN must have at least 6 elements")
        unsubscribe(self, subscription_arn)

    return checked


def _listed(self: Any) -> Any:
    from moto.core.responses import ActionResult

    token, topic = self._get_param("NextToken"), self._get_param("TopicArn")
    found, following = (
        self.backend.list_subscriptions_by_topic(topic, next_token=token)
        if topic
        else self.backend.list_subscriptions(next_token=token)
    )
    shown = [_shown(one) for one in found]
    return ActionResult({"Subscriptions": shown, "NextToken": following})


def check_attribute(name: str, value: Any) -> None:
    """Refuse an attribute of a subscription that has no effect here, or that is wrong.

    Raises:
        NotEmulated: it has no effect here.
        ServiceError: AWS would refuse it.
    """
    if name not in ATTRIBUTES:
        raise NotEmulated(f"sns subscription attribute {name}")
    if name in ("FilterPolicy", "RedrivePolicy") and value:
        try:
            document = json.loads(value)
        except ValueError as error:
            raise invalid(f"{name}: failed to parse JSON. {error}") from error
        if not isinstance(document, dict):
            raise invalid(f"{name} must be a JSON object")
        if name == "RedrivePolicy" and not ENDPOINTS["sqs"].fullmatch(
            str(document.get("deadLetterTargetArn"))
        ):
            raise invalid("RedrivePolicy: deadLetterTargetArn must be the ARN of an SQS queue")
    if name == "FilterPolicyScope" and value not in ("MessageAttributes", "MessageBody"):
        raise ServiceError("InvalidParameter", f"Invalid parameter: FilterPolicyScope {value}")


def _shown(subscription: Any) -> dict[str, str]:
    waits = subscription.attributes["PendingConfirmation"]
    return {
        "SubscriptionArn": LISTED_WAITING if waits else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic.arn,
    }
