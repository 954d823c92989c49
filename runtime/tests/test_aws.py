"""The one place that talks to AWS: clients, regions, and errors a person can act on."""

from __future__ import annotations

import json
import pickle
import socket
import subprocess
import sys
import threading
import traceback
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import batcat_runtime as bc
from batcat_runtime.aws import client, explained, partition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment that says nothing about AWS: no credentials, region or endpoint."""
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@pytest.mark.usefixtures("s3_environment")
def test_a_client_is_made_once_and_shared() -> None:
    """Also by threads that ask at the same time."""
    found: list[Any] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        found.append(client("sqs"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(one) for one in found}) == 1


def test_a_forked_process_makes_its_own_client() -> None:
    """Two processes that share one connection would read each other's answers."""
    code = """
import multiprocessing as mp
from batcat_runtime.aws import client

def is_shared(queue, parents=client("s3", "us-east-1")):
    queue.put(client("s3", "us-east-1") is parents)

context = mp.get_context("fork")
queue = context.SimpleQueue()
is_shared(queue)
child = context.Process(target=is_shared, args=(queue,))
child.start()
child.join()
print(queue.get(), queue.get())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_a_fork_while_a_client_is_made_leaves_the_child_able_to_make_one() -> None:
    """Of the threads only the one that forks goes on in the child: nobody frees a lock there."""
    code = """
import os, signal, sys, threading
from batcat_runtime.aws import client

begun = threading.Event()

class Signal:
    def find_spec(self, name, *_):
        if name == "botocore.config":  # imported while the client is made
            begun.set()

sys.meta_path.insert(0, Signal())
thread = threading.Thread(target=client, args=("s3", "us-east-1"))
thread.start()
begun.wait()
child = os.fork()
if not child:
    signal.alarm(20)  # ends it where it would wait for ever
    client("s3", "us-east-1")
    client("sqs", "us-east-1")
    os._exit(0)
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]


def test_a_fork_does_not_wait_for_ever_for_a_client() -> None:
    """Making one may ask somebody for a password, for example."""
    code = """
import os, signal, threading
from batcat_runtime import aws

aws._PATIENCE = 0.1
held, free = threading.Event(), threading.Event()

def hold():
    with aws._LOCK:
        held.set()
        free.wait()

thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if not child:
    signal.alarm(20)
    aws.client("sqs", "us-east-1")
    os._exit(0)
free.set()
thread.join()
aws.client("sqs", "us-east-1")
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]


def test_a_traceback_does_not_show_variables_of_aws(nowhere: pytest.MonkeyPatch) -> None:
    """With all local variables, as pytest and rich print them."""
    nowhere.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    nowhere.setenv("AWS_SESSION_TOKEN", "hunter2")
    nowhere.setenv("AWS_ACCESS_KEY_ID", "any")
    with pytest.raises(bc.ConfigError) as caught:
        client("s3", "no region")
    error = caught.value
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    told = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    assert "key = " in "".join(told.format())
    assert "hunter2" not in "".join(told.format())


@pytest.mark.usefixtures("s3_environment")
def test_another_account_endpoint_or_region_gets_another_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program may turn from one account to another."""
    first = client("s3")
    assert client("s3", "eu-central-1") is not first
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    assert client("s3") is not first


