"""What Step Functions tries with a state machine's role as the machine is made or changed.

* A ``.sync`` task hears of its job's end by a rule that Step Functions keeps, so the role must be
  allowed to put it (https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html;
  message: github.com/serverless-operations/serverless-step-functions issue 385).
* Logs are delivered by CloudWatch's log delivery, which the role sets up
  (https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy;
  message: github.com/aws/aws-cdk issue 26432).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam.guard import guard_of
from batcat_runtime.emulator.needs import Need
from batcat_runtime.emulator.protocol import ServiceError

from .clients import session_name

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

RULES = {
    "sagemaker:createProcessingJob.sync": "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
    "states:startExecution.sync": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
}
RULE_ACTIONS = ("PutTargets", "PutRule", "DescribeRule")
DELIVERY_ACTIONS = (
    *("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery"),
    *("ListLogDeliveries", "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups"),
)


def check(
    world: World, role: str, region: str, definition: str | None, logging: dict[str, Any] | None
) -> None:
    """Refuse a role that may not do what its state machine needs at once.

    Args:
        world: whose policies count.
        role: the state machine's.
        region: where it lives.
        definition: its definition, or None if that stays as it is.
        logging: its loggingConfiguration, or None if that stays as it is.

    Raises:
        ServiceError: AccessDeniedException, as AWS.
    """
    for task, rule in RULES.items():
        if re.search(rf'"arn:[^"]*:states:::{re.escape(task)}(:2)?"', definition or ""):
            arn = world.arn("events", f"rule/{rule}", region)
            if not _may(world, role, region, [f"events:{name}" for name in RULE_ACTIONS], arn):
                raise ServiceError(
                    "AccessDeniedException", f"'{role}' is not authorized to create managed-rule."
                )
    if (logging or {}).get("level", "OFF") != "OFF":
        actions = [f"logs:{name}" for name in DELIVERY_ACTIONS]
        if not _may(world, role, region, actions, "*"):
            raise ServiceError(
                "AccessDeniedException",
                "The state machine IAM Role is not authorized to access the Log Destination",
            )


def _may(world: World, role: str, region: str, actions: list[str], resource: str) -> bool:
    guard, name = guard_of(world), session_name(role)
    answers = [guard.may(role, Need(one, resource), region, name) for one in actions]
    return all(answers)  # each was asked, and so recorded
