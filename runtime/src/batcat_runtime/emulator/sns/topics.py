"""Topics: attributes and messages that moto takes without looking at them.

Sources: CreateTopic, SetTopicAttributes and Publish in the SNS API reference.
"""

from __future__ import annotations

import json
from typing import Any

from batcat_runtime.emulator.iam import policies
from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

ATTRIBUTES = ("DisplayName", "KmsMasterKeyId", "Policy")
LONGEST_SUBJECT = 100
LARGEST_MESSAGE = 262_144


def patch() -> None:
    """Put the checks before what moto does."""
    from moto.sns.models import SNSBackend
    from moto.sns.responses import SNSResponse

    create: Any = SNSBackend.create_topic
    publish: Any = SNSBackend.publish
    batch: Any = SNSBackend.publish_batch
    change: Any = SNSResponse.set_topic_attributes
    shown: Any = SNSResponse.get_topic_attributes

    def create_topic(self: Any, name: str, attributes: Any = None, tags: Any = None) -> Any:
        for key, value in (attributes or {}).items():
            check_attribute(key, value)
        known = {topic.name: topic for topic in self.topics.values()}
        topic = create(self, name, attributes, tags)
        if name in known:
            _check_same(topic, attributes or {}, tags or {})
        return topic

    def set_topic_attributes(self: Any) -> Any:
        check_attribute(self._get_param("AttributeName"), self._get_param("AttributeValue"))
        return change(self)

    def get_topic_attributes(self: Any) -> Any:
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        pending = [
            str(one.attributes["PendingConfirmation"]) == "True"
            for one in self.backend.subscriptions.values()
            if one.topic is topic
        ]
        topic.subscriptions_pending = sum(pending)
        topic.subscriptions_confimed = len(pending) - sum(pending)  # moto's spelling
        return shown(self)

    def checked_publish(self: Any, message: str, arn: Any, **options: Any) -> Any:
        check_message(message, options.get("subject"), options.get("message_structure"))
        check_size(message, options.get("message_attributes") or {})
        return publish(self, message, arn, **options)

    def publish_batch(self: Any, topic_arn: str, publish_batch_request_entries: Any) -> Any:
        self.get_topic(topic_arn)
        return batch(self, topic_arn, publish_batch_request_entries)

    replace(
        SNSBackend, create_topic=create_topic, publish=checked_publish, publish_batch=publish_batch
    )
    replace(
        SNSResponse,
        set_topic_attributes=set_topic_attributes,
        get_topic_attributes=get_topic_attributes,
    )


def check_attribute(name: str, value: Any) -> None:
    """Refuse an attribute of a topic that has no effect here, or that is wrong.

    Raises:
        NotEmulated: it has no effect here.
        ServiceError: AWS would refuse it.
    """
    if name not in ATTRIBUTES:
        raise NotEmulated(f"sns topic attribute {name}")
    if name == "Policy":
        try:
            policies.check(value or "", policies.RESOURCE)
        except policies.PolicyError as error:
            raise invalid(f"Policy Error: {error}") from error


def check_message(message: str, subject: str | None, structure: str | None) -> None:
    """Refuse a message that AWS would refuse.

    Raises:
        ServiceError: names what is wrong.
    """
    if not message:
        raise invalid("Empty message")
    if subject is not None and (
        not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable()
    ):
        raise invalid(
            "Subject (text of at most 100 characters without line breaks or control characters)"
        )
    if structure == "json":
        try:
            parts = json.loads(message)
        except ValueError as error:
            raise invalid("Message Structure - JSON message body failed to parse") from error
        if not isinstance(parts, dict) or "default" not in parts:
            raise invalid("Message Structure - No default entry in JSON message body")


def check_size(message: str, attributes: dict[str, dict[str, Any]]) -> None:
    """Refuse a message that is too large with its attributes.

    Args:
        message: the text.
        attributes: by name, each with Type and Value.

    Raises:
        ServiceError: it is.
    """
    told = [text for name, one in attributes.items() for text in (name, *map(str, one.values()))]
    if sum(len(text.encode()) for text in (message, *told)) > LARGEST_MESSAGE:
        raise invalid("Message too long")


def invalid(reason: str) -> ServiceError:
    """InvalidParameter, in the words of SNS."""
    return ServiceError("InvalidParameter", f"Invalid parameter: {reason}")


def _check_same(topic: Any, attributes: dict[str, Any], tags: dict[str, str]) -> None:
    shown = {
        "DisplayName": topic.display_name,
        "KmsMasterKeyId": topic.kms_master_key_id,
        "Policy": topic.policy,
    }
    for name, value in attributes.items():
        same = json.loads(shown[name]) == json.loads(value) if name == "Policy" else None
        if not (shown[name] == value if same is None else same):
            raise invalid("Attributes Reason: Topic already exists with different attributes")
    if tags and tags != topic._tags:  # noqa: SLF001 - moto's own
        raise invalid("Tags Reason: Topic already exists with different tags")