def test_the_region_that_containers_are_given_is_used(nowhere: pytest.MonkeyPatch) -> None:
    """SageMaker and Lambda set AWS_REGION."""
    nowhere.setenv("AWS_REGION", "cn-north-1")
    assert client("sqs").meta.region_name == "cn-north-1"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("AWS_REGION", "not a region", "a region looks like eu-central-1"),
        ("AWS_ENDPOINT_URL", "nonsense", "Invalid endpoint: nonsense; AWS_ENDPOINT_URL must be"),
        ("AWS_MAX_ATTEMPTS", "x", "AWS_MAX_ATTEMPTS is 'x'; it must be a whole number from 1"),
        ("AWS_MAX_ATTEMPTS", "0", "AWS_MAX_ATTEMPTS is '0'"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    nowhere: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    """With what it may be."""
    nowhere.setenv("AWS_REGION", "us-east-1")
    nowhere.setenv(name, value)
    with pytest.raises(bc.ConfigError, match=message):
        client("s3")


@pytest.mark.usefixtures("nowhere")
def test_without_a_region_the_error_names_the_variable_to_set() -> None:
    """With an example."""
    with pytest.raises(bc.ConfigError, match="no region for sqs; set AWS_REGION"):
        client("sqs")


def test_an_unknown_profile_is_named(nowhere: pytest.MonkeyPatch) -> None:
    """With the command that lists those there are."""
    nowhere.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(bc.ConfigError, match=r"nobody.*aws configure list-profiles"):
        client("s3")


@pytest.mark.usefixtures("nowhere")
def test_without_credentials_the_error_says_how_to_get_them() -> None:
    """And what was being done."""
    expected = "cannot list s3://data/raw/: Unable to locate credentials; run aws sso login or aws"
    with pytest.raises(bc.AccessError, match=expected):
        bc.list_keys("data", "raw/", "")


def test_without_credentials_in_a_job_the_error_names_its_role(nowhere: pytest.MonkeyPatch) -> None:
    """Nobody can log in there."""
    nowhere.setenv("BATCAT_ML_ROOT", "/nowhere")
    with pytest.raises(bc.AccessError, match=r"Unable to locate credentials; give the job a role$"):
        bc.list_keys("data", "raw/", "")


def test_an_endpoint_that_does_not_answer_is_named(nowhere: pytest.MonkeyPatch) -> None:
    """A local AWS that has stopped, for example."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    nowhere.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    nowhere.setenv("AWS_ACCESS_KEY_ID", "any")
    nowhere.setenv("AWS_SECRET_ACCESS_KEY", "any")
    nowhere.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(bc.AccessError, match=rf"127\.0\.0\.1:{port}.*AWS_ENDPOINT_URL"):
        bc.list_keys("data", "", "")


class OddS3(BaseHTTPRequestHandler):
    """An S3 in trouble: what it answers depends on the key."""

    asked = 0

    def do_GET(self) -> None:
        """Refuse, or promise ten bytes and send three of them twice before sending all."""
        code = self.path.rpartition("/")[2]
        if code == "always-breaks":
            self.answer(200, b"012", length=10)
        elif code == "breaks":
            type(self).asked += 1
            self.answer(200, b"0123456789" if self.asked > 2 else b"012", length=10)
        else:
            status = 403 if code == "AccessDenied" else 400
            message = f"<Error><Code>{code}</Code><Message>No way in</Message></Error>".encode()
            self.answer(status, message, len(message))

    def answer(self, status: int, body: bytes, length: int) -> None:
        """Send a body under a length that may not be its own."""
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def odd_s3(nowhere: pytest.MonkeyPatch) -> Iterator[None]:
    """Let boto3 talk to the S3 in trouble."""
    with ThreadingHTTPServer(("127.0.0.1", 0), OddS3) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        nowhere.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        nowhere.setenv("AWS_ACCESS_KEY_ID", "any")
        nowhere.setenv("AWS_SECRET_ACCESS_KEY", "any")
        nowhere.setenv("AWS_REGION", "us-east-1")
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("odd_s3")
def test_a_connection_that_breaks_midway_is_made_again() -> None:
    """No part of an object is ever taken for the whole."""
    assert bc.pd_s3_buffer("data", "breaks").read() == b"0123456789"
    assert OddS3.asked == 3


@pytest.mark.usefixtures("odd_s3")
def test_a_connection_that_always_breaks_is_an_error() -> None:
    """Part of an object is no object."""
    with pytest.raises(bc.AccessError, match=r"cannot read s3://data/always-breaks: .*network"):
        bc.pd_s3_buffer("data", "always-breaks")


@pytest.mark.usefixtures("odd_s3")
@pytest.mark.parametrize("code", ["AccessDenied", "ExpiredToken"])
def test_a_refusal_names_the_object_and_what_to_check(code: str) -> None:
    """Also one that S3 answers with another status than 403."""
    expected = rf"cannot read s3://data/{code}: No way in \({code}\); check that the credentials"
    with pytest.raises(bc.AccessError, match=expected):
        bc.pd_s3_buffer("data", code)


@pytest.mark.usefixtures("odd_s3")
@pytest.mark.parametrize(
    ("code", "kind", "mend"),
    [
        ("KMS.DisabledException", bc.AccessError, "enable the KMS key"),
        ("KMS.KMSInvalidStateException", bc.AccessError, "it may be about to be deleted"),
        ("KMS.NotFoundException", bc.MissingError, "check name, region and account of the KMS key"),
        ("KMS.InvalidKeyUsageException", bc.ConfigError, "use a symmetric KMS key"),
        ("KMS.ThrottlingException", bc.ServiceError, "S3 is busy .*try again later"),
        ("InvalidObjectState", bc.AccessError, "in an archive; restore it"),
        ("KeyTooLongError", bc.ConfigError, "at most 1,024 bytes in UTF-8; shorten it"),
        ("RequestTimeTooSkewed", bc.AccessError, "set this machine's clock"),
        ("MethodNotAllowed", bc.ServiceError, "S3 refuses GetObject; MethodNotAllowed in AWS's"),
    ],
)
def test_whatever_s3_answers_is_one_of_our_errors(
    code: str, kind: type[Exception], mend: str
) -> None:
    """With the object, S3's own words and code, what to do, and the answer as its cause."""
    expected = rf"cannot read s3://data/{code}: No way in \({code}\).*{mend}"
    with pytest.raises(bc.BatCatError, match=expected) as caught:
        bc.pd_s3_buffer("data", code)
    assert type(caught.value) is kind
    assert isinstance(caught.value.__cause__, ClientError)


@pytest.mark.parametrize(
    ("code", "status", "kind", "mend"),
    [
        ("RepositoryNotFoundException", 400, bc.MissingError, "make it"),
        ("NoSuchEntity", 404, bc.MissingError, "make it"),
        ("NotEmulated", 501, bc.ServiceError, "do without it"),
        ("InternalError", 500, bc.ServiceError, "try again later"),
    ],
)
def test_other_services_answers_too(
    code: str, status: int, kind: type[Exception], mend: str
) -> None:
    answer = {
        "Error": {"Code": code, "Message": "No"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    expected = rf"cannot look: No \({code}\).*; {mend}"
    with pytest.raises(bc.BatCatError, match=expected) as caught, explained("look", "make it"):
        raise ClientError(answer, "GetIt")
    assert type(caught.value) is kind


def test_what_the_key_forbids_names_the_key() -> None:
    """The role may be allowed to read the bucket all the same."""
    told = "User: ada is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:…"
    answer = {"Error": {"Code": "AccessDenied", "Message": told}}
    with (
        pytest.raises(bc.AccessError, match="may use the KMS key, by its own policy and by the"),
        explained("read s3://data/x", "look"),
    ):
        raise ClientError(answer, "GetObject")


def test_an_error_of_aws_travels_between_processes() -> None:
    """A pool of workers hands it back whole."""
    error = pickle.loads(pickle.dumps(bc.ServiceError("busy", "SlowDown", "slow down")))  # noqa: S301
    assert (str(error), error.code, error.reason) == ("busy", "SlowDown", "slow down")


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-central-1", "aws"), ("cn-northwest-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_a_region_knows_its_partition(region: str, partition: str) -> None:
    """As ARNs spell it."""
    assert partition_of(region) == partition


def test_a_region_of_no_partition_is_refused() -> None:
    """With a valid example."""
    with pytest.raises(bc.ConfigError, match="'frankfurt' belongs to no known partition"):
        partition_of("frankfurt")


@pytest.mark.parametrize("region", ["eu central 1", "eu_central", "x" * 80, "a/b"])
def test_a_region_that_is_none_is_refused(nowhere: pytest.MonkeyPatch, region: str) -> None:
    """It would be part of a host's name."""
    nowhere.setenv("AWS_ACCESS_KEY_ID", "any")
    with pytest.raises(bc.ConfigError, match="a region looks like eu-central-1"):
        client("athena", region)


@pytest.mark.parametrize("told", ["many", "0", "-1", "2.5"])
def test_attempts_that_are_no_number_are_refused(nowhere: pytest.MonkeyPatch, told: str) -> None:
    """With the name of the variable."""
    nowhere.setenv("AWS_MAX_ATTEMPTS", told)
    with pytest.raises(
        bc.ConfigError, match=f"AWS_MAX_ATTEMPTS is '{told}'; it must be a whole number"
    ):
        client("s3", "eu-central-1")


SERVICES = ["s3", "athena", "secretsmanager", "redshift", "redshift-data", "redshift-serverless"]


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "eu-central-1.amazonaws.com"),
        ("cn-north-1", "cn-north-1.amazonaws.com.cn"),
        ("cn-northwest-1", "cn-northwest-1.amazonaws.com.cn"),
        ("us-gov-west-1", "us-gov-west-1.amazonaws.com"),
    ],
)
def test_the_endpoint_comes_from_the_region(service: str, region: str, host: str) -> None:
    """Each partition has a domain of its own."""
    assert client(service, region).meta.endpoint_url == f"https://{service}.{host}"


