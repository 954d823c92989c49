"""SQS: standard queues, their dead letters and their messages; no FIFO queues.

Names of attributes, which are the keys of maps, are checked by our own extension.
"""

from __future__ import annotations

_ENTRIES = "Entries.Id Entries.ReceiptHandle"

OPERATIONS: dict[str, str] = {
    "CreateQueue": "QueueName Attributes tags",
    "DeleteQueue": "QueueUrl",
    "GetQueueUrl": "QueueName",
    "ListQueues": "QueueNamePrefix NextToken MaxResults",
    "ListDeadLetterSourceQueues": "QueueUrl",
    "GetQueueAttributes": "QueueUrl AttributeNames",
    "SetQueueAttributes": "QueueUrl Attributes",
    "SendMessage": "QueueUrl MessageBody DelaySeconds MessageAttributes",
    "SendMessageBatch": (
        "QueueUrl Entries.Id Entries.MessageBody Entries.DelaySeconds Entries.MessageAttributes"
    ),
    "ReceiveMessage": (
        "QueueUrl AttributeNames MessageSystemAttributeNames MessageAttributeNames "
        "MaxNumberOfMessages VisibilityTimeout WaitTimeSeconds"
    ),
    "DeleteMessage": "QueueUrl ReceiptHandle",
    "DeleteMessageBatch": f"QueueUrl {_ENTRIES}",
    "ChangeMessageVisibility": "QueueUrl ReceiptHandle VisibilityTimeout",
    "ChangeMessageVisibilityBatch": f"QueueUrl {_ENTRIES} Entries.VisibilityTimeout",
    "PurgeQueue": "QueueUrl",
    "TagQueue": "QueueUrl Tags",
    "UntagQueue": "QueueUrl TagKeys",
    "ListQueueTags": "QueueUrl",
}
"""Operation to the members that have their effect."""
