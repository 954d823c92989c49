"""CloudWatch Logs.

AWS documents that it ignores ``sequenceToken`` and ``interleaved``, and so does our extension.
"""

from __future__ import annotations

_PAGE = "nextToken limit"

OPERATIONS: dict[str, str] = {
    "CreateLogGroup": "logGroupName kmsKeyId tags",
    "DeleteLogGroup": "logGroupName",
    "AssociateKmsKey": "logGroupName kmsKeyId",
    "DisassociateKmsKey": "logGroupName",
    "DescribeLogGroups": f"logGroupNamePrefix {_PAGE}",
    "CreateLogStream": "logGroupName logStreamName",
    "DeleteLogStream": "logGroupName logStreamName",
    "DescribeLogStreams": (
        f"logGroupName logGroupIdentifier logStreamNamePrefix orderBy descending {_PAGE}"
    ),
    "PutLogEvents": (
        "logGroupName logStreamName logEvents.timestamp logEvents.message sequenceToken"
    ),
    "GetLogEvents": (
        "logGroupName logGroupIdentifier logStreamName startTime endTime startFromHead "
        f"unmask=false {_PAGE}"
    ),
    "FilterLogEvents": (
        "logGroupName logStreamNames startTime endTime filterPattern interleaved unmask=false "
        f"{_PAGE}"
    ),
    "PutRetentionPolicy": "logGroupName retentionInDays",
    "DeleteRetentionPolicy": "logGroupName",
    "TagResource": "resourceArn tags",
    "UntagResource": "resourceArn tagKeys",
    "ListTagsForResource": "resourceArn",
    "TagLogGroup": "logGroupName tags",
    "UntagLogGroup": "logGroupName tags",
    "ListTagsLogGroup": "logGroupName",
    "PutResourcePolicy": "policyName policyDocument",
    "DescribeResourcePolicies": "",
    "DeleteResourcePolicy": "policyName",
}
"""Operation to the members that have their effect."""
