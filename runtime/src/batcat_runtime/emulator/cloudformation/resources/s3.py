"""S3 buckets and their policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .base import (
    ANY,
    AlreadyExistsError,
    Handler,
    Properties,
    Task,
    document_text,
    is_missing,
    tags_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_DAYS_RULE = ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")


class Bucket(Handler):
    """``AWS::S3::Bucket``."""

    properties: ClassVar[Properties] = {
        "BucketName": ANY,
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {
                    "BucketKeyEnabled": ANY,
                    "ServerSideEncryptionByDefault": {"SSEAlgorithm": ANY, "KMSMasterKeyID": ANY},
                }
            ]
        },
        "PublicAccessBlockConfiguration": ANY,
        "VersioningConfiguration": ANY,
        "OwnershipControls": ANY,
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": ANY,
                    "Status": ANY,
                    "Prefix": ANY,
                    "ExpirationInDays": ANY,
                    "ExpiredObjectDeleteMarker": ANY,
                    "NoncurrentVersionExpiration": ANY,
                    "AbortIncompleteMultipartUpload": ANY,
                    "Transitions": [{"StorageClass": ANY, "TransitionInDays": ANY}],
                }
            ]
        },
        "NotificationConfiguration": {
            "EventBridgeConfiguration": {"EventBridgeEnabled": ANY},
            "LambdaConfigurations": [{"Event": ANY, "Filter": ANY, "Function": ANY}],
            "QueueConfigurations": [{"Event": ANY, "Filter": ANY, "Queue": ANY}],
            "TopicConfigurations": [{"Event": ANY, "Filter": ANY, "Topic": ANY}],
        },
        "Tags": ANY,
    }
    attributes = frozenset(
        {"Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"}
    )

    def create(self, task: Task, properties: Properties) -> str:
        """Make the bucket; one of that name that exists is an error, even one's own."""
        s3 = task.client("s3")
        name = properties.get("BucketName") or task.name(63, lower=True)
        try:
            s3.head_bucket(Bucket=name)
        except s3.exceptions.ClientError as error:
            if not is_missing(error):
                raise
        else:
            raise AlreadyExistsError(name)
        place = {}
        if task.region != "us-east-1":
            place = {"CreateBucketConfiguration": {"LocationConstraint": task.region}}
        s3.create_bucket(Bucket=name, **place)
        task.began(name)
        self.update(task, name, properties, {})
        return str(name)

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Apply the settings that differ; one that is gone returns to S3's default."""
        s3 = task.client("s3")
        for key, apply in _SETTINGS.items():
            if new.get(key) != old.get(key):
                apply(s3, physical_id, new.get(key))
        if tags_of(new) != tags_of(old):
            _put_tags(s3, physical_id, tags_of(new))

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the bucket; S3 refuses while objects or versions are in it."""
        task.client("s3").delete_bucket(Bucket=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Names under which the bucket is reached."""
        suffix, region = task.url_suffix, task.region
        return {
            "Arn": f"arn:{task.partition}:s3:::{physical_id}",
            "DomainName": f"{physical_id}.s3.{suffix}",
            "DualStackDomainName": f"{physical_id}.s3.dualstack.{region}.{suffix}",
            "RegionalDomainName": f"{physical_id}.s3.{region}.{suffix}",
            "WebsiteURL": f"http://{physical_id}.s3-website-{region}.{suffix}",
        }


