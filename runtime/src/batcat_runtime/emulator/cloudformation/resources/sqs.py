"""SQS queues and who may use them."""

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
    is_missing,
    policy_text,
    tags_of,
    unless_missing,
)

DEFAULTS: dict[str, Any] = {
    "DelaySeconds": 0,
    "KmsDataKeyReusePeriodSeconds": 300,
    "KmsMasterKeyId": "",
    "MaximumMessageSize": 1_048_576,
    "MessageRetentionPeriod": 345_600,
    "ReceiveMessageWaitTimeSeconds": 0,
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": True,
    "VisibilityTimeout": 30,
}
"""Values of what a template leaves out (CreateQueue, SQS API reference)."""


class Queue(Handler):
    """``AWS::SQS::Queue``."""

    properties: ClassVar[Properties] = {
        "QueueName": ANY,
        "Tags": ANY,
        **dict.fromkeys(DEFAULTS, ANY),
    }
    attributes = frozenset({"Arn", "QueueName", "QueueUrl"})

    def create(self, task: Task, properties: Properties) -> str:
        """Make the queue; one of that name that exists is an error, even one's own."""
        sqs = task.client("sqs")
        name = str(properties.get("QueueName") or task.name(80))
        try:
            sqs.get_queue_url(QueueName=name)
        except sqs.exceptions.ClientError as error:
            if not is_missing(error):
                raise
        else:
            raise AlreadyExistsError(name)
        tags = {"tags": tags_of(properties)} if properties.get("Tags") else {}
        url = sqs.create_queue(QueueName=name, Attributes=_attributes(properties), **tags)
        task.began(url["QueueUrl"])
        return str(url["QueueUrl"])

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change attributes and tags; what is gone returns to SQS's default."""
        sqs = task.client("sqs")
        gone = {k: DEFAULTS[k] for k in DEFAULTS if k in old and k not in new}
        if new.get("KmsMasterKeyId"):
            gone.pop("SqsManagedSseEnabled", None)
        changed = {k: v for k, v in new.items() if k in DEFAULTS and v != old.get(k)}
        attributes = _attributes({**gone, **changed})
        if attributes:
            sqs.set_queue_attributes(QueueUrl=physical_id, Attributes=attributes)
        add, remove = changed_tags(new, old)
        if add:
            sqs.tag_queue(QueueUrl=physical_id, Tags=add)
        if remove:
            sqs.untag_queue(QueueUrl=physical_id, TagKeys=remove)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the queue with its messages."""
        task.client("sqs").delete_queue(QueueUrl=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN, name and address."""
        name = physical_id.rpartition("/")[2]
        return {"Arn": task.arn("sqs", name), "QueueName": name, "QueueUrl": physical_id}


class QueuePolicy(Handler):
    """``AWS::SQS::QueuePolicy``."""

    properties: ClassVar[Properties] = {"PolicyDocument": ANY, "Queues": ANY}
    attributes = frozenset({"Id"})

    def create(self, task: Task, properties: Properties) -> str:
        """Put the policy on each queue."""
        name = task.name(128)
        task.began(name)
        self.update(task, name, properties, {})
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Put the new document on each queue, and none on those that are left out."""
        sqs = task.client("sqs")
        for url in new["Queues"]:
            policy = {"Policy": policy_text(new["PolicyDocument"])}
            sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)
        gone = [url for url in old.get("Queues") or [] if url not in new["Queues"]]
        self.delete(task, physical_id, {"Queues": gone})

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Take the policy off each queue that is still there."""
        put = task.client("sqs").set_queue_attributes
        for url in properties["Queues"]:
            unless_missing(put, QueueUrl=url, Attributes={"Policy": ""})

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its id."""
        return {"Id": physical_id}


def _attributes(properties: Properties) -> dict[str, str]:
    shown = {}
    for name, value in properties.items():
        if name in DEFAULTS:
            shown[name] = str(value).lower() if isinstance(value, bool) else document_text(value)
    return {name: str(value) for name, value in shown.items()}
