"""The gateway: what is not emulated is refused by name, and nothing is dropped in silence."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.conftest import Store

    from batcat_runtime.emulator import LocalAws


def error_of(call: Callable[[], Any]) -> dict[str, Any]:
    """The error a call ends with, which no client may have tried again."""
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    return dict(caught.value.response["Error"])


def send(aws: LocalAws, service: str, **request: Any) -> tuple[int, str]:
    """Send a request as no SDK would write it; returns status and body."""
    scope = f"batcat-local/20260101/us-east-1/{service}/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=, Signature="}
    headers |= request.get("headers", {})
    connection = HTTPConnection(urlsplit(aws.url).netloc, timeout=60)
    connection.request(
        request.get("method", "POST"), request.get("path", "/"), request.get("body", ""), headers
    )
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def send_json(aws: LocalAws, operation: str, document: Any) -> tuple[int, str]:
    """A SageMaker request with any body."""
    headers = {
        "X-Amz-Target": f"SageMaker.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
    }
    text = document if isinstance(document, str) else json.dumps(document)
    return send(aws, "sagemaker", headers=headers, body=text)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("ec2", "describe_instances"),
        ("dynamodb", "list_tables"),
        ("acm", "list_certificates"),
        ("kinesis", "list_streams"),
        ("batch", "describe_job_queues"),
        ("route53", "list_hosted_zones"),
    ],
)
def test_a_service_that_is_not_emulated_is_refused_by_name(
    aws: LocalAws, service: str, operation: str
) -> None:
    """In the form of the service's own protocol, so that its client can read it."""
    client = aws.client(service)
    error = error_of(getattr(client, operation))
    assert error["Message"].startswith(f"service {service} is not emulated by batcat local.")
    assert error["Code"] == "NotEmulated"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "named"),
    [
        ("sagemaker", "list_models", {}, "ListModels"),
        ("lambda", "list_layers", {}, "ListLayers"),
        ("cloudformation", "list_types", {}, "ListTypes"),
        ("iam", "create_user", {"UserName": "someone"}, "CreateUser"),
        ("logs", "start_query", {"startTime": 0, "endTime": 1, "queryString": "x"}, "StartQuery"),
        ("s3", "get_bucket_website", {"Bucket": "some-bucket"}, "GetBucketWebsite"),
        ("s3", "list_bucket_metrics_configurations", {"Bucket": "b-1"}, "ListBucketMetrics"),
        # Boto3 would put a prefix before the host of these two.
        ("stepfunctions", "test_state", {"definition": "{}"}, "TestState"),
        (
            "stepfunctions",
            "start_sync_execution",
            {"stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m"},
            "StartSyncExecution",
        ),
    ],
)
def test_an_operation_that_is_not_emulated_is_refused_by_name(
    aws: LocalAws, service: str, operation: str, parameters: dict[str, Any], named: str
) -> None:
    """Whether the service is our own or moto's."""
    error = error_of(lambda: getattr(aws.client(service), operation)(**parameters))
    assert error["Code"] == "NotEmulated"
    assert f"{service} operation {named}" in error["Message"]


def test_an_operation_that_does_not_exist_is_refused_by_name(aws: LocalAws) -> None:
    """In JSON, in the query protocol, and by path."""
    assert "sagemaker operation MakeCoffee" in send_json(aws, "MakeCoffee", {})[1]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"Action": "MakeCoffee"})
    status, text = send(aws, "iam", headers=form, body=body)
    assert (status, "iam operation MakeCoffee" in text) == (501, True)
    assert text.startswith("<ErrorResponse>")
    assert (
        "lambda GET /2015-03-31/coffee"
        in send(aws, "lambda", method="GET", path="/2015-03-31/coffee")[1]
    )


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"MaxResults": 1, "Colour": "green"}, "parameter Colour"),
        ({"Filter": {"Deep": 1}}, "parameter Filter"),
    ],
)
def test_a_parameter_that_does_not_exist_is_refused_by_name(
    aws: LocalAws, document: dict[str, Any], named: str
) -> None:
    """In JSON, where an SDK of another version may know more than this server."""
    status, text = send_json(aws, "ListProcessingJobs", document)
    assert status == 501
    assert named in json.loads(text)["message"]


def test_a_nested_parameter_that_does_not_exist_is_named_with_its_path(aws: LocalAws) -> None:
    """Lists and structures included."""
    source = {"S3Uri": "s3://b/x", "S3DataType": "S3Prefix", "Shade": "dark"}
    document = {"ProcessingInputs": [{"InputName": "raw", "S3Input": source}]}
    _, text = send_json(aws, "CreateProcessingJob", document)
    assert "parameter ProcessingInputs[0].S3Input.Shade" in json.loads(text)["message"]


