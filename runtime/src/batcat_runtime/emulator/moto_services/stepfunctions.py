"""Step Functions: what a definition may say is checked by our own extension.

State machine versions are not emulated, so nothing is published.
"""

from __future__ import annotations

_PAGE = "maxResults nextToken"
_CONFIGURATION = (
    "definition roleArn publish=false loggingConfiguration.level "
    "loggingConfiguration.includeExecutionData "
    "loggingConfiguration.destinations.cloudWatchLogsLogGroup.logGroupArn "
    "tracingConfiguration.enabled encryptionConfiguration.type"
)

OPERATIONS: dict[str, str] = {
    "CreateStateMachine": f"name type tags.key tags.value {_CONFIGURATION}",
    "UpdateStateMachine": f"stateMachineArn {_CONFIGURATION}",
    "DeleteStateMachine": "stateMachineArn",
    "DescribeStateMachine": "stateMachineArn includedData",
    "ListStateMachines": _PAGE,
    "StartExecution": "stateMachineArn name input",
    "StopExecution": "executionArn error cause",
    "DescribeExecution": "executionArn includedData",
    "ListExecutions": f"stateMachineArn statusFilter {_PAGE}",
    "GetExecutionHistory": f"executionArn reverseOrder includeExecutionData {_PAGE}",
    "DescribeStateMachineForExecution": "executionArn includedData",
    "TagResource": "resourceArn tags.key tags.value",
    "UntagResource": "resourceArn tagKeys",
    "ListTagsForResource": "resourceArn",
    "ValidateStateMachineDefinition": "definition type severity=ERROR maxResults",
    "SendTaskSuccess": "taskToken output",
    "SendTaskFailure": "taskToken error cause",
    "SendTaskHeartbeat": "taskToken",
    "DescribeMapRun": "mapRunArn",
    "ListMapRuns": "executionArn",
}
"""Operation to the members that have their effect."""
