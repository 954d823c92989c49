"""The bucket that holds what deployments upload: one per account and region, private, encrypted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import AccessError, ConfigError, MissingError
from batcat_runtime.s3.removal import remove as delete

from . import names

if TYPE_CHECKING:
    from .package import Artifact
    from .project import Project


@dataclass(frozen=True)
class Account:
    """Where a deployment goes.

    Attributes:
        id: twelve digits.
        region: AWS region.
    """

    id: str
    region: str

    @property
    def artifact_bucket(self) -> str:
        """Name of the bucket of artifacts."""
        return names.artifact_bucket(self.id, self.region)


def account_of(project: Project) -> Account:
    """Ask who the credentials belong to.

    Raises:
        AccessError: there are none, or they belong to another account than the environment names.
        ConfigError: the region is in another partition than the configuration says.
    """
    partition = aws.partition_of(project.region)
    if partition != project.partition:
        raise ConfigError(
            f"region {project.region} is in partition {partition}, not in {project.partition}; "
            "change one of them in deploy/config.json",
        )
    doing = f"ask whose credentials these are (environment {project.environment})"
    with aws.explained(doing, "check the region"):
        identity = aws.client("sts", project.region).get_caller_identity()
    found = str(identity["Account"])
    if project.account and found != project.account:
        raise AccessError(
            f"the credentials belong to account {found}, but environment {project.environment} is "
            f"account {project.account}; choose another profile with AWS_PROFILE",
        )
    return Account(found, project.region)


def bucket_exists(bucket: str, account: Account) -> bool:
    """Whether this account has the bucket.

    Raises:
        AccessError: the bucket belongs to somebody else, or may not be looked at.
    """
    s3 = aws.client("s3", account.region)
    try:
        with aws.explained(f"look at bucket {bucket} as account {account.id}", "it is made"):
            s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account.id)
    except MissingError:
        return False
    except AccessError as error:
        # S3 answers 403 without a word, whether the bucket is another account's or ours but closed.
        raise AccessError(
            f"bucket {bucket} exists, but account {account.id} may not use it: it belongs to "
            "another account (bucket names are shared by all of AWS), or the credentials lack "
            "s3:ListBucket; choose another name in deploy/config.json or ask for the right",
        ) from error
    return True


def ensure_bucket(account: Account) -> str:
    """Make the bucket of artifacts unless it is there.

    Returns:
        Its name.

    Raises:
        AccessError: it belongs to somebody else, or may not be made.
    """
    bucket = account.artifact_bucket
    s3 = aws.client("s3", account.region)
    if bucket_exists(bucket, account):
        if not _has_policy(bucket, account, s3):
            with aws.explained(f"set a policy of bucket {bucket}", "ask for s3:PutBucketPolicy"):
                _refuse_plain(bucket, account, s3)
        return bucket
    place: dict[str, Any] = {}
    if account.region != "us-east-1":  # S3 refuses to be told its own default
        place = {"CreateBucketConfiguration": {"LocationConstraint": account.region}}
    with aws.explained(f"make bucket {bucket}", "try again"):
        s3.create_bucket(Bucket=bucket, **place)
        _set_up(bucket, account, s3)
    return bucket


def _has_policy(bucket: str, account: Account, s3: Any) -> bool:
    """Whether a bucket has a policy, which nobody but who keeps it changes."""
    from botocore.exceptions import ClientError

    try:
        s3.get_bucket_policy(Bucket=bucket, ExpectedBucketOwner=account.id)
    except ClientError as error:
        return bool(error.response["Error"]["Code"] != "NoSuchBucketPolicy")
    return True


def _set_up(bucket: str, account: Account, s3: Any) -> None:
    owner = {"Bucket": bucket, "ExpectedBucketOwner": account.id}
    s3.put_public_access_block(
        **owner,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_encryption(
        **owner,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}],
        },
    )
    unfinished = {
        "ID": "unfinished uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    s3.put_bucket_lifecycle_configuration(**owner, LifecycleConfiguration={"Rules": [unfinished]})
    _refuse_plain(bucket, account, s3)


def _refuse_plain(bucket: str, account: Account, s3: Any) -> None:
    """Let a bucket refuse requests without TLS."""
    owner = {"Bucket": bucket, "ExpectedBucketOwner": account.id}
    statement = only_tls(aws.partition_of(account.region), bucket)
    s3.put_bucket_policy(
        **owner, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )


def only_tls(partition: str, bucket: str) -> dict[str, Any]:
    """The statement of a bucket's policy that refuses requests without TLS."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def upload(artifacts: tuple[Artifact, ...], account: Account) -> int:
    """Upload what is not there yet.

    Returns:
        How many artifacts were new.
    """
    s3 = aws.client("s3", account.region)
    bucket, new = account.artifact_bucket, 0
    for artifact in artifacts:
        at = {"Bucket": bucket, "Key": artifact.key, "ExpectedBucketOwner": account.id}
        try:
            with aws.explained(f"look at s3://{bucket}/{artifact.key}", "it is uploaded"):
                s3.head_object(**at)
        except MissingError:
            with aws.explained(f"upload {artifact.source} to {bucket}", "deploy again"):
                s3.put_object(**at, Body=artifact.body)
            new += 1
    return new


def remove(project: Project, account: Account) -> int:
    """Delete this project's artifacts; the bucket stays, because other projects share it.

    Returns:
        How many objects were deleted.
    """
    bucket = account.artifact_bucket
    if not bucket_exists(bucket, account):
        return 0
    return delete_objects(bucket, f"{project.stack}/", account)


def delete_objects(bucket: str, prefix: str, account: Account) -> int:
    """Delete every object, and every version of it, below a prefix.

    Returns:
        How many were deleted.

    Raises:
        AccessError: S3 refused to delete one of them.
    """
    s3 = aws.client("s3", account.region)
    deleted = 0
    with aws.explained(f"delete s3://{bucket}/{prefix}", "nothing is left to delete"):
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=account.id
        )
        for page in pages:
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if not found:
                continue
            versions = [(one["Key"], one["VersionId"]) for one in found]
            delete(bucket, versions, region=account.region, owner=account.id)
            deleted += len(versions)
    return deleted


def upload_template(body: bytes, prefix: str, account: Account) -> str:
    """Upload a template that is too large for a request.

    Returns:
        Its URL, as CloudFormation's TemplateURL wants it.
    """
    from .package import Artifact

    digest = hashlib.sha256(body).hexdigest()[:40]
    artifact = Artifact(f"{prefix}/{digest}.template", body, "the template")
    upload((artifact,), account)
    s3 = aws.client("s3", account.region)
    host = s3.meta.endpoint_url  # the region's own, or the local AWS
    return f"{host}/{account.artifact_bucket}/{artifact.key}"
