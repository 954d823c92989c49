"""The resource types this CloudFormation makes: one handler each, one room per service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.cloudformation.intrinsics import Unknown
from batcat_runtime.emulator.protocol import NotEmulated

from .budgets import Budget
from .cloudwatch import Alarm, CompositeAlarm, Dashboard
from .ecr import Repository
from .events import EventBus, Rule
from .iam import ManagedPolicy, OIDCProvider, Policy, Role
from .kms import Alias, Key
from .lambda_ import EventInvokeConfig, Function, Permission
from .logs import LogGroup
from .s3 import Bucket, BucketPolicy
from .scheduler import Schedule, ScheduleGroup
from .sns import Subscription, Topic, TopicPolicy
from .sqs import Queue, QueuePolicy
from .stepfunctions import StateMachine

if TYPE_CHECKING:
    from .base import Handler

HANDLERS: dict[str, Handler] = {
    "AWS::Budgets::Budget": Budget(),
    "AWS::CloudWatch::Alarm": Alarm(),
    "AWS::CloudWatch::CompositeAlarm": CompositeAlarm(),
    "AWS::CloudWatch::Dashboard": Dashboard(),
    "AWS::ECR::Repository": Repository(),
    "AWS::Events::EventBus": EventBus(),
    "AWS::Events::Rule": Rule(),
    "AWS::IAM::ManagedPolicy": ManagedPolicy(),
    "AWS::IAM::OIDCProvider": OIDCProvider(),
    "AWS::IAM::Policy": Policy(),
    "AWS::IAM::Role": Role(),
    "AWS::KMS::Alias": Alias(),
    "AWS::KMS::Key": Key(),
    "AWS::Lambda::EventInvokeConfig": EventInvokeConfig(),
    "AWS::Lambda::Function": Function(),
    "AWS::Lambda::Permission": Permission(),
    "AWS::Logs::LogGroup": LogGroup(),
    "AWS::S3::Bucket": Bucket(),
    "AWS::S3::BucketPolicy": BucketPolicy(),
    "AWS::Scheduler::Schedule": Schedule(),
    "AWS::Scheduler::ScheduleGroup": ScheduleGroup(),
    "AWS::SNS::Subscription": Subscription(),
    "AWS::SNS::Topic": Topic(),
    "AWS::SNS::TopicPolicy": TopicPolicy(),
    "AWS::SQS::Queue": Queue(),
    "AWS::SQS::QueuePolicy": QueuePolicy(),
    "AWS::StepFunctions::StateMachine": StateMachine(),
}


def check_supported(name: str, kind: str, properties: dict[str, Any]) -> None:
    """Refuse, by its path, any property that the type's handler does not honour.

    Args:
        name: logical id, for the message.
        kind: resource type, one of HANDLERS.
        properties: evaluated properties; values may be unknown yet.

    Raises:
        NotEmulated: names the property.
    """
    handler = HANDLERS[kind]
    strange = _strange(properties, handler.properties, "")
    value = handler.refused(properties)
    for what in [*strange, *([value] if value else [])]:
        raise NotEmulated(
            f"Property {what} of {kind} (resource {name})",
            "AWS would honour it; the stack was not touched.",
        )


def _strange(value: Any, honoured: Any, path: str) -> list[str]:
    """Paths in a value that are not in the honoured shape; True there stands for anything."""
    if honoured is True or isinstance(value, Unknown):
        return []
    if isinstance(honoured, list):
        items = value if isinstance(value, list) else [value]
        return [p for item in items for p in _strange(item, honoured[0], path)]
    if not isinstance(value, dict):
        return []
    found: list[str] = []
    for key, inner in value.items():
        where = f"{path}.{key}" if path else key
        found += _strange(inner, honoured[key], where) if key in honoured else [where]
    return found
