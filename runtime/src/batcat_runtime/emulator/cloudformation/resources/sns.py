"""SNS topics, who may use them, and who listens."""

from __future__ import annotations

from typing import Any, ClassVar

from .base import (
    ANY,
    AlreadyExistsError,
    Handler,
    Properties,
    Task,
    changed_tags,
    document_text,
    policy_text,
    unless_missing,
)

ATTRIBUTES = ("DisplayName", "KmsMasterKeyId")
OF_SUBSCRIPTION = ("FilterPolicyScope", "FilterPolicy", "RawMessageDelivery", "RedrivePolicy")
"""The scope comes first: a policy is checked by it."""

UNSET = {"FilterPolicyScope": "MessageAttributes", "RawMessageDelivery": "false"}


class Topic(Handler):
    """``AWS::SNS::Topic``."""

    properties: ClassVar[Properties] = {
        "DisplayName": ANY,
        "FifoTopic": ANY,
        "KmsMasterKeyId": ANY,
        "Subscription": [{"Endpoint": ANY, "Protocol": ANY}],
        "Tags": ANY,
        "TopicName": ANY,
    }
    attributes = frozenset({"TopicArn", "TopicName"})

    def refused(self, properties: Properties) -> str | None:
        """FIFO topics are not emulated."""
        return "FifoTopic true" if properties.get("FifoTopic") is True else None

    def create(self, task: Task, properties: Properties) -> str:
        """Make the topic; one of that name that exists is an error, even one's own."""
        sns = task.client("sns")
        name = str(properties.get("TopicName") or task.name(256))
        arn = task.arn("sns", name)
        try:
            sns.get_topic_attributes(TopicArn=arn)
        except sns.exceptions.NotFoundException:
            pass
        else:
            raise AlreadyExistsError(name)
        given = {key: properties[key] for key in ATTRIBUTES if properties.get(key)}
        tags = {"Tags": properties["Tags"]} if properties.get("Tags") else {}
        sns.create_topic(Name=name, Attributes=given, **tags)
        task.began(arn)
        self._subscribe(task, arn, properties, {})
        return arn

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change attributes, subscriptions and tags."""
        sns = task.client("sns")
        for key in ATTRIBUTES:
            if new.get(key) != old.get(key):
                value = new.get(key) or ""
                sns.set_topic_attributes(
                    TopicArn=physical_id, AttributeName=key, AttributeValue=value
                )
        self._subscribe(task, physical_id, new, old)
        add, remove = changed_tags(new, old)
        if add:
            entries = [{"Key": key, "Value": value} for key, value in add.items()]
            sns.tag_resource(ResourceArn=physical_id, Tags=entries)
        if remove:
            sns.untag_resource(ResourceArn=physical_id, TagKeys=remove)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the topic with its subscriptions."""
        task.client("sns").delete_topic(TopicArn=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN and name."""
        return {"TopicArn": physical_id, "TopicName": physical_id.rpartition(":")[2]}

    def _subscribe(self, task: Task, arn: str, new: Properties, old: Properties) -> None:
        sns = task.client("sns")
        wanted, present = new.get("Subscription") or [], old.get("Subscription") or []
        for one in wanted:
            if one not in present:
                sns.subscribe(TopicArn=arn, **one)
        gone = [one for one in present if one not in wanted]
        for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn):
            for found in page["Subscriptions"]:
                one = {"Endpoint": found["Endpoint"], "Protocol": found["Protocol"]}
                if one in gone and found["SubscriptionArn"].startswith("arn:"):
                    sns.unsubscribe(SubscriptionArn=found["SubscriptionArn"])


class TopicPolicy(Handler):
    """``AWS::SNS::TopicPolicy``."""

    properties: ClassVar[Properties] = {"PolicyDocument": ANY, "Topics": ANY}
    attributes = frozenset({"Id"})

    def create(self, task: Task, properties: Properties) -> str:
        """Put the policy on each topic."""
        name = task.name(128)
        task.began(name)
        self.update(task, name, properties, {})
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Put the new document on each topic, and the default on those that are left out."""
        for arn in new["Topics"]:
            self._put(task, arn, policy_text(new["PolicyDocument"]))
        gone = [arn for arn in old.get("Topics") or [] if arn not in new["Topics"]]
        self.delete(task, physical_id, {"Topics": gone})

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Give each topic that is still there the policy that a new one has."""
        for arn in properties["Topics"]:
            policy = document_text(_default_policy(task, arn))
            unless_missing(self._put, task=task, arn=arn, policy=policy)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its id."""
        return {"Id": physical_id}

    def _put(self, task: Task, arn: str, policy: str) -> None:
        task.client("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=policy
        )


class Subscription(Handler):
    """``AWS::SNS::Subscription``."""

    properties: ClassVar[Properties] = {
        "Endpoint": ANY,
        "FilterPolicy": ANY,
        "FilterPolicyScope": ANY,
        "Protocol": ANY,
        "RawMessageDelivery": ANY,
        "RedrivePolicy": ANY,
        "TopicArn": ANY,
    }
    attributes = frozenset({"Arn"})

    def create(self, task: Task, properties: Properties) -> str:
        """Subscribe; an email address waits for its owner's confirmation."""
        made = task.client("sns").subscribe(
            TopicArn=properties["TopicArn"],
            Protocol=properties["Protocol"],
            Endpoint=properties.get("Endpoint", ""),
            Attributes=_attributes(properties),
            ReturnSubscriptionArn=True,
        )
        task.began(made["SubscriptionArn"])
        return str(made["SubscriptionArn"])

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change the attributes that differ."""
        wanted, present = _attributes(new), _attributes(old)
        for name in OF_SUBSCRIPTION:
            if wanted.get(name) != present.get(name):
                value = wanted.get(name, UNSET.get(name, ""))
                task.client("sns").set_subscription_attributes(
                    SubscriptionArn=physical_id, AttributeName=name, AttributeValue=value
                )

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """End the subscription."""
        task.client("sns").unsubscribe(SubscriptionArn=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN."""
        return {"Arn": physical_id}


def _attributes(properties: Properties) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else document_text(value)
        for name in OF_SUBSCRIPTION
        if (value := properties.get(name)) is not None
    }


def _default_policy(task: Task, arn: str) -> dict[str, Any]:
    """The policy of a new topic (SNS developer guide, "Default Amazon SNS topic policy")."""
    actions = ("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission")
    more = ("DeleteTopic", "Subscribe", "ListSubscriptionsByTopic", "Publish")
    return {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in (*actions, *more)],
                "Resource": arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": task.account}},
            }
        ],
    }