def test_a_query_parameter_that_does_not_exist_is_refused_by_name(aws: LocalAws) -> None:
    """In forms and in query strings."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"Action": "GetRole", "RoleName": "r", "Colour": "green"})
    assert "iam GetRole parameter Colour" in send(aws, "iam", headers=form, body=body)[1]
    for service, path, named in (
        ("s3", "/some-bucket?colour=green", "s3 ListObjects parameter colour"),
        ("lambda", "/2015-03-31/functions?Colour=green", "lambda ListFunctions parameter Colour"),
    ):
        status, text = send(aws, service, method="GET", path=path)
        assert (status, named in text) == (501, True)


def test_a_parameter_that_moto_would_forget_is_refused_by_name(aws: LocalAws, store: Store) -> None:
    """In headers and in bodies."""
    error = error_of(
        lambda: store.s3.put_object(
            Bucket=store.bucket, Key="k", GrantRead="id=1", WriteOffsetBytes=0
        )
    )
    assert "s3 PutObject parameter GrantRead, WriteOffsetBytes" in error["Message"]
    error = error_of(
        lambda: aws.client("logs").filter_log_events(logGroupName="g", logStreamNamePrefix="p")
    )
    assert "logs FilterLogEvents parameter logStreamNamePrefix" in error["Message"]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "SerializationException"),
        ("null", "SerializationException"),
        ({"MaxResults": "ten"}, "SerializationException"),
        ({"MaxResults": True}, "SerializationException"),
        ({"NameContains": 7}, "SerializationException"),
        ({"MaxResults": 101}, "ValidationException"),
        ({"SortBy": "Colour"}, "ValidationException"),
    ],
)
def test_a_request_that_breaks_the_model_is_refused(
    aws: LocalAws, document: Any, code: str
) -> None:
    """No JSON, wrong types, values outside limits and lists."""
    status, text = send_json(aws, "ListProcessingJobs", document)
    assert (status, json.loads(text)["__type"]) == (400, code)


def test_required_parameters_are_required(aws: LocalAws) -> None:
    """All that are missing are named at once."""
    _, text = send_json(aws, "CreateProcessingJob", {"ProcessingJobName": "x"})
    message = json.loads(text)["message"]
    assert message.startswith("3 validation errors detected: ")
    assert (
        "Value null at 'roleArn' failed to satisfy constraint: Member must not be null" in message
    )


def test_an_unsigned_request_is_refused(aws: LocalAws) -> None:
    """Its service cannot be known."""
    connection = HTTPConnection(urlsplit(aws.url).netloc, timeout=60)
    connection.request("GET", "/moto-api/data.json")
    answer = connection.getresponse()
    assert answer.status == 403
    assert b"is not signed" in answer.read()
    connection.close()


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Host": "evil.example:8080"}, {"Origin": "null"}],
)
def test_web_pages_are_not_answered(aws: LocalAws, headers: dict[str, str]) -> None:
    """Jobs and functions run code on this machine; no page in a browser may start one."""
    target = {"X-Amz-Target": "SageMaker.ListProcessingJobs", **headers}
    status, text = send(aws, "sagemaker", headers=target, body="{}")
    assert (status, "does not answer web pages" in text) == (403, True)


def test_a_signature_in_a_link_opens_s3_only(aws: LocalAws) -> None:
    """A form or an image needs no header to be sent, so nothing else can be reached that way."""
    connection = HTTPConnection(urlsplit(aws.url).netloc, timeout=60)
    scope = "x/20260101/us-east-1/lambda/aws4_request"
    connection.request("POST", f"/2015-03-31/functions?X-Amz-Credential={scope}", b"{}")
    answer = connection.getresponse()
    assert (answer.status, b"is not signed" in answer.read()) == (403, True)
    connection.close()


@pytest.mark.parametrize(
    ("service", "headers", "body"),
    [
        ("iam", {"Content-Type": "application/x-www-form-urlencoded"}, "Action=DeleteRole"),
        ("secretsmanager", {"X-Amz-Target": "secretsmanager.ListSecrets"}, "{}"),
        (
            "secretsmanager",
            {
                "X-Amz-Target": "secretsmanager.ListSecrets",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            "{}",
        ),
    ],
    ids=["query", "json", "form"],
)
def test_a_request_says_once_what_it_wants(
    aws: LocalAws, service: str, headers: dict[str, str], body: str
) -> None:
    """What is decided must be what is done, so nothing is read from two places."""
    path = "/" if len(headers) > 1 else "/?Action=ListRoles&Version=2010-05-08"
    status, answer = send(aws, service, path=path, body=body, headers=headers)
    assert status == 501
    assert "NotEmulated" in answer
    assert "parameters stand in two places" in answer


def test_a_bucket_of_another_owner_is_denied(aws: LocalAws, store: Store) -> None:
    """ExpectedBucketOwner is compared with this account."""
    call = store.s3.list_objects_v2
    assert call(Bucket=store.bucket, ExpectedBucketOwner=aws.account)["KeyCount"] == 0
    error = error_of(lambda: call(Bucket=store.bucket, ExpectedBucketOwner="999999999999"))
    assert error["Code"] == "AccessDenied"


def test_objects_of_any_name_size_and_metadata_are_kept(store: Store) -> None:
    """Multipart uploads, awkward keys, underscores in metadata."""
    s3, bucket = store.s3, store.bucket
    key = "a b/ü+%/~?.csv"
    content = bytes(range(256)) * 40_000
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key, Metadata={"my_key": "x"})
    parts = []
    for number, part in enumerate((content[: 6 << 20], content[6 << 20 :]), start=1):
        sent = s3.upload_part(
            Bucket=bucket, Key=key, UploadId=upload["UploadId"], PartNumber=number, Body=part
        )
        parts.append({"ETag": sent["ETag"], "PartNumber": number})
    s3.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload["UploadId"], MultipartUpload={"Parts": parts}
    )
    assert store.keys() == [key]
    found = s3.get_object(Bucket=bucket, Key=key)
    assert found["Body"].read() == content
    assert found["Metadata"] == {"my_key": "x"}
    part = s3.get_object(Bucket=bucket, Key=key, Range="bytes=256-511")["Body"].read()
    assert part == content[:256]


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_links_work(aws: LocalAws, store: Store, version: str) -> None:
    """Signed either way, for whoever holds them."""
    from botocore.config import Config

    store.put(a_csv="1,2")
    client = aws.client("s3", config=Config(signature_version=version))
    link = client.generate_presigned_url(
        "get_object", Params={"Bucket": store.bucket, "Key": "a.csv"}
    )
    client.close()
    with urlopen(link) as answer:  # noqa: S310 - the link is http on loopback
        assert answer.read() == b"1,2"
