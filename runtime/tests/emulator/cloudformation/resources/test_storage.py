"""Every property of a bucket reaches S3, when made, when changed and when dropped."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from runtime.tests.emulator.cloudformation.resources.looking import GONE, missing, one

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws


def test_a_bucket_has_every_setting_and_loses_it_again(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str]
) -> None:
    s3, bucket = aws.client("s3"), unique("bucket")
    closed = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    by_default = {"SSEAlgorithm": "aws:kms"}
    lifecycle = {
        "Id": "old",
        "Status": "Enabled",
        "Prefix": "tmp/",
        "ExpirationInDays": 7,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 5}],
    }
    name = stacks.create(
        one(
            "AWS::S3::Bucket",
            {
                "BucketName": bucket,
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": by_default}
                    ]
                },
                "PublicAccessBlockConfiguration": closed,
                "VersioningConfiguration": {"Status": "Enabled"},
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "LifecycleConfiguration": {"Rules": [lifecycle]},
                "NotificationConfiguration": {
                    "EventBridgeConfiguration": {"EventBridgeEnabled": True}
                },
                "Tags": [{"Key": "k", "Value": "v"}],
            },
        )
    )["StackName"]
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == by_default
    assert rule["BucketKeyEnabled"] is True
    access = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert access == closed
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Expiration"] == {"Days": 7}
    assert rule["Filter"] == {"Prefix": "tmp/"}
    assert rule["Transitions"] == [{"Days": 5, "StorageClass": "GLACIER"}]
    notification = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert "EventBridgeConfiguration" in notification
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "k", "Value": "v"}]
    stacks.update(one("AWS::S3::Bucket", {"BucketName": bucket}), name)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    for setting in ("lifecycle_configuration", "tagging", "ownership_controls"):
        read = getattr(s3, f"get_bucket_{setting}")
        assert missing(partial(read, Bucket=bucket)) in GONE
    assert missing(lambda: s3.get_public_access_block(Bucket=bucket)) in GONE
    stacks.delete(name)
    assert missing(lambda: s3.head_bucket(Bucket=bucket)) == "404"


def test_a_bucket_of_ones_own_is_not_taken_over(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str]
) -> None:
    bucket = unique("bucket")
    aws.client("s3").create_bucket(Bucket=bucket)
    stack = stacks.create(one("AWS::S3::Bucket", {"BucketName": bucket}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(
        f"{bucket} already exists" in reason for _, _, reason in stacks.events(stack["StackId"])
    )
    aws.client("s3").head_bucket(Bucket=bucket)


def test_a_bucket_with_a_tls_only_policy_can_be_used_here(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str]
) -> None:
    bucket = unique("bucket")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    policy = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "It"}}}
    policy["Properties"]["PolicyDocument"] = document  # type: ignore[index] # a dict all right
    template = one("AWS::S3::Bucket", {"BucketName": bucket}, Policy=policy)
    name = stacks.create(template)["StackName"]
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"text")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"text"
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == document
    del statement["Condition"]
    stacks.update(template, name)
    assert missing(lambda: s3.get_object(Bucket=bucket, Key="k")) in (
        "403",
        "Forbidden",
        "AccessDenied",
    )
    del template["Resources"]["Policy"]
    stacks.update(template, name)
    s3.delete_object(Bucket=bucket, Key="k")
    stacks.delete(name)
