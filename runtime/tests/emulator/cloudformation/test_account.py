"""Repositories, keys and budgets of a stack are changed in place, and their ends are safe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Stacks

PUSHED = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}


def template(name: str, amount: int, *, late: bool) -> dict[str, Any]:
    """The three, before and after a change."""
    budget = {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": amount, "Unit": "USD"},
    }
    key = {"Description": "late" if late else "early", "EnableKeyRotation": late}
    let = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    images: dict[str, Any] = {"ImageTagMutability": "MUTABLE" if late else "IMMUTABLE"}
    if not late:
        images["RepositoryPolicyText"] = {"Version": "2012-10-17", "Statement": [let]}
        images["ImageScanningConfiguration"] = {"ScanOnPush": True}
    return {
        "Resources": {
            "Budget": {"Type": "AWS::Budgets::Budget", "Properties": {"Budget": budget}},
            "Key": {"Type": "AWS::KMS::Key", "Properties": {**key, "PendingWindowInDays": 7}},
            "Images": {"Type": "AWS::ECR::Repository", "Properties": images},
        }
    }


def test_they_are_changed_where_they_are(stacks: Stacks, unique: Callable[[str], str]) -> None:
    name, client, account = unique("account"), stacks.aws.client, stacks.aws.account
    ecr, kms, budgets = client("ecr"), client("kms"), client("budgets")
    stacks.create(template(name, 10, late=False), name)
    before = stacks.physical(name)
    images = {"repositoryName": before["Images"]}
    assert "BatchGetImage" in ecr.get_repository_policy(**images)["policyText"]
    described = ecr.describe_repositories(repositoryNames=[before["Images"]])["repositories"][0]
    assert described["imageScanningConfiguration"] == {"scanOnPush": True}
    changed = stacks.update(template(name, 20, late=True), name)
    assert changed["StackStatus"] == "UPDATE_COMPLETE", stacks.events(name)
    assert stacks.physical(name) == before, "nothing is replaced"
    described = ecr.describe_repositories(repositoryNames=[before["Images"]])["repositories"][0]
    assert described["imageTagMutability"] == "MUTABLE"
    assert described["imageScanningConfiguration"] == {"scanOnPush": False}
    told = kms.describe_key(KeyId=before["Key"])["KeyMetadata"]
    assert told["Description"] == "late"
    assert kms.get_key_rotation_status(KeyId=before["Key"])["KeyRotationEnabled"]
    found = budgets.describe_budget(AccountId=account, BudgetName=name)["Budget"]
    assert found["BudgetLimit"]["Amount"] == "20"

    again = stacks.create(template(name, 30, late=True), unique("account"))
    assert again["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = [reason for _, _, reason in stacks.events(again["StackName"])]
    assert any(f"{name} already exists" in reason for reason in reasons), reasons

    image = {"imageManifest": json.dumps({**PUSHED, "layers": []}), "imageTag": "v1"}
    ecr.put_image(**images, **image)
    kept = stacks.delete(name)
    assert kept["StackStatus"] == "DELETE_FAILED"
    assert ecr.list_images(**images)["imageIds"], "a repository with images stays"
    assert kms.describe_key(KeyId=before["Key"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    ecr.batch_delete_image(**images, imageIds=[{"imageTag": "v1"}])
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"
