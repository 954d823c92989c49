"""The things of every service that carry tags, each asked of the service itself.

IAM's roles are not among them: "Services that support the Resource Groups Tagging API" of its user
guide lists policies and providers only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batcat_runtime.emulator.world import World


def resources(world: World, region: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Everything of a region that can carry tags: its ARN and its tags.

    Args:
        world: whose things they are.
        region: where they are.
    """
    for service, listed in _SOURCES.items():
        client = world.client(service, region)
        yield from listed(client, world, region)


def _tags(entries: list[dict[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {entry[key]: entry[value] for entry in entries}


def _topics(client: Any, _: World, __: str) -> Iterator[tuple[str, dict[str, str]]]:
    for arn in client.get_paginator("list_topics").paginate().search("Topics[].TopicArn"):
        if arn:
            yield arn, _tags(client.list_tags_for_resource(ResourceArn=arn)["Tags"])


def _queues(client: Any, world: World, region: str) -> Iterator[tuple[str, dict[str, str]]]:
    for url in client.get_paginator("list_queues").paginate().search("QueueUrls[]"):
        if url:
            tags = client.list_queue_tags(QueueUrl=url).get("Tags", {})
            yield world.arn("sqs", url.rpartition("/")[2], region), tags


def _machines(client: Any, _: World, __: str) -> Iterator[tuple[str, dict[str, str]]]:
    pages = client.get_paginator("list_state_machines").paginate()
    for arn in pages.search("stateMachines[].stateMachineArn"):
        if arn:
            yield arn, _tags(client.list_tags_for_resource(resourceArn=arn)["tags"], "key", "value")


def _functions(client: Any, _: World, __: str) -> Iterator[tuple[str, dict[str, str]]]:
    pages = client.get_paginator("list_functions").paginate()
    for arn in pages.search("Functions[].FunctionArn"):
        if arn:
            yield arn, client.list_tags(Resource=arn)["Tags"]


def _groups(client: Any, world: World, region: str) -> Iterator[tuple[str, dict[str, str]]]:
    for name in (
        client.get_paginator("describe_log_groups").paginate().search("logGroups[].logGroupName")
    ):
        if name:
            arn = world.arn("logs", f"log-group:{name}", region)
            yield arn, client.list_tags_for_resource(resourceArn=arn).get("tags", {})


def _rules(client: Any, _: World, __: str) -> Iterator[tuple[str, dict[str, str]]]:
    for bus in client.list_event_buses()["EventBuses"]:
        if bus["Name"] != "default":
            yield bus["Arn"], _tags(client.list_tags_for_resource(ResourceARN=bus["Arn"])["Tags"])
        for rule in client.list_rules(EventBusName=bus["Name"])["Rules"]:
            yield rule["Arn"], _tags(client.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"])


def _schedule_groups(client: Any, _: World, __: str) -> Iterator[tuple[str, dict[str, str]]]:
    for group in client.list_schedule_groups()["ScheduleGroups"]:
        found = client.list_tags_for_resource(ResourceArn=group["Arn"])
        yield group["Arn"], _tags(found["Tags"])


def _alarms(client: Any, _: World, __: str) -> Iterator[tuple[str, dict[str, str]]]:
    kinds = ["MetricAlarm", "CompositeAlarm"]
    for found in client.get_paginator("describe_alarms").paginate(AlarmTypes=kinds):
        for alarm in found["MetricAlarms"] + found["CompositeAlarms"]:
            arn = alarm["AlarmArn"]
            yield arn, _tags(client.list_tags_for_resource(ResourceARN=arn)["Tags"])
    for board in client.list_dashboards()["DashboardEntries"]:
        arn = board["DashboardArn"]
        yield arn, _tags(client.list_tags_for_resource(ResourceARN=arn)["Tags"])


def _repositories(client: Any, _: World, __: str) -> Iterator[tuple[str, dict[str, str]]]:
    for repository in client.describe_repositories()["repositories"]:
        arn = repository["repositoryArn"]
        yield arn, _tags(client.list_tags_for_resource(resourceArn=arn)["tags"])


def _keys(client: Any, _: World, __: str) -> Iterator[tuple[str, dict[str, str]]]:
    for key in client.list_keys()["Keys"]:
        found = client.list_resource_tags(KeyId=key["KeyId"])["Tags"]
        yield key["KeyArn"], _tags(found, "TagKey", "TagValue")


def _buckets(client: Any, _: World, region: str) -> Iterator[tuple[str, dict[str, str]]]:
    for bucket in client.list_buckets()["Buckets"]:
        name = bucket["Name"]
        where = client.get_bucket_location(Bucket=name)["LocationConstraint"] or "us-east-1"
        if where == region:
            try:
                tags = _tags(client.get_bucket_tagging(Bucket=name)["TagSet"])
            except client.exceptions.ClientError:  # it has none
                tags = {}
            partition = client.meta.partition
            yield f"arn:{partition}:s3:::{name}", tags


def _secrets(client: Any, _: World, __: str) -> Iterator[tuple[str, dict[str, str]]]:
    for secret in client.list_secrets()["SecretList"]:
        yield secret["ARN"], _tags(secret.get("Tags", []))


def _stacks(client: Any, _: World, __: str) -> Iterator[tuple[str, dict[str, str]]]:
    for stack in client.describe_stacks()["Stacks"]:
        yield stack["StackId"], _tags(stack.get("Tags", []))


_SOURCES: dict[str, Callable[[Any, World, str], Iterator[tuple[str, dict[str, str]]]]] = {
    "cloudformation": _stacks,
    "cloudwatch": _alarms,
    "ecr": _repositories,
    "events": _rules,
    "kms": _keys,
    "lambda": _functions,
    "logs": _groups,
    "s3": _buckets,
    "scheduler": _schedule_groups,
    "secretsmanager": _secrets,
    "sns": _topics,
    "sqs": _queues,
    "stepfunctions": _machines,
}
