"""What AWS refuses becomes an error that a person can act on."""

from __future__ import annotations

import pickle
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

import batcat_runtime as bc
from batcat_runtime.aws import explained

if TYPE_CHECKING:
    from collections.abc import Iterator


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
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
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
