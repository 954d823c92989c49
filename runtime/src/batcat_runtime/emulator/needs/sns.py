"""SNS: a topic's own policy counts as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam.accounts import regional

from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked, Keys

PREFIX = "sns"
RESOURCES = {
    "Unsubscribe": "*",
    "GetSubscriptionAttributes": "*",
    "SetSubscriptionAttributes": "*",
    **dict.fromkeys(("TagResource", "UntagResource", "ListTagsForResource"), "{ResourceArn}"),
}
ACTIONS = {"PublishBatch": "Publish"}
ON_TOPIC = (
    *("CreateTopic", "DeleteTopic", "GetTopicAttributes", "SetTopicAttributes", "Subscribe"),
    *("ListSubscriptionsByTopic", "Publish", "PublishBatch"),
)
KEYS = frozenset({"sns:protocol", "sns:endpoint", "aws:sourceowner"})


def _on_topic(asked: Asked) -> list[Need]:
    arn = asked.get("TopicArn") or asked.arn(str(asked.get("Name")))
    backend: Any = regional(asked.world, "sns", asked.region)
    topic = backend.topics.get(arn) if backend else None
    action = f"sns:{ACTIONS.get(asked.operation, asked.operation)}"
    found = [Need(action, arn, {}, topic.policy if topic else None, f"policy of topic {arn}")]
    if asked.operation == "CreateTopic" and asked.get("Tags"):
        found.append(Need("sns:TagResource", arn))
    return found


def _listed(asked: Asked) -> list[Need]:
    return [Need(f"sns:{asked.operation}", asked.arn("*"))]


INSTEAD = {
    **dict.fromkeys(ON_TOPIC, _on_topic),
    **dict.fromkeys(("ListTopics", "ListSubscriptions"), _listed),
}


def keys(asked: Asked) -> Keys:
    """Condition keys of a subscription."""
    given = {"sns:protocol": asked.get("Protocol"), "sns:endpoint": asked.get("Endpoint")}
    return {name: (str(value),) for name, value in given.items() if value}
