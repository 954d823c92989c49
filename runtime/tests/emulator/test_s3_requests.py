"""S3: each header, query key and element has its effect, or is refused."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.conftest import Store

    from batcat_runtime.emulator import LocalAws

KMS = {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "key"}


def error_of(call: Callable[[], Any]) -> tuple[str, str]:
    """Code and message of the error a call ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return str(error["Code"]), str(error["Message"])


def encryption(*rules: dict[str, str]) -> dict[str, Any]:
    """A bucket's default encryption."""
    applied = [{"ApplyServerSideEncryptionByDefault": rule} for rule in rules]
    return {"ServerSideEncryptionConfiguration": {"Rules": applied}}


def rule(**more: Any) -> dict[str, Any]:
    """A lifecycle configuration of one rule."""
    one = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": "a/"}, **more}
    return {"LifecycleConfiguration": {"Rules": [one]}}


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("put_bucket_encryption", encryption({"SSEAlgorithm": "ROT13"}), "MalformedXML"),
        ("put_bucket_encryption", encryption(), "MalformedXML"),
        (
            "put_bucket_encryption",
            encryption({"SSEAlgorithm": "AES256"}, {"SSEAlgorithm": "AES256"}),
            "MalformedXML",
        ),
        ("put_bucket_encryption", encryption(KMS), "InvalidArgument"),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "On"}}, "MalformedXML"),
        (
            "put_bucket_ownership_controls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "Mine"}]}},
            "MalformedXML",
        ),
        ("put_bucket_lifecycle_configuration", rule(), "InvalidRequest"),
        (
            "put_bucket_lifecycle_configuration",
            rule(Status="on", Expiration={"Days": 1}),
            "MalformedXML",
        ),
        (
            "put_bucket_lifecycle_configuration",
            rule(Filter={"And": {"Prefix": "a/"}}, Expiration={"Days": 1}),
            "MalformedXML",
        ),
        ("put_object", {"Key": "k", "StorageClass": "COLD"}, "InvalidStorageClass"),
        (
            "put_object",
            {"Key": "k", "ServerSideEncryption": "ROT13"},
            "InvalidEncryptionAlgorithmError",
        ),
        ("put_object", {"Key": "k", "ACL": "mine"}, "InvalidArgument"),
        ("put_object", {"Key": "k", "ACL": "public-read"}, "AccessControlListNotSupported"),
        (
            "create_multipart_upload",
            {"Key": "k", "ACL": "public-read"},
            "AccessControlListNotSupported",
        ),
        ("put_object", {"Key": "k", "SSEKMSKeyId": "key"}, "InvalidArgument"),
        ("put_object", {"Key": "é" * 512 + "k"}, "KeyTooLongError"),
        ("create_multipart_upload", {"Key": "k" * 1025}, "KeyTooLongError"),
        ("delete_object_tagging", {"Key": "missing"}, "NoSuchKey"),
        ("put_object", {"Key": "k", "Tagging": "a=1&a=2"}, "InvalidArgument"),
        (
            "put_object_tagging",
            {"Key": "k", "Tagging": {"TagSet": [{"Key": "a", "Value": v} for v in "12"]}},
            "InvalidTag",
        ),
    ],
)
def test_what_s3_would_reject_is_rejected(
    store: Store, operation: str, parameters: dict[str, Any], code: str
) -> None:
    """With S3's code."""
    store.put(k="text")
    call = getattr(store.s3, operation)
    assert error_of(lambda: call(Bucket=store.bucket, **parameters))[0] == code


@pytest.mark.parametrize(
    ("operation", "parameters", "named"),
    [
        ("list_multipart_uploads", {"MaxUploads": 1}, "MaxUploads"),
        ("list_multipart_uploads", {"KeyMarker": "k"}, "KeyMarker"),
        ("get_object", {"Key": "k", "PartNumber": 1}, "PartNumber"),
        ("create_multipart_upload", {"Key": "k", "BucketKeyEnabled": True}, "BucketKeyEnabled"),
        ("put_object", {"Key": "k", "IfNoneMatch": '"tag"'}, 'IfNoneMatch="tag"'),
        ("copy_object", {"Key": "l", "CopySource": "b/k", "IfNoneMatch": "*"}, "IfNoneMatch"),
        (
            "get_object_attributes",
            {"Key": "k", "ObjectAttributes": ["ObjectParts"]},
            "ObjectAttributes=ObjectParts",
        ),
        (
            "delete_objects",
            {"Delete": {"Objects": [{"Key": "k", "ETag": "x"}]}},
            "Delete.Objects.ETag",
        ),
        (
            "put_bucket_lifecycle_configuration",
            rule(Filter={"ObjectSizeLessThan": 5}, Expiration={"Days": 1}),
            "LifecycleConfiguration.Rules.Filter.ObjectSizeLessThan",
        ),
        (
            "put_bucket_notification_configuration",
            {
                "NotificationConfiguration": {
                    "LambdaFunctionConfigurations": [
                        {"LambdaFunctionArn": "arn", "Events": ["s3:ObjectTagging:*"]}
                    ]
                }
            },
            "Events=s3:ObjectTagging:*",
        ),
        ("put_object", {"Key": "k", "StorageClass": "GLACIER"}, "StorageClass=GLACIER"),
    ],
)
def test_what_would_be_forgotten_is_refused(
    store: Store, operation: str, parameters: dict[str, Any], named: str
) -> None:
    """By the path of the member, and by the value where only that is the trouble."""
    store.put(k="text")
    call = getattr(store.s3, operation)
    code, message = error_of(lambda: call(Bucket=store.bucket, **parameters))
    assert (code, named in message) == ("NotEmulated", True)


