"""EventBridge Scheduler: schedules and their groups."""

from __future__ import annotations

EFFECTIVE = {
    "CreateSchedule": """Name GroupName ScheduleExpression ScheduleExpressionTimezone StartDate
        EndDate Description State ActionAfterCompletion FlexibleTimeWindow.Mode Target.Arn
        Target.RoleArn Target.Input Target.DeadLetterConfig.Arn
        Target.RetryPolicy.MaximumEventAgeInSeconds Target.RetryPolicy.MaximumRetryAttempts""",
    "UpdateSchedule": """Name GroupName ScheduleExpression ScheduleExpressionTimezone StartDate
        EndDate Description State ActionAfterCompletion FlexibleTimeWindow.Mode Target.Arn
        Target.RoleArn Target.Input Target.DeadLetterConfig.Arn
        Target.RetryPolicy.MaximumEventAgeInSeconds Target.RetryPolicy.MaximumRetryAttempts""",
    "GetSchedule": "Name GroupName",
    "DeleteSchedule": "Name GroupName",
    "ListSchedules": "GroupName NamePrefix State NextToken MaxResults",
    "CreateScheduleGroup": "Name Tags.Key Tags.Value",
    "GetScheduleGroup": "Name",
    "ListScheduleGroups": "NamePrefix",
    "DeleteScheduleGroup": "Name",
    "TagResource": "ResourceArn Tags.Key Tags.Value",
    "UntagResource": "ResourceArn TagKeys",
    "ListTagsForResource": "ResourceArn",
}

_SCHEDULE = {
    "ClientToken": "no answer is ever lost on the loopback interface, so nothing is sent twice",
    "FlexibleTimeWindow.MaximumWindowInMinutes": "a schedule is due at the window's start",
}
HELD = {
    "CreateSchedule": _SCHEDULE,
    "UpdateSchedule": _SCHEDULE,
    "DeleteSchedule": {"ClientToken": _SCHEDULE["ClientToken"]},
    "CreateScheduleGroup": {"ClientToken": _SCHEDULE["ClientToken"]},
    "DeleteScheduleGroup": {"ClientToken": _SCHEDULE["ClientToken"]},
}
