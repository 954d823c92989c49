"""ECR repositories."""

from __future__ import annotations

from typing import Any, ClassVar

from .base import ANY, Handler, Properties, Task, changed_tags, document_text


class Repository(Handler):
    """``AWS::ECR::Repository``."""

    properties: ClassVar[Properties] = {
        "EmptyOnDelete": ANY,
        "EncryptionConfiguration": {"EncryptionType": ANY, "KmsKey": ANY},
        "ImageScanningConfiguration": {"ScanOnPush": ANY},
        "ImageTagMutability": ANY,
        "LifecyclePolicy": {"LifecyclePolicyText": ANY, "RegistryId": ANY},
        "RepositoryName": ANY,
        "RepositoryPolicyText": ANY,
        "Tags": ANY,
    }
    attributes = frozenset({"Arn", "RepositoryUri"})

    def create(self, task: Task, properties: Properties) -> str:
        """Make the repository, then its policies."""
        ecr = task.client("ecr")
        name = str(properties.get("RepositoryName") or task.name(256, lower=True))
        given: dict[str, Any] = {
            "imageTagMutability": properties.get("ImageTagMutability") or "MUTABLE",
            "imageScanningConfiguration": _scanning(properties),
        }
        if properties.get("Tags"):
            given["tags"] = properties["Tags"]
        encryption = properties.get("EncryptionConfiguration")
        if encryption:
            given["encryptionConfiguration"] = {
                "encryptionType": encryption["EncryptionType"],
                **({"kmsKey": encryption["KmsKey"]} if encryption.get("KmsKey") else {}),
            }
        ecr.create_repository(repositoryName=name, **given)
        task.began(name)
        said = ("ImageTagMutability", "ImageScanningConfiguration")
        self._put(task, name, properties, {one: properties.get(one) for one in said})
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change scanning, tags of images, policies and tags."""
        self._put(task, physical_id, new, old)
        ecr, arn = task.client("ecr"), self._arn(task, physical_id)
        add, remove = changed_tags(new, old)
        if add:
            entries = [{"Key": key, "Value": value} for key, value in add.items()]
            ecr.tag_resource(resourceArn=arn, tags=entries)
        if remove:
            ecr.untag_resource(resourceArn=arn, tagKeys=remove)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:
        """Remove the repository; ECR refuses while images are in it, unless told otherwise."""
        force = properties.get("EmptyOnDelete") is True
        task.client("ecr").delete_repository(repositoryName=physical_id, force=force)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN and address."""
        found = task.client("ecr").describe_repositories(repositoryNames=[physical_id])
        repository = found["repositories"][0]
        return {"Arn": repository["repositoryArn"], "RepositoryUri": repository["repositoryUri"]}

    def _put(self, task: Task, name: str, new: Properties, old: Properties) -> None:
        ecr = task.client("ecr")
        if new.get("ImageTagMutability") != old.get("ImageTagMutability"):
            value = new.get("ImageTagMutability") or "MUTABLE"
            ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability=value)
        if new.get("ImageScanningConfiguration") != old.get("ImageScanningConfiguration"):
            ecr.put_image_scanning_configuration(
                repositoryName=name, imageScanningConfiguration=_scanning(new)
            )
        rules = (new.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")
        if rules != (old.get("LifecyclePolicy") or {}).get("LifecyclePolicyText"):
            if rules:
                ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=rules)
            else:
                ecr.delete_lifecycle_policy(repositoryName=name)
        if new.get("RepositoryPolicyText") != old.get("RepositoryPolicyText"):
            if new.get("RepositoryPolicyText"):
                text = document_text(new["RepositoryPolicyText"])
                ecr.set_repository_policy(repositoryName=name, policyText=text)
            else:
                ecr.delete_repository_policy(repositoryName=name)

    def _arn(self, task: Task, name: str) -> str:
        return task.arn("ecr", f"repository/{name}")


def _scanning(properties: Properties) -> dict[str, bool]:
    """What is scanned; nothing, if the template does not say it."""
    return {
        "scanOnPush": bool((properties.get("ImageScanningConfiguration") or {}).get("ScanOnPush"))
    }
