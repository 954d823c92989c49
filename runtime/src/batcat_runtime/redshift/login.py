"""Who logs in to Redshift, and where: with a password, or with IAM for a cluster or a workgroup."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any

from batcat_runtime.aws import client
from batcat_runtime.errors import ConfigError, MissingExtraError
from batcat_runtime.hiding import SecretText
from batcat_runtime.secrets import unlogged

from .answers import service_explained


@dataclass(frozen=True)
class Login:
    """Where to connect, and as whom.

    Attributes:
        host: address of the endpoint.
        port: its port.
        database: name of the database.
        user: database user.
        password: its password.
        ssl: whether the connection is encrypted, and the server's name verified.
    """

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    ssl: bool

    def __str__(self) -> str:
        """Name the place, for messages."""
        return f"redshift://{self.user}@{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True)
class Iam:
    """Whose endpoint and credentials IAM is asked for.

    Attributes:
        cluster: identifier of a cluster; None for serverless.
        workgroup: name of a serverless workgroup; None for a cluster.
        db_user: database user of the cluster; by default the one that belongs to the IAM identity.
        region: AWS region; by default as ``aws.client`` finds it.
    """

    cluster: str | None = None
    workgroup: str | None = None
    db_user: str | None = None
    region: str | None = None


def log_in(  # noqa: PLR0913, PLR0917 - what callers may say
    host: str | None,
    password: str | None,
    port: int,
    database: str,
    user: str,
    iam: Iam,
    ssl: bool | None,
) -> Login:
    """Find out where to connect and as whom.

    Args:
        host: address of the endpoint; None to look it up by cluster or workgroup.
        password: of the user; None for temporary credentials from IAM.
        port: of the endpoint, when the host is given.
        database: name of the database.
        user: database user, when the password is given.
        iam: whom to ask IAM for, without a password.
        ssl: encrypt and verify; by default always, but to this machine itself.

    Raises:
        ConfigError: what is given does not tell where to connect and as whom.
        MissingError: there is no such cluster or workgroup.
        AccessError: IAM does not allow it.
        MissingExtraError: redshift_connector is not installed.
    """
    _need_driver()
    if iam.cluster and iam.workgroup:
        raise ConfigError("give cluster= or workgroup=, not both")
    if not (iam.cluster or iam.workgroup):
        if not host or password is None:
            raise ConfigError(
                "Redshift needs host and password; or, with IAM, cluster= or workgroup= instead"
            )
    elif password is not None:
        raise ConfigError("give password, or cluster= or workgroup= for IAM, not both")
    if password is None:
        user, password = _credentials(iam, database)
    if not host:
        host, port = _endpoint(iam)
    encrypted = not _is_here(host) if ssl is None else ssl
    try:
        return Login(host, int(port), database, user, password, encrypted)
    except ValueError:
        raise ConfigError(f"port is {port!r}; give a number, such as 5439") from None


def _need_driver() -> None:
    try:
        import redshift_connector  # noqa: F401 - only whether it can be imported matters
    except ModuleNotFoundError as error:
        if error.name != "redshift_connector":
            raise
        raise MissingExtraError("redshift_connector", "redshift") from error


def _is_here(host: str) -> bool:
    """Whether an address is this machine's own, where a local engine has no certificate."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _credentials(iam: Iam, database: str) -> tuple[str, str]:
    """Get a temporary user and password.

    Source: botocore, redshift GetClusterCredentialsWithIAM and GetClusterCredentials,
    redshift-serverless GetCredentials.
    """
    with _asking(iam, "get credentials for"), unlogged():
        if iam.workgroup:
            serverless = client("redshift-serverless", iam.region)
            return _taken(
                serverless.get_credentials(workgroupName=iam.workgroup, dbName=database),
                "dbUser",
                "dbPassword",
            )
        provisioned = client("redshift", iam.region)
        place = {"ClusterIdentifier": iam.cluster, "DbName": database}
        if iam.db_user:
            told = provisioned.get_cluster_credentials(DbUser=iam.db_user, **place)
        else:
            told = provisioned.get_cluster_credentials_with_iam(**place)
        return _taken(told, "DbUser", "DbPassword")


def _taken(told: dict[str, Any], user: str, password: str) -> tuple[str, str]:
    return str(told[user]), SecretText(told.pop(password))


def _endpoint(iam: Iam) -> tuple[str, int]:
    with _asking(iam, "find"):
        if iam.workgroup:
            serverless = client("redshift-serverless", iam.region)
            found = serverless.get_workgroup(workgroupName=iam.workgroup)
            endpoint = found["workgroup"].get("endpoint", {})
            address, port = endpoint.get("address"), endpoint.get("port")
        else:
            found = client("redshift", iam.region).describe_clusters(ClusterIdentifier=iam.cluster)
            endpoint = found["Clusters"][0].get("Endpoint", {})
            address, port = endpoint.get("Address"), endpoint.get("Port")
    if not address:
        raise ConfigError(
            f"Redshift {iam.workgroup or iam.cluster} has no endpoint yet; wait until it is "
            "available",
        )
    return str(address), int(port)


def _asking(iam: Iam, doing: str) -> Any:
    kind = "workgroup" if iam.workgroup else "cluster"
    return service_explained(
        f"{doing} the Redshift {kind} {iam.workgroup or iam.cluster}",
        f"check the name of the {kind} and the region",
    )
