"""Names, policies, encryption and lifecycle rules of buckets, which moto takes as they come."""

from __future__ import annotations

from typing import Any

from batcat_runtime.emulator.iam import policies
from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

from .names import is_bucket

ACTIONS = (
    "Expiration",
    "Transition",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransition",
    "AbortIncompleteMultipartUpload",
)


def patch() -> None:
    """Put the checks before what moto does."""
    from moto.s3.models import FakeBucket, S3Backend
    from moto.s3.responses import S3Response

    create: Any = S3Backend.create_bucket
    put_policy: Any = S3Backend.put_bucket_policy
    encrypt: Any = S3Backend.put_bucket_encryption
    set_lifecycle: Any = FakeBucket.set_lifecycle

    def create_bucket(self: Any, bucket_name: str, *more: Any, **options: Any) -> Any:
        if not is_bucket(bucket_name):
            raise ServiceError("InvalidBucketName", "The specified bucket is not valid.")
        return create(self, bucket_name, *more, **options)

    def put_bucket_policy(self: Any, bucket_name: str, policy: bytes) -> None:
        bucket = self.get_bucket(bucket_name)
        check_policy(policy, str(bucket.arn))
        put_policy(self, bucket_name, policy)

    def put_bucket_encryption(self: Any, bucket_name: str, encryption: Any) -> None:
        default = encryption["Rule"]["ApplyServerSideEncryptionByDefault"]
        if default.get("KMSMasterKeyID") and not default["SSEAlgorithm"].startswith("aws:kms"):
            raise ServiceError(
                "InvalidArgument",
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or "
                "aws:kms:dsse",
            )
        encrypt(self, bucket_name, encryption)

    def checked_lifecycle(self: Any, rules: list[dict[str, Any]]) -> None:
        check_lifecycle(rules)
        set_lifecycle(self, rules)

    replace(
        S3Backend,
        create_bucket=create_bucket,
        put_bucket_policy=put_bucket_policy,
        put_bucket_encryption=put_bucket_encryption,
    )
    replace(FakeBucket, set_lifecycle=checked_lifecycle)
    replace(
        S3Response,
        _encryption_config_from_body=_of_one_rule(S3Response._encryption_config_from_body),  # noqa: SLF001 - the patch
        _ownership_rule_from_body=_of_one_rule(S3Response._ownership_rule_from_body),  # noqa: SLF001 - the patch
    )


def _of_one_rule(read: Any) -> Any:
    """Moto stumbles over a second rule, which S3 does not allow."""

    def checked(self: Any) -> Any:
        try:
            return read(self)
        except (AttributeError, TypeError, KeyError) as error:
            raise ServiceError("MalformedXML", "The configuration must have one Rule") from error

    return checked


def check_policy(document: bytes, bucket: str) -> None:
    """Refuse a policy that is not one, or that is about another bucket.

    Args:
        document: the policy.
        bucket: ARN of the bucket.

    Raises:
        ServiceError: names what is wrong.
    """
    try:
        statements = policies.check(document, policies.RESOURCE)["Statement"]
    except policies.PolicyError as error:
        raise ServiceError("MalformedPolicy", str(error)) from error
    for statement in statements:
        for name in ("Resource", "NotResource"):
            for resource in policies.listed(statement.get(name, [])):
                if resource != bucket and not resource.startswith(f"{bucket}/"):
                    raise ServiceError(
                        "MalformedPolicy", f"Policy has invalid resource: {resource}"
                    )
        for action in policies.listed(statement.get("Action", [])):
            if action != "*" and not action.lower().startswith("s3:"):
                raise ServiceError("MalformedPolicy", f"Policy has invalid action: {action}")


def check_lifecycle(rules: list[dict[str, Any]]) -> None:
    """Refuse rules that do nothing, or that cannot be told apart.

    Args:
        rules: as moto has read them.

    Raises:
        ServiceError: names what is wrong.
    """
    names = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(names)) < len(names):
        raise ServiceError(
            "InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule"
        )
    for rule in rules:
        if not any(name in rule for name in ACTIONS):
            raise ServiceError(
                "InvalidRequest", "At least one action needs to be specified in a rule"
            )
        both = (rule.get("Filter") or {}).get("And")
        if both is not None and "Tag" not in both:
            raise ServiceError(
                "MalformedXML", "Filter.And needs at least two conditions: a Prefix and a Tag"
            )