@pytest.mark.parametrize("service", SERVICES)
def test_another_endpoint_is_honoured_everywhere(nowhere: pytest.MonkeyPatch, service: str) -> None:
    """Whatever the region; one service may have its own."""
    nowhere.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert client(service, "cn-north-1").meta.endpoint_url == "http://127.0.0.1:1"
    name = {"secretsmanager": "SECRETS_MANAGER"}.get(service, service.upper().replace("-", "_"))
    nowhere.setenv(f"AWS_ENDPOINT_URL_{name}", "http://127.0.0.1:2")
    assert client(service, "cn-north-1").meta.endpoint_url == "http://127.0.0.1:2"


class BusyAws(BaseHTTPRequestHandler):
    """Credentials that soon expire, and services that are busy twice before they answer.

    It notes who asks, by the access key that the request is signed with.
    """

    keys: list[str]
    given: list[str]
    busy: dict[str, int]
    refusal = (503, "SlowDown")

    def do_GET(self) -> None:
        """Give credentials, each time others, or list objects."""
        if self.path != "/credentials":
            self.serve("<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>")
            return
        self.given.append(f"KEY{len(self.given)}")
        soon = datetime.now(timezone.utc) + timedelta(minutes=5)
        told = {
            "AccessKeyId": self.given[-1],
            "SecretAccessKey": "any",
            "Token": "any",
            "Expiration": soon.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        self.answer(200, json.dumps(told))

    def do_POST(self) -> None:
        """Answer as Athena and Secrets Manager do."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.serve(json.dumps({"SecretString": "{}", "VersionId": "1", "WorkGroups": []}))

    def serve(self, body: str) -> None:
        """Answer, or be busy."""
        service = self.headers["Authorization"].split("/")[3]
        self.keys.append(self.headers["Authorization"].partition("=")[2].partition("/")[0])
        self.busy[service] = self.busy.get(service, 0) + 1
        if self.busy[service] > 2:
            self.answer(200, body)
        else:
            status, code = self.refusal
            self.answer(
                status,
                f"<Error><Code>{code}</Code></Error>"
                if service == "s3"
                else f'{{"__type": "{code}"}}',
            )

    def answer(self, status: int, body: str) -> None:
        """Send a body."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def busy_aws(nowhere: pytest.MonkeyPatch) -> Iterator[type[BusyAws]]:
    """Let boto3 get credentials as in a container, and talk to the busy AWS."""
    handler = type("Busy", (BusyAws,), {"keys": [], "given": [], "busy": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        nowhere.setenv("AWS_ENDPOINT_URL", address)
        nowhere.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{address}/credentials")
        nowhere.setenv("AWS_REGION", "us-east-1")
        yield handler
        server.shutdown()
        thread.join()


def test_credentials_that_expire_are_fetched_anew(busy_aws: type[BusyAws]) -> None:
    """On every path, by the client that is already there: a run may last for days."""
    busy_aws.busy.update({"s3": 9, "athena": 9, "secretsmanager": 9})
    for _ in range(2):
        bc.list_keys("data", "", "")
        bc.get_secret("any", max_age=0)
        client("athena").list_work_groups()
    assert len(set(busy_aws.keys)) == 6


@pytest.mark.parametrize(
    ("service", "refusal"),
    [
        ("s3", (503, "SlowDown")),
        ("athena", (400, "TooManyRequestsException")),
        ("secretsmanager", (400, "ThrottlingException")),
        ("secretsmanager", (500, "InternalServiceError")),
    ],
)
def test_busy_services_are_asked_again(
    busy_aws: type[BusyAws],
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    refusal: tuple[int, str],
) -> None:
    """In botocore's adaptive mode, which also slows down."""
    monkeypatch.setattr("botocore.retries.standard.random.random", lambda: 0.01)
    busy_aws.refusal = refusal
    ask: dict[str, Callable[[], Any]] = {
        "s3": lambda: bc.list_keys("data", "", ""),
        "athena": lambda: client("athena").list_work_groups(),
        "secretsmanager": lambda: bc.get_secret("any", max_age=0),
    }
    ask[service]()
    assert busy_aws.busy == {service: 3}


def test_a_service_that_stays_busy_is_an_error(
    busy_aws: type[BusyAws], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After as many attempts as the environment says."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    expected = (
        r"cannot list s3://data/: .*S3 is busy \(ListObjectsV2, 2 attempts\); try again later"
    )
    with pytest.raises(bc.ServiceError, match=expected) as caught:
        bc.list_keys("data", "", "")
    assert busy_aws.busy == {"s3": 2}
    assert caught.value.code == "SlowDown"
    busy_aws.refusal = (500, "InternalError")
    busy_aws.busy.clear()
    with pytest.raises(bc.ServiceError, match=r"a fault of S3's own .*try again later"):
        bc.list_keys("data", "", "")


def test_other_services_that_stay_busy_say_so(
    busy_aws: type[BusyAws], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever status they answer with."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    busy_aws.refusal = (400, "ThrottlingException")
    expected = r"cannot read secret 'any': .*AWS is busy \(GetSecretValue, 1 attempt\)"
    with pytest.raises(bc.ServiceError, match=expected):
        bc.get_secret("any", max_age=0)
    busy_aws.refusal = (400, "TooManyRequestsException")
    with pytest.raises(bc.ServiceError, match=r"on Athena: .*AWS is busy \(StartQueryExecution"):
        bc.read_data_from_athena("select 1", None, "s3://data/")


@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException"])
def test_credentials_that_are_refused_are_explained(busy_aws: type[BusyAws], code: str) -> None:
    """By whichever service."""
    busy_aws.refusal = (400, code)
    with pytest.raises(bc.AccessError, match=rf"cannot read secret 'any': .*{code}.*credentials"):
        bc.get_secret("any", max_age=0)
    with pytest.raises(bc.AccessError, match=rf"on Athena: .*{code}.*credentials are current"):
        bc.read_data_from_athena("select 1", None, "s3://data/")
