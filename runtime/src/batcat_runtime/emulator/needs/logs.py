"""CloudWatch Logs.

Permissions on a group name it with what follows: "Use the second version, with the trailing :*, to
refer to the ARN when specifying permissions in IAM policies for all other API actions", those of
tags left aside (CloudWatch Logs User Guide, "Overview of managing access permissions").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .asked import Asked, Need

PREFIX = "logs"
_GROUP = "log-group:{logGroupName}:log-stream:"
_STREAM = "log-group:{logGroupName}:log-stream:{logStreamName}"
RESOURCES = {
    "CreateLogGroup": _GROUP,
    "DeleteLogGroup": _GROUP,
    "AssociateKmsKey": _GROUP,
    "DisassociateKmsKey": _GROUP,
    "DescribeLogGroups": "log-group::log-stream:",
    "CreateLogStream": _STREAM,
    "DeleteLogStream": _STREAM,
    "PutLogEvents": _STREAM,
    "PutRetentionPolicy": _GROUP,
    "DeleteRetentionPolicy": _GROUP,
    "TagResource": "{resourceArn}",
    "UntagResource": "{resourceArn}",
    "ListTagsForResource": "{resourceArn}",
    "TagLogGroup": _GROUP,
    "UntagLogGroup": _GROUP,
    "ListTagsLogGroup": _GROUP,
    "PutResourcePolicy": "*",
    "DescribeResourcePolicies": "*",
    "DeleteResourcePolicy": "*",
}


def _identified(asked: Asked) -> list[Need]:
    """A group may be named by its ARN as well."""
    given = asked.get("logGroupName") or asked.get("logGroupIdentifier", default="")
    name = given.partition("log-group:")[2].removesuffix(":*") or given
    stream = asked.get("logStreamName", default="") if asked.operation == "GetLogEvents" else ""
    return asked.needs(asked.operation, f"log-group:{name}:log-stream:{stream}")


INSTEAD = dict.fromkeys(("DescribeLogStreams", "GetLogEvents", "FilterLogEvents"), _identified)


def _tagging(asked: Asked) -> list[Need]:
    if not asked.get("tags"):
        return []
    return asked.needs("TagResource", "log-group:{logGroupName}")


MORE = {"CreateLogGroup": _tagging}
