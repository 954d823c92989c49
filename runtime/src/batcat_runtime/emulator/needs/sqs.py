"""SQS: a queue's own policy counts as well; each batch needs the action of one message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam.accounts import regional

from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked

PREFIX = "sqs"
RESOURCES: dict[str, str] = {}
ACTIONS = {
    "SendMessageBatch": "SendMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
}
ON_QUEUE = (
    *("CreateQueue", "DeleteQueue", "GetQueueUrl", "ListDeadLetterSourceQueues"),
    *("GetQueueAttributes", "SetQueueAttributes", "SendMessage", "SendMessageBatch"),
    *("ReceiveMessage", "DeleteMessage", "DeleteMessageBatch", "ChangeMessageVisibility"),
    *("ChangeMessageVisibilityBatch", "PurgeQueue", "TagQueue", "UntagQueue", "ListQueueTags"),
)


def _on_queue(asked: Asked) -> list[Need]:
    name = asked.get("QueueName") or str(asked.get("QueueUrl", default="")).rpartition("/")[2]
    backend: Any = regional(asked.world, "sqs", asked.region)
    queue = backend.queues.get(name) if backend else None
    action = f"sqs:{ACTIONS.get(asked.operation, asked.operation)}"
    policy = queue.policy if queue else None
    found = [Need(action, asked.arn(name), {}, policy or None, f"policy of queue {name}")]
    if asked.operation == "CreateQueue" and asked.get("tags"):
        found.append(Need("sqs:TagQueue", asked.arn(name)))
    return found


def _listed(asked: Asked) -> list[Need]:
    return [Need("sqs:ListQueues", asked.arn(""))]


INSTEAD = {**dict.fromkeys(ON_QUEUE, _on_queue), "ListQueues": _listed}
