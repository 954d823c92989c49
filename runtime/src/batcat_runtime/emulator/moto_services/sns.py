"""SNS: topics and subscriptions of queues, functions and email addresses; no FIFO topics or push.

Names of attributes, which are the keys of maps, are checked by our own extension.
"""

from __future__ import annotations

_ENTRY = "PublishBatchRequestEntries"
_ATTRIBUTES = "MessageAttributes"

OPERATIONS: dict[str, str] = {
    "CreateTopic": "Name Attributes Tags.Key Tags.Value",
    "DeleteTopic": "TopicArn",
    "ListTopics": "NextToken",
    "GetTopicAttributes": "TopicArn",
    "SetTopicAttributes": "TopicArn AttributeName AttributeValue",
    "Subscribe": "TopicArn Protocol=sqs|lambda|email Endpoint Attributes ReturnSubscriptionArn",
    "Unsubscribe": "SubscriptionArn",
    "ListSubscriptions": "NextToken",
    "ListSubscriptionsByTopic": "TopicArn NextToken",
    "GetSubscriptionAttributes": "SubscriptionArn",
    "SetSubscriptionAttributes": "SubscriptionArn AttributeName AttributeValue",
    "Publish": f"TopicArn Message Subject MessageStructure {_ATTRIBUTES}",
    "PublishBatch": (
        f"TopicArn {_ENTRY}.Id {_ENTRY}.Message {_ENTRY}.Subject {_ENTRY}.MessageStructure "
        f"{_ENTRY}.{_ATTRIBUTES}"
    ),
    "TagResource": "ResourceArn Tags.Key Tags.Value",
    "UntagResource": "ResourceArn TagKeys",
    "ListTagsForResource": "ResourceArn",
}
"""Operation to the members that have their effect."""
