"""The buckets of results and artifacts, and what a bucket that the stack did not make must have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.deploy import cfn_yaml
from batcat_runtime.deploy.artifacts import Account, bucket_exists, only_tls
from batcat_runtime.deploy.project import CONFIG
from batcat_runtime.deploy.stack import find_stack, owns
from batcat_runtime.errors import AccessError, MissingError

from .finding import FAILED, OK, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .seen import Seen


def check_bucket(seen: Seen) -> Iterator[Finding]:
    """The buckets are this account's and in this region, or still free."""
    project = seen.project
    account = Account(seen.caller().account, project.region)
    for bucket, what, mend in (
        (project.result_s3_bucket, "results", f"choose another result_s3_bucket in {CONFIG}"),
        (
            account.artifact_bucket,
            "artifacts",
            "batcat deploy needs just this name: ask AWS support",
        ),
    ):
        where = f"s3://{bucket}"
        try:
            with aws.explained(f"look at bucket {bucket}", "batcat deploy makes it"):
                found = aws.client("s3", project.region).head_bucket(
                    Bucket=bucket, ExpectedBucketOwner=account.id
                )
        except MissingError:
            text = f"the bucket of {what} is not there yet; batcat deploy makes it"
            yield Finding("bucket", OK, text, where)
            continue
        except AccessError:
            text = (
                f"the bucket of {what} exists, but belongs to another account than {account.id}, "
                "or these credentials lack s3:ListBucket on it"
            )
            yield Finding("bucket", FAILED, text, where, mend)
            continue
        region = found.get("BucketRegion") or project.region
        if region != project.region:
            text = f"the bucket of {what} is in {region}, but the jobs run in {project.region}"
            yield Finding("bucket", FAILED, text, where, mend)
        else:
            yield Finding("bucket", OK, f"the bucket of {what} is this account's", where)
            if bucket == project.result_s3_bucket and not _is_ours(seen):
                yield from _settings(seen, where)


def bucket_is_made(seen: Seen) -> bool:
    """Whether the bucket of results is the stack's: made by it, or still to be made."""
    project, account = seen.project, Account(seen.caller().account, seen.project.region)
    try:
        return _is_ours(seen) or not bucket_exists(project.result_s3_bucket, account)
    except AccessError:
        return False  # it is there, and somebody else's; the check of buckets says so


def _is_ours(seen: Seen) -> bool:
    """Whether the bucket is the stack's, and so gets its settings from the next deployment."""
    project = seen.project
    stack = find_stack(project.stack, project.region)
    return owns(stack, "AWS::S3::Bucket", project.result_s3_bucket, project.region)


def _settings(seen: Seen, where: str) -> Iterator[Finding]:
    """What the stack gives a bucket that it makes, and leaves alone in one that was there."""
    project = seen.project
    s3 = aws.client("s3", project.region)
    bucket = {"Bucket": project.result_s3_bucket}
    put = f"aws s3api put-bucket-{{}} --bucket {project.result_s3_bucket} "
    with aws.explained(f"read the settings of bucket {where}", "batcat deploy makes it"):
        if _is_awaited(seen) and "EventBridgeConfiguration" not in (
            s3.get_bucket_notification_configuration(**bucket)
        ):
            text = "the bucket tells EventBridge of no object, so none starts a run"
            mend = put.format("notification-configuration") + (
                """--notification-configuration '{"EventBridgeConfiguration": {}}' """
                "(with what it tells others already, which this would replace)"
            )
            yield Finding("bucket", FAILED, text, where, mend)
        if not _demands_tls(_policy(s3, bucket)):
            text = "the bucket of results also takes requests without TLS"
            statement = only_tls(project.partition, project.result_s3_bucket)
            mend = f"add to its policy: {json.dumps(statement)}"
            yield Finding("bucket", WARNING, text, where, mend)
        if project.kms_key and _key(s3, bucket) != project.kms_key:
            text = "what is written there is not encrypted with kms_key unless who writes says so"
            rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": project.kms_key}
            rules = {
                "Rules": [{"ApplyServerSideEncryptionByDefault": rule, "BucketKeyEnabled": True}]
            }
            mend = put.format("encryption") + (
                f"--server-side-encryption-configuration '{json.dumps(rules)}'"
            )
            yield Finding("bucket", WARNING, text, where, mend)


def _is_awaited(seen: Seen) -> bool:
    """Whether the template has a rule for what S3 tells EventBridge."""
    resources = (cfn_yaml.load(seen.project.template).get("Resources") or {}).values()
    patterns = (
        one.get("Properties", {}).get("EventPattern", {})
        for one in resources
        if one.get("Type") == "AWS::Events::Rule"
    )
    return any("aws.s3" in pattern.get("source", []) for pattern in patterns)


def _policy(s3: Any, bucket: dict[str, str]) -> dict[str, Any]:
    told = _unless_missing("NoSuchBucketPolicy", lambda: s3.get_bucket_policy(**bucket)["Policy"])
    policy: dict[str, Any] = json.loads(told or "{}")
    return policy


def _key(s3: Any, bucket: dict[str, str]) -> str:
    """The key of the bucket's default encryption; empty for S3's own."""
    told = _unless_missing(
        "ServerSideEncryptionConfigurationNotFoundError",
        lambda: s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"],
    )
    default = told[0]["ApplyServerSideEncryptionByDefault"] if told else {}
    return str(default.get("KMSMasterKeyID", ""))


def _unless_missing(code: str, ask: Callable[[], Any]) -> Any:
    """What S3 says, or None where it says by this error code that there is no such setting."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
    return None


def _demands_tls(policy: dict[str, Any]) -> bool:
    statements = policy.get("Statement", [])
    return any(
        one.get("Effect") == "Deny"
        and str(one.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower()
        == "false"
        for one in (statements if isinstance(statements, list) else [statements])
    )