def test_a_key_may_have_1024_bytes(store: Store) -> None:
    """One more is too long."""
    store.s3.put_object(Bucket=store.bucket, Key="é" * 512, Body=b"")
    assert store.keys() == ["é" * 512]


@pytest.mark.parametrize(
    "name", ["Bad_Name", "UPPER", "under_score", "-dash", "dash-", "two..dots", "192.168.5.4"]
)
def test_a_bucket_needs_a_valid_name(store: Store, name: str) -> None:
    """As the naming rules of the user guide have it."""
    assert error_of(lambda: store.s3.create_bucket(Bucket=name))[0] == "InvalidBucketName"


def policy(bucket: str, **more: Any) -> str:
    """A bucket policy."""
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        **more,
    }
    kept = {key: value for key, value in statement.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


def test_a_bucket_policy_denies_with_s3s_code(store: Store) -> None:
    """Reading, writing and deleting what it is about, and nothing else."""
    bucket, s3 = store.bucket, store.s3
    store.put(no__k="", yes__k="")
    no = {"Condition": None, "Resource": f"arn:aws:s3:::{bucket}/no/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, **no))
    for call in (s3.put_object, s3.get_object, s3.delete_object):
        code, message = error_of(partial(call, Bucket=bucket, Key="no/k"))
        assert code == "AccessDenied"
        assert message.endswith(f'{bucket}/no/k" with an explicit deny in a resource-based policy')
        call(Bucket=bucket, Key="yes/k")


def test_a_bucket_policy_must_be_one(store: Store) -> None:
    """Its form, and that it is about this bucket."""
    bucket, put = store.bucket, store.s3.put_bucket_policy
    wrong = (
        "nonsense",
        "[]",
        "{}",
        policy(bucket, Principal=None),
        policy(bucket, Effect="deny"),
        policy(bucket, Action="sqs:SendMessage"),
        policy(bucket, Resource="arn:aws:s3:::another/*"),
        policy(bucket, Conditions={}),
    )
    for text in wrong:
        assert error_of(partial(put, Bucket=bucket, Policy=text))[0] == "MalformedPolicy"
    put(Bucket=bucket, Policy=policy(bucket))
    assert store.s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy(bucket)


def test_a_quiet_deletion_tells_nothing(store: Store) -> None:
    """Moto tells every key."""
    store.put(a="1", b="2")
    objects = [{"Key": "a"}, {"Key": "b"}]
    told = store.s3.delete_objects(Bucket=store.bucket, Delete={"Objects": objects, "Quiet": True})
    assert "Deleted" not in told
    assert store.keys() == []
    store.put(a="1")
    loud = store.s3.delete_objects(Bucket=store.bucket, Delete={"Objects": objects[:1]})
    assert [found["Key"] for found in loud["Deleted"]] == ["a"]


def test_all_tags_can_be_taken_off(store: Store) -> None:
    """With an empty set, over which moto stumbles."""
    store.s3.put_object(Bucket=store.bucket, Key="k", Tagging="a=1&b=%2F")
    found = store.s3.get_object_tagging(Bucket=store.bucket, Key="k")["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in found} == {"a": "1", "b": "/"}
    store.s3.put_object_tagging(Bucket=store.bucket, Key="k", Tagging={"TagSet": []})
    assert store.s3.get_object_tagging(Bucket=store.bucket, Key="k")["TagSet"] == []


def test_a_bucket_takes_lists_where_its_owner_says_so(
    aws: LocalAws, unique: Callable[[str], str]
) -> None:
    """A new one takes none, as in AWS since April 2023."""
    s3, bucket = aws.client("s3"), unique("bucket")
    public = {"Bucket": bucket, "ACL": "public-read"}
    refused = error_of(lambda: s3.create_bucket(**public))
    assert refused[0] == "InvalidBucketAclWithObjectOwnership"
    assert bucket not in [found["Name"] for found in s3.list_buckets()["Buckets"]]
    s3.create_bucket(Bucket=bucket)
    (rule,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}
    s3.put_object(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
    s3.put_object(Key="k", **public)
    grants = s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]
    assert "READ" in [grant["Permission"] for grant in grants]


def test_headers_of_a_legacy_link_count_or_are_refused(aws: LocalAws, store: Store) -> None:
    """Boto3 puts them in the query; of those moto reads the metadata only."""
    put = {"Bucket": store.bucket, "Key": "k"}
    link = aws.client("s3").generate_presigned_url(
        "put_object", Params={**put, "Metadata": {"a": "b"}}
    )
    urlopen(Request(link, b"x=1", method="PUT")).close()  # noqa: S310 - a link of this server
    assert store.text("k") == "x=1"
    assert store.s3.head_object(**put)["Metadata"] == {"a": "b"}
    public = aws.client("s3").generate_presigned_url(
        "put_object", Params={**put, "ACL": "public-read"}
    )
    with pytest.raises(OSError, match="501") as caught:
        urlopen(Request(public, b"x", method="PUT"))  # noqa: S310 - a link of this server
    body = caught.value.read().decode()  # type: ignore[attr-defined]  # an HTTPError
    assert "x-amz-acl" in body


def test_unknown_headers_are_refused(store: Store) -> None:
    """One that belongs to another operation has no effect either."""

    def add(request: Any, **_: Any) -> None:
        request.headers["x-amz-website-redirect-location"] = "/elsewhere"

    events = store.s3.meta.events
    events.register("before-send.s3.GetObject", add, unique_id="odd-header")
    try:
        code, message = error_of(lambda: store.s3.get_object(Bucket=store.bucket, Key="k"))
    finally:
        events.unregister("before-send.s3.GetObject", unique_id="odd-header")
    assert (code, "x-amz-website-redirect-location" in message) == ("NotEmulated", True)
