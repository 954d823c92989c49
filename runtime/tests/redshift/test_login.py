"""IAM instead of a password: for clusters and for serverless workgroups."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import batcat_runtime as bc
from batcat_runtime.redshift.answers import ServerError, explained, service_explained

from .services import Services

if TYPE_CHECKING:
    from .conftest import Redshift

SECRET = "temporary-and-secret"
_XML = """<{0}Response xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><{0}Result>{1}
</{0}Result></{0}Response>"""


def answers(port: int) -> Any:
    """What Redshift's and Redshift Serverless's services say (source: botocore's models)."""

    def answer(name: str, _: dict[str, Any]) -> tuple[int, Any]:
        if name.startswith("GetClusterCredentials"):
            return 200, _XML.format(name, f"<DbUser>ann</DbUser><DbPassword>{SECRET}</DbPassword>")
        if name == "DescribeClusters":
            address = f"<Address>127.0.0.1</Address><Port>{port}</Port>"
            cluster = f"<Cluster><Endpoint>{address}</Endpoint></Cluster>"
            return 200, _XML.format(name, f"<Clusters>{cluster}</Clusters>")
        if name == "GetCredentials":
            return 200, {"dbUser": "ann", "dbPassword": SECRET}
        endpoint = {"address": "127.0.0.1", "port": port}
        return 200, {"workgroup": {"endpoint": endpoint if port else {}}}

    return answer


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Credentials of no account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    return monkeypatch


@pytest.mark.parametrize(
    ("options", "operation", "parameters"),
    [
        (
            {"cluster": "c1"},
            "GetClusterCredentialsWithIAM",
            {"ClusterIdentifier": "c1", "DbName": "dev"},
        ),
        (
            {"cluster": "c1", "db_user": "ann"},
            "GetClusterCredentials",
            {"ClusterIdentifier": "c1", "DbName": "dev", "DbUser": "ann"},
        ),
        (
            {"workgroup": "work"},
            "GetCredentials",
            {"workgroupName": "work", "dbName": "dev"},
        ),
    ],
)
def test_iam_gives_the_endpoint_and_the_credentials(  # noqa: PLR0913, PLR0917 - three are cases
    redshift: Redshift,
    account: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    options: dict[str, Any],
    operation: str,
    parameters: dict[str, str],
) -> None:
    """Through AWS_ENDPOINT_URL like every call; the password appears in no log."""
    caplog.set_level(logging.DEBUG)
    with Services(answers(redshift.relay.port)) as services:
        account.setenv("AWS_ENDPOINT_URL", services.url)
        frame = bc.read_data_from_redshift(
            "select current_user::varchar as who",
            database="dev",
            region="eu-west-1",
            **options,
        )
    assert frame["who"].to_list() == ["ann"]
    (asked,) = services.named(operation)
    assert parameters.items() <= asked.items()
    assert SECRET not in caplog.text


def test_a_workgroup_that_is_not_ready_says_so(account: pytest.MonkeyPatch) -> None:
    """It has no endpoint yet."""
    with Services(answers(0)) as services:
        account.setenv("AWS_ENDPOINT_URL", services.url)
        with pytest.raises(bc.ConfigError, match="work has no endpoint yet"):
            bc.read_data_from_redshift("select 1", workgroup="work", region="eu-west-1")


def test_a_refusal_of_iam_says_what_to_check(account: pytest.MonkeyPatch) -> None:
    """As every refusal of AWS."""
    with Services(
        lambda *_: (403, {"__type": "AccessDeniedException", "message": "no"})
    ) as services:
        account.setenv("AWS_ENDPOINT_URL", services.url)
        with pytest.raises(bc.AccessError, match="the Redshift workgroup work"):
            bc.read_data_from_redshift("select 1", workgroup="work", region="eu-west-1")


def test_credentials_that_have_expired_are_said_to(account: pytest.MonkeyPatch) -> None:
    """Those of AWS, and those that IAM gave for the database."""
    told = {"__type": "ExpiredTokenException", "message": "The security token is expired"}
    with Services(lambda *_: (403, told)) as services:
        account.setenv("AWS_ENDPOINT_URL", services.url)
        with pytest.raises(bc.AccessError, match="expired"):
            bc.read_data_from_redshift("select 1", workgroup="work", region="eu-west-1")
    refused = ServerError({"C": "28000", "M": "IAM Authentication token has expired"})
    with pytest.raises(bc.AccessError, match="has expired"), explained("connect"):
        raise refused


def test_a_cluster_that_does_not_exist_is_named(account: pytest.MonkeyPatch) -> None:
    """With what to check."""
    told = """<ErrorResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><Error>
    <Code>ClusterNotFound</Code><Message>Cluster c1 not found.</Message></Error></ErrorResponse>"""
    with Services(lambda *_: (404, told)) as services:
        account.setenv("AWS_ENDPOINT_URL", services.url)
        with pytest.raises(bc.MissingError, match="the Redshift cluster c1: Cluster c1 not found"):
            bc.read_data_from_redshift("select 1", cluster="c1", region="eu-west-1")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ThrottlingException", bc.ServiceError),
        ("InternalServerException", bc.ServiceError),
        ("RequestExpired", bc.AccessError),
        ("ExecuteStatementException", bc.ExecutionError),
    ],
)
def test_what_services_refuse_is_the_error_it_is_elsewhere(
    code: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match=code), service_explained("find it", "check its name"):
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetCredentials")
