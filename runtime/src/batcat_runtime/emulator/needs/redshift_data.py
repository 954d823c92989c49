"""The Redshift Data API.

That a statement logs in with the caller's rights, to the secret or to the cluster: Redshift
Management Guide, "Authorizing access to the Amazon Redshift Data API"; that the owner of a
statement is compared with ``${aws:userid}``: the Service Authorization Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import secretsmanager
from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked, Keys

PREFIX = "redshift-data"
RESOURCES = {
    "DescribeStatement": "*",
    "GetStatementResult": "*",
    "CancelStatement": "*",
    "ListStatements": "*",
}
STATEMENTS = "redshift-data owners"
"""Under this name the service shares who owns which statement: its id to an ``aws:userid``."""

OWNER = "redshift-data:statement-owner-iam-userid"
KEYS = frozenset({OWNER})


def _in_database(asked: Asked) -> list[Need]:
    """The cluster or workgroup, and the login."""
    found = asked.needs(asked.operation, _place(asked))
    if asked.get("SecretArn"):
        return [*found, *secretsmanager.reading(asked, asked.get("SecretArn"))]
    if asked.get("WorkgroupName"):
        return [*found, Need("redshift-serverless:GetCredentials", _place(asked))]
    database = asked.get("Database", default="*")
    cluster = asked.get("ClusterIdentifier")
    named = asked.arn(f"dbname:{cluster}/{database}", "redshift")
    user = asked.get("DbUser")
    if not user:
        return [*found, Need("redshift:GetClusterCredentialsWithIAM", named)]
    places = (asked.arn(f"dbuser:{cluster}/{user}", "redshift"), named)
    return [*found, *(Need("redshift:GetClusterCredentials", place) for place in places)]


def _place(asked: Asked) -> str:
    workgroup = asked.get("WorkgroupName")
    if workgroup:
        return asked.arn(f"workgroup/{workgroup.rpartition('/')[2]}", "redshift-serverless")
    return asked.arn(f"cluster:{asked.get('ClusterIdentifier')}", "redshift")


INSTEAD = dict.fromkeys(
    (
        *("ExecuteStatement", "BatchExecuteStatement", "ListDatabases", "ListSchemas"),
        *("ListTables", "DescribeTable"),
    ),
    _in_database,
)


def keys(asked: Asked) -> Keys:
    """The owner of the statement that is asked about."""
    owners = asked.world.shared(STATEMENTS, dict)
    owner = owners.get(str(asked.get("Id", default="")).partition(":")[0])
    if asked.operation == "ListStatements":
        owner = asked.user_id
    return {OWNER: (owner,)} if owner else {}
