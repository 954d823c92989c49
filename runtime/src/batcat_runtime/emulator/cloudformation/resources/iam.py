"""IAM roles, policies on them, identity providers; users and groups are not emulated."""

from __future__ import annotations

from typing import Any, ClassVar

from .base import (
    ANY,
    Handler,
    Properties,
    Task,
    changed_members,
    changed_tags,
    document_text,
    pick,
    policy_text,
    unless_missing,
)

VERSIONS = 5
"""Versions a managed policy may have; source: IAM quotas."""


class Role(Handler):
    """``AWS::IAM::Role``."""

    properties: ClassVar[Properties] = {
        "AssumeRolePolicyDocument": ANY,
        "Description": ANY,
        "ManagedPolicyArns": ANY,
        "MaxSessionDuration": ANY,
        "Path": ANY,
        "PermissionsBoundary": ANY,
        "Policies": ANY,
        "RoleName": ANY,
        "Tags": ANY,
    }
    attributes = frozenset({"Arn", "RoleId"})

    def create(self, task: Task, properties: Properties) -> str:
        """Make the role, then attach what it is allowed to do."""
        name = str(properties.get("RoleName") or task.name(64))
        given = pick(
            properties, ("Description", "MaxSessionDuration", "Path", "PermissionsBoundary")
        )
        if properties.get("Tags"):
            given["Tags"] = properties["Tags"]
        task.client("iam").create_role(
            RoleName=name,
            AssumeRolePolicyDocument=document_text(properties["AssumeRolePolicyDocument"]),
            **given,
        )
        task.began(name)
        self._permit(task, name, properties, {})
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change trust, settings, tags and permissions that differ."""
        iam = task.client("iam")
        trust = new["AssumeRolePolicyDocument"]
        if trust != old.get("AssumeRolePolicyDocument"):
            iam.update_assume_role_policy(RoleName=physical_id, PolicyDocument=document_text(trust))
        settings = ("Description", "MaxSessionDuration")
        if pick(new, settings) != pick(old, settings):
            iam.update_role(
                RoleName=physical_id,
                Description=new.get("Description", ""),
                MaxSessionDuration=new.get("MaxSessionDuration", 3600),
            )
        boundary = new.get("PermissionsBoundary")
        if boundary != old.get("PermissionsBoundary"):
            if boundary:
                iam.put_role_permissions_boundary(
                    RoleName=physical_id, PermissionsBoundary=boundary
                )
            else:
                iam.delete_role_permissions_boundary(RoleName=physical_id)
        add, remove = changed_tags(new, old)
        if add:
            entries = [{"Key": key, "Value": value} for key, value in add.items()]
            iam.tag_role(RoleName=physical_id, Tags=entries)
        if remove:
            iam.untag_role(RoleName=physical_id, TagKeys=remove)
        self._permit(task, physical_id, new, old)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:
        """Detach what the template attached, then remove the role."""
        self._permit(task, physical_id, {}, properties)
        task.client("iam").delete_role(RoleName=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """The role's ARN and id."""
        role = task.client("iam").get_role(RoleName=physical_id)["Role"]
        return {"Arn": role["Arn"], "RoleId": role["RoleId"]}

    def _permit(self, task: Task, name: str, new: Properties, old: Properties) -> None:
        iam = task.client("iam")
        arns = (new.get("ManagedPolicyArns") or [], old.get("ManagedPolicyArns") or [])
        add, remove = changed_members(*arns)
        for arn in add:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in remove:
            unless_missing(iam.detach_role_policy, RoleName=name, PolicyArn=arn)
        wanted = {p["PolicyName"]: p["PolicyDocument"] for p in new.get("Policies") or []}
        present = {p["PolicyName"]: p["PolicyDocument"] for p in old.get("Policies") or []}
        for policy, document in wanted.items():
            if present.get(policy) != document:
                iam.put_role_policy(
                    RoleName=name, PolicyName=policy, PolicyDocument=policy_text(document)
                )
        for policy in changed_members(wanted, present)[1]:
            unless_missing(iam.delete_role_policy, RoleName=name, PolicyName=policy)


