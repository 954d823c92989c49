"""The one place that talks to AWS: clients, regions, and errors a person can act on."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import batcat_runtime as bc
from batcat_runtime.aws import client, partition_of


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> pytest.MonkeyPatch:
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
    expected = "cannot list s3://data/raw/: Unable to locate credentials; run `aws sso login`"
    with pytest.raises(bc.AccessError, match=expected):
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


class BreaksTwice(BaseHTTPRequestHandler):
    """An S3 whose connection breaks midway, twice, and then holds."""

    asked = 0

    def do_GET(self) -> None:
        """Promise ten bytes; send three of them."""
        type(self).asked += 1
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"0123456789" if self.asked > 2 else b"012")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_connection_that_breaks_midway_is_made_again(nowhere: pytest.MonkeyPatch) -> None:
    """No part of an object is ever taken for the whole."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BreaksTwice) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            nowhere.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
            nowhere.setenv("AWS_ACCESS_KEY_ID", "any")
            nowhere.setenv("AWS_SECRET_ACCESS_KEY", "any")
            assert bc.pd_s3_buffer("data", "x").read() == b"0123456789"
        finally:
            server.shutdown()
            thread.join()
    assert BreaksTwice.asked == 3


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
