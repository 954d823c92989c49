"""Regions, credentials and endpoints come from where AWS says; what cannot be used is named."""

from __future__ import annotations

import socket

import pytest

import batcat_runtime as bc
from batcat_runtime.aws import client, partition_of


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
