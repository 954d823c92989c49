"""A service that is busy is asked again, and credentials that expire are fetched anew."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from runtime.tests.faulty import hurry

import batcat_runtime as bc
from batcat_runtime.aws import client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
    hurry(nowhere)
    handler = type("Busy", (BusyAws,), {"keys": [], "given": [], "busy": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
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