class Policy(Handler):
    """``AWS::IAM::Policy``: one inline policy on roles."""

    properties: ClassVar[Properties] = {
        "PolicyDocument": ANY,
        "PolicyName": ANY,
        "Roles": ANY,
    }
    attributes = frozenset({"Id"})

    def create(self, task: Task, properties: Properties) -> str:
        """Put the policy on every role."""
        physical_id = task.name(128)
        task.began(physical_id)
        self.update(task, physical_id, properties, {})
        return physical_id

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Put it where it shall be, remove it where it no longer shall."""
        iam = task.client("iam")
        if old and old["PolicyName"] != new["PolicyName"]:
            self.delete(task, physical_id, old)
        for role in new.get("Roles") or []:
            iam.put_role_policy(
                RoleName=role,
                PolicyName=new["PolicyName"],
                PolicyDocument=policy_text(new["PolicyDocument"]),
            )
        for role in changed_members(new.get("Roles") or [], old.get("Roles") or [])[1]:
            unless_missing(iam.delete_role_policy, RoleName=role, PolicyName=old["PolicyName"])

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove it from every role."""
        iam = task.client("iam")
        policy = properties["PolicyName"]
        for role in properties.get("Roles") or []:
            unless_missing(iam.delete_role_policy, RoleName=role, PolicyName=policy)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its id."""
        return {"Id": physical_id}


class ManagedPolicy(Handler):
    """``AWS::IAM::ManagedPolicy``."""

    properties: ClassVar[Properties] = {
        "Description": ANY,
        "ManagedPolicyName": ANY,
        "Path": ANY,
        "PolicyDocument": ANY,
        "Roles": ANY,
    }
    attributes = frozenset({"PolicyArn", "PolicyId"})

    def create(self, task: Task, properties: Properties) -> str:
        """Make the policy and attach it."""
        made = task.client("iam").create_policy(
            PolicyName=properties.get("ManagedPolicyName") or task.name(128),
            PolicyDocument=policy_text(properties["PolicyDocument"]),
            **pick(properties, ("Description", "Path")),
        )
        arn = str(made["Policy"]["Arn"])
        task.began(arn)
        self._attach(task, arn, properties, {})
        return arn

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Make a new default version, dropping the oldest when there are too many."""
        iam = task.client("iam")
        if new["PolicyDocument"] != old["PolicyDocument"]:
            versions = iam.list_policy_versions(PolicyArn=physical_id)["Versions"]
            spare = [v["VersionId"] for v in versions if not v["IsDefaultVersion"]]
            if len(versions) >= VERSIONS:
                oldest = min(spare, key=lambda version: int(version.removeprefix("v")))
                iam.delete_policy_version(PolicyArn=physical_id, VersionId=oldest)
            iam.create_policy_version(
                PolicyArn=physical_id,
                PolicyDocument=policy_text(new["PolicyDocument"]),
                SetAsDefault=True,
            )
        self._attach(task, physical_id, new, old)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:
        """Detach it, drop its other versions, remove it."""
        iam = task.client("iam")
        self._attach(task, physical_id, {}, properties)
        for version in iam.list_policy_versions(PolicyArn=physical_id)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=physical_id, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN and id."""
        policy = task.client("iam").get_policy(PolicyArn=physical_id)["Policy"]
        return {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]}

    def _attach(self, task: Task, arn: str, new: Properties, old: Properties) -> None:
        iam = task.client("iam")
        add, remove = changed_members(new.get("Roles") or [], old.get("Roles") or [])
        for role in add:
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        for role in remove:
            unless_missing(iam.detach_role_policy, RoleName=role, PolicyArn=arn)


class OIDCProvider(Handler):
    """``AWS::IAM::OIDCProvider``; AWS needs no thumbprints where it knows the authority."""

    properties: ClassVar[Properties] = {
        "ClientIdList": ANY,
        "Tags": ANY,
        "ThumbprintList": ANY,
        "Url": ANY,
    }
    attributes = frozenset({"Arn"})

    def create(self, task: Task, properties: Properties) -> str:
        """Make the provider."""
        given = pick(properties, ("Tags", "ThumbprintList", "Url"))
        made = task.client("iam").create_open_id_connect_provider(
            ClientIDList=properties.get("ClientIdList") or [], **given
        )
        return str(made["OpenIDConnectProviderArn"])

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change client ids, thumbprints and tags that differ."""
        iam, one = task.client("iam"), {"OpenIDConnectProviderArn": physical_id}
        ids = (new.get("ClientIdList") or [], old.get("ClientIdList") or [])
        add, remove = changed_members(*ids)
        for name in add:
            iam.add_client_id_to_open_id_connect_provider(**one, ClientID=name)
        for name in remove:
            iam.remove_client_id_from_open_id_connect_provider(**one, ClientID=name)
        thumbprints = new.get("ThumbprintList") or []
        if thumbprints != (old.get("ThumbprintList") or []):
            iam.update_open_id_connect_provider_thumbprint(**one, ThumbprintList=thumbprints)
        tags, gone = changed_tags(new, old)
        if tags:
            entries = [{"Key": key, "Value": value} for key, value in tags.items()]
            iam.tag_open_id_connect_provider(**one, Tags=entries)
        if gone:
            iam.untag_open_id_connect_provider(**one, TagKeys=gone)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the provider; roles that trust it stay as they are."""
        task.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN, once it is there."""
        task.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=physical_id)
        return {"Arn": physical_id}
