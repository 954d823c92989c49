"""EventBridge Scheduler: schedules."""

from __future__ import annotations

EFFECTIVE = {
    "CreateSchedule": """Name GroupName ScheduleExpression ScheduleExpressionTimezone StartDate
        EndDate Description State ActionAfterCompletion FlexibleTimeWindow.Mode Target.Arn
        Target.RoleArn Target.Input""",
    "UpdateSchedule": """Name GroupName ScheduleExpression ScheduleExpressionTimezone StartDate
        EndDate Description State ActionAfterCompletion FlexibleTimeWindow.Mode Target.Arn
        Target.RoleArn Target.Input""",
    "GetSchedule": "Name GroupName",
    "DeleteSchedule": "Name GroupName",
    "ListSchedules": "GroupName NamePrefix State NextToken MaxResults",
}

_SCHEDULE = {
    "ClientToken": "no answer is ever lost on the loopback interface, so nothing is sent twice",
    "FlexibleTimeWindow.MaximumWindowInMinutes": "a schedule is due at the window's start",
    "Target.RetryPolicy.MaximumEventAgeInSeconds": "a target here is there or does not exist",
    "Target.RetryPolicy.MaximumRetryAttempts": "a target here is there or does not exist",
}
HELD = {
    "CreateSchedule": _SCHEDULE,
    "UpdateSchedule": _SCHEDULE,
    "DeleteSchedule": {"ClientToken": _SCHEDULE["ClientToken"]},
}
