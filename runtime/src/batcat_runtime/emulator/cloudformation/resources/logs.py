"""CloudWatch log groups."""

from __future__ import annotations

from typing import Any, ClassVar

from .base import ANY, Handler, Properties, Task, changed_tags, tags_of


class LogGroup(Handler):
    """``AWS::Logs::LogGroup``."""

    properties: ClassVar[Properties] = {
        "LogGroupName": ANY,
        "RetentionInDays": ANY,
        "KmsKeyId": ANY,
        "Tags": ANY,
    }
    attributes = frozenset({"Arn"})

    def create(self, task: Task, properties: Properties) -> str:
        """Make the group, then set how long it keeps its events."""
        name = str(properties.get("LogGroupName") or task.name(512))
        given = {"tags": tags_of(properties)} if properties.get("Tags") else {}
        if properties.get("KmsKeyId"):
            given["kmsKeyId"] = properties["KmsKeyId"]
        task.client("logs").create_log_group(logGroupName=name, **given)
        task.began(name)
        self._retain(task, name, properties, {})
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change retention, key and tags."""
        logs = task.client("logs")
        self._retain(task, physical_id, new, old)
        if new.get("KmsKeyId") != old.get("KmsKeyId"):
            if new.get("KmsKeyId"):
                logs.associate_kms_key(logGroupName=physical_id, kmsKeyId=new["KmsKeyId"])
            else:
                logs.disassociate_kms_key(logGroupName=physical_id)
        add, remove = changed_tags(new, old)
        arn = _arn(task, physical_id)
        if add:
            logs.tag_resource(resourceArn=arn, tags=add)
        if remove:
            logs.untag_resource(resourceArn=arn, tagKeys=remove)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the group with its events."""
        task.client("logs").delete_log_group(logGroupName=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """The ARN, which ends in ``:*`` as CloudFormation gives it."""
        return {"Arn": f"{_arn(task, physical_id)}:*"}

    def _retain(self, task: Task, name: str, new: Properties, old: Properties) -> None:
        logs, days = task.client("logs"), new.get("RetentionInDays")
        if days == old.get("RetentionInDays"):
            return
        if days is None:
            logs.delete_retention_policy(logGroupName=name)
        else:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)


def _arn(task: Task, name: str) -> str:
    return task.arn("logs", f"log-group:{name}")
