"""Athena. What a query does in Glue and S3 is done with the caller's rights, call by call.

Source: Athena User Guide, "Fine-grained access to databases and tables in the AWS Glue Data
Catalog" and "Control access to Amazon S3 from Athena".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked

PREFIX = "athena"
PRINCIPAL = "athena.amazonaws.com"
_GROUP, _CATALOG = "workgroup/{WorkGroup|primary}", "datacatalog/{CatalogName}"
RESOURCES = {
    "StartQueryExecution": _GROUP,
    "ListQueryExecutions": _GROUP,
    "CreateWorkGroup": "workgroup/{Name}",
    "UpdateWorkGroup": _GROUP,
    "DeleteWorkGroup": _GROUP,
    "GetWorkGroup": _GROUP,
    "ListWorkGroups": "*",
    "ListDataCatalogs": "*",
    "GetDatabase": _CATALOG,
    "ListDatabases": _CATALOG,
    "GetTableMetadata": _CATALOG,
    "ListTableMetadata": _CATALOG,
}
EXECUTIONS = "athena executions"
"""Under this name the service shares its executions by their ids."""


def _on_executions(asked: Asked) -> list[Need]:
    """The workgroups in which the queries run that a request names."""
    given = asked.get("QueryExecutionIds") or [asked.get("QueryExecutionId")]
    known: dict[str, Any] = asked.world.shared(EXECUTIONS, dict)
    groups = {known[one].group if one in known else "primary" for one in given}
    found = asked.needs(asked.operation, *(f"workgroup/{group}" for group in sorted(groups)))
    if asked.operation == "GetQueryResults" and given[0] in known:
        # API reference: who calls it must be allowed to read the query's result location.
        partition = asked.arn("").split(":")[1]
        place = known[given[0]].output.removeprefix("s3://")
        found.append(Need("s3:GetObject", f"arn:{partition}:s3:::{place}"))
    return found


INSTEAD = dict.fromkeys(
    ("GetQueryExecution", "BatchGetQueryExecution", "StopQueryExecution", "GetQueryResults"),
    _on_executions,
)