class BucketPolicy(Handler):
    """``AWS::S3::BucketPolicy``."""

    properties: ClassVar[Properties] = {"Bucket": ANY, "PolicyDocument": ANY}

    def create(self, task: Task, properties: Properties) -> str:
        """Attach the policy; a bucket has one at most."""
        s3, bucket = task.client("s3"), str(properties["Bucket"])
        try:
            s3.get_bucket_policy(Bucket=bucket)
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
        else:
            raise AlreadyExistsError(f"The bucket policy of {bucket}")
        self.update(task, bucket, properties, {})
        return bucket

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:  # noqa: ARG002
        """Put the new document."""
        task.client("s3").put_bucket_policy(
            Bucket=physical_id, Policy=document_text(new["PolicyDocument"])
        )

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Detach the policy."""
        task.client("s3").delete_bucket_policy(Bucket=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """It has no attributes."""
        return {}


def _put_encryption(s3: Any, bucket: str, value: Any) -> None:
    if not value:
        s3.delete_bucket_encryption(Bucket=bucket)
        return
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault", {}),
            **(
                {"BucketKeyEnabled": rule["BucketKeyEnabled"]} if "BucketKeyEnabled" in rule else {}
            ),
        }
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def _put_public_access(s3: Any, bucket: str, value: Any) -> None:
    if value:
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=value)
    else:
        s3.delete_public_access_block(Bucket=bucket)


def _put_versioning(s3: Any, bucket: str, value: Any) -> None:
    status = (value or {}).get("Status", "Suspended")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def _put_ownership(s3: Any, bucket: str, value: Any) -> None:
    if value:
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=value)
    else:
        s3.delete_bucket_ownership_controls(Bucket=bucket)


def _put_lifecycle(s3: Any, bucket: str, value: Any) -> None:
    if not value:
        s3.delete_bucket_lifecycle(Bucket=bucket)
        return
    rules = [_lifecycle_rule(rule) for rule in value["Rules"]]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "Status": rule["Status"],
        "Filter": {"Prefix": rule.get("Prefix", "")},
        **{key: rule[key] for key in _DAYS_RULE if key in rule},
    }
    if "Id" in rule:
        result["ID"] = rule["Id"]
    expiration = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = rule["ExpirationInDays"]
    if "ExpiredObjectDeleteMarker" in rule:
        expiration["ExpiredObjectDeleteMarker"] = rule["ExpiredObjectDeleteMarker"]
    if expiration:
        result["Expiration"] = expiration
    if "Transitions" in rule:
        result["Transitions"] = [
            {"StorageClass": step["StorageClass"], "Days": step["TransitionInDays"]}
            for step in rule["Transitions"]
        ]
    return result


def _put_notification(s3: Any, bucket: str, value: Any) -> None:
    value = value or {}
    configuration: dict[str, Any] = {}
    bridge = value.get("EventBridgeConfiguration")
    if bridge is not None and bridge.get("EventBridgeEnabled", True):
        configuration["EventBridgeConfiguration"] = {}
    for kind, (name, own, arn) in _DESTINATIONS.items():
        if value.get(kind):
            configuration[name] = [_notice(entry, own, arn) for entry in value[kind]]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)


def _notice(entry: dict[str, Any], own: str, arn: str) -> dict[str, Any]:
    """One destination; a template lists events and filters in other words than the API."""
    made: dict[str, Any] = {arn: entry[own], "Events": [entry["Event"]]}
    if entry.get("Filter"):
        rules = entry["Filter"]["S3Key"]["Rules"]
        named = [{"Name": rule["Name"].lower(), "Value": rule["Value"]} for rule in rules]
        made["Filter"] = {"Key": {"FilterRules": named}}
    return made


_DESTINATIONS = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
}
"""A template's name of a kind of destination to the API's names."""


def _put_tags(s3: Any, bucket: str, tags: dict[str, str]) -> None:
    if tags:
        entries = [{"Key": key, "Value": value} for key, value in tags.items()]
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": entries})
    else:
        s3.delete_bucket_tagging(Bucket=bucket)


_SETTINGS: dict[str, Callable[[Any, str, Any], None]] = {
    "BucketEncryption": _put_encryption,
    "PublicAccessBlockConfiguration": _put_public_access,
    "VersioningConfiguration": _put_versioning,
    "OwnershipControls": _put_ownership,
    "LifecycleConfiguration": _put_lifecycle,
    "NotificationConfiguration": _put_notification,
}
