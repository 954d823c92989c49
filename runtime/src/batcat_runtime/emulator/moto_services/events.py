"""EventBridge: rules, targets and buses; what a target may be is checked by our own extension.

``Force`` is let through: it matters for rules that AWS manages, and none are.
"""

from __future__ import annotations

_PAGE = "NextToken Limit"

OPERATIONS: dict[str, str] = {
    "PutRule": (
        "Name ScheduleExpression EventPattern State=ENABLED|DISABLED Description RoleArn "
        "EventBusName Tags.Key Tags.Value"
    ),
    "DescribeRule": "Name EventBusName",
    "DeleteRule": "Name EventBusName Force",
    "ListRules": f"NamePrefix EventBusName {_PAGE}",
    "EnableRule": "Name EventBusName",
    "DisableRule": "Name EventBusName",
    "PutTargets": (
        "Rule EventBusName Targets.Id Targets.Arn Targets.RoleArn Targets.Input Targets.InputPath "
        "Targets.InputTransformer.InputPathsMap Targets.InputTransformer.InputTemplate "
        "Targets.DeadLetterConfig.Arn Targets.RetryPolicy.MaximumRetryAttempts "
        "Targets.RetryPolicy.MaximumEventAgeInSeconds"
    ),
    "RemoveTargets": "Rule EventBusName Ids Force",
    "ListTargetsByRule": f"Rule EventBusName {_PAGE}",
    "ListRuleNamesByTarget": f"TargetArn EventBusName {_PAGE}",
    "PutEvents": (
        "Entries.Time Entries.Source Entries.Resources Entries.DetailType Entries.Detail "
        "Entries.EventBusName"
    ),
    "CreateEventBus": "Name EventSourceName Description Tags.Key Tags.Value",
    "DescribeEventBus": "Name",
    "DeleteEventBus": "Name",
    "ListEventBuses": f"NamePrefix {_PAGE}",
    "TagResource": "ResourceARN Tags.Key Tags.Value",
    "UntagResource": "ResourceARN TagKeys",
    "ListTagsForResource": "ResourceARN",
}
"""Operation to the members that have their effect."""
