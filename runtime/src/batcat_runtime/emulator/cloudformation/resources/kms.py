"""KMS keys and their aliases."""

from __future__ import annotations

from typing import Any, ClassVar

from .base import ANY, Handler, Properties, Task, changed_tags, policy_text, tags_of

PENDING_DAYS = 30


class Key(Handler):
    """``AWS::KMS::Key``."""

    properties: ClassVar[Properties] = {
        "Description": ANY,
        "EnableKeyRotation": ANY,
        "Enabled": ANY,
        "KeyPolicy": ANY,
        "KeySpec": ANY,
        "KeyUsage": ANY,
        "PendingWindowInDays": ANY,
        "Tags": ANY,
    }
    attributes = frozenset({"Arn", "KeyId"})

    def refused(self, properties: Properties) -> str | None:
        """Only keys that encrypt and decrypt symmetrically."""
        for name, value in (("KeySpec", "SYMMETRIC_DEFAULT"), ("KeyUsage", "ENCRYPT_DECRYPT")):
            if properties.get(name, value) != value:
                return f"{name} {properties[name]}"
        return None

    def create(self, task: Task, properties: Properties) -> str:
        """Make the key."""
        given: dict[str, Any] = {"Description": properties.get("Description", "")}
        if properties.get("KeyPolicy"):
            given["Policy"] = policy_text(properties["KeyPolicy"])
        if properties.get("Tags"):
            given["Tags"] = _entries(tags_of(properties))
        made = task.client("kms").create_key(**given)["KeyMetadata"]["KeyId"]
        task.began(made)
        self._put(task, made, properties, {})
        return str(made)

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change description, policy, rotation, state and tags."""
        kms = task.client("kms")
        if new.get("Description") != old.get("Description"):
            text = new.get("Description", "")
            kms.update_key_description(KeyId=physical_id, Description=text)
        if new.get("KeyPolicy") and new.get("KeyPolicy") != old.get("KeyPolicy"):
            text = policy_text(new["KeyPolicy"])
            kms.put_key_policy(KeyId=physical_id, PolicyName="default", Policy=text)
        self._put(task, physical_id, new, old)
        add, remove = changed_tags(new, old)
        if add:
            kms.tag_resource(KeyId=physical_id, Tags=_entries(add))
        if remove:
            kms.untag_resource(KeyId=physical_id, TagKeys=remove)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:
        """Let the key be deleted after its waiting time."""
        days = properties.get("PendingWindowInDays", PENDING_DAYS)
        task.client("kms").schedule_key_deletion(KeyId=physical_id, PendingWindowInDays=days)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN and id."""
        return {"Arn": task.arn("kms", f"key/{physical_id}"), "KeyId": physical_id}

    def _put(self, task: Task, key: str, new: Properties, old: Properties) -> None:
        kms = task.client("kms")
        if bool(new.get("EnableKeyRotation")) != bool(old.get("EnableKeyRotation")):
            act = (
                kms.enable_key_rotation
                if new.get("EnableKeyRotation")
                else kms.disable_key_rotation
            )
            act(KeyId=key)
        if new.get("Enabled", True) != old.get("Enabled", True):
            act = kms.enable_key if new.get("Enabled", True) else kms.disable_key
            act(KeyId=key)


class Alias(Handler):
    """``AWS::KMS::Alias``."""

    properties: ClassVar[Properties] = {"AliasName": ANY, "TargetKeyId": ANY}

    def create(self, task: Task, properties: Properties) -> str:
        """Give the key the name."""
        name = str(properties["AliasName"])
        task.client("kms").create_alias(AliasName=name, TargetKeyId=properties["TargetKeyId"])
        task.began(name)
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:  # noqa: ARG002
        """Give another key the name."""
        task.client("kms").update_alias(AliasName=physical_id, TargetKeyId=new["TargetKeyId"])

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Take the name away."""
        task.client("kms").delete_alias(AliasName=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """It has no attributes."""
        return {}


def _entries(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
