"""Athena's API.

Source: botocore's model of Athena and its documentation strings; messages as in public issue
trackers.
"""

from __future__ import annotations

from datetime import timedelta
from threading import RLock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.needs.athena import EXECUTIONS, PRINCIPAL
from batcat_runtime.emulator.paging import paged
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError
from batcat_runtime.emulator.sql.constructs import read
from batcat_runtime.emulator.sql.errors import NotEmulatedError, QueryError
from batcat_runtime.emulator.sql.objects import folder_of, split

from . import results
from .execution import Execution, now
from .metadata import CODE, PAGE, Metadata
from .runner import Runner
from .statements import Statement, filled, recognised
from .workgroups import PRIMARY, WorkGroups, check_place, result_configuration

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

ROWS = 1000
REUSE_MINUTES = 60
NO_RESULT = ("unload", "create_table_as", "insert")


class Athena(Metadata, WorkGroups):
    """Queries; the catalog and workgroups as their own classes have them.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        Metadata.__init__(self, world)
        WorkGroups.__init__(self)
        self._runner = Runner(world)
        self._executions: dict[str, Execution] = world.shared(EXECUTIONS, dict)
        self._tokens: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
        self._lock = RLock()
        world.closing.append(self._close)

    def start_query_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        """Check a query, accept it, and start it in the background."""
        self._runner.check_installed()
        region = current_request().region
        token = request.pop("ClientRequestToken", None) or str(uuid4())
        with self._lock:
            if (region, token) in self._tokens:
                before, identity = self._tokens[region, token]
                if before != request:
                    raise _invalid("Idempotent parameters do not match")
                return {"QueryExecutionId": identity}
            execution = self._accepted(request, region)
            self._executions[execution.identity] = execution
            self._tokens[region, token] = (request, execution.identity)
        if not self._reused(execution):
            self._runner.start(execution)
        return {"QueryExecutionId": execution.identity}

    def get_query_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        """Everything about one query."""
        return {"QueryExecution": self._execution(request).description()}

    def batch_get_query_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        """Everything about several queries."""
        found, missing = [], []
        for identity in request["QueryExecutionIds"]:
            execution = self._found(identity)
            if execution:
                found.append(execution.description())
            else:
                missing.append(
                    {
                        "QueryExecutionId": identity,
                        "ErrorCode": "INVALID_QUERY_EXECUTION_ID",
                        "ErrorMessage": f"QueryExecution {identity} was not found",
                    }
                )
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def get_query_results(self, request: dict[str, Any]) -> dict[str, Any]:
        """Some rows of a result; of a SELECT the first row is the columns' names."""
        execution = self._execution(request)
        if execution.state in ("QUEUED", "RUNNING"):
            raise _invalid(f"Query has not yet finished. Current state: {execution.state}")
        if execution.state != "SUCCEEDED" or execution.rows is None:
            raise _invalid(
                f"Query did not finish successfully. Final query state: {execution.state}"
            )
        rows, token = results.page(
            execution.rows, request.get("MaxResults") or ROWS, request.get("NextToken")
        )
        answer = {
            "UpdateCount": execution.update_count,
            "ResultSet": {
                "Rows": rows,
                "ResultSetMetadata": {"ColumnInfo": execution.columns},
            },
        }
        return answer | ({"NextToken": token} if token else {})

    def stop_query_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        """Cancel a query; one that has ended stays as it is."""
        self._execution(request).cancel()
        return {}

    def list_query_executions(self, request: dict[str, Any]) -> dict[str, Any]:
        """A workgroup's queries, newest first, paged."""
        region, name = current_request().region, request.get("WorkGroup") or PRIMARY
        self.group(name)
        with self._lock:
            found = [
                one.identity
                for one in reversed(self._executions.values())
                if one.region == region and one.group == name
            ]
        return paged("QueryExecutionIds", found, request, PAGE, CODE)

    def _accepted(self, request: dict[str, Any], region: str) -> Execution:
        catalog = (request.get("QueryExecutionContext") or {}).get("Catalog", "AwsDataCatalog")
        if catalog.lower() != "awsdatacatalog":
            raise NotEmulated(f"athena data catalog {catalog}")
        group = self.group(request.get("WorkGroup") or PRIMARY)
        if group.state != "ENABLED":
            raise _invalid(f"WorkGroup {group.name} is disabled")
        given = dict(request.get("ResultConfiguration") or {})
        statement = _checked_statement(request)
        check_place(group, statement)
        configuration = result_configuration(group, given)
        location = folder_of(configuration.pop("OutputLocation"))
        self._check_bucket(location, configuration)
        identity = str(uuid4())
        return Execution(
            identity=identity,
            region=region,
            request=request,
            statement=statement,
            group=group.name,
            output=_output(location, identity, statement),
            result_configuration=configuration,
            cutoff=group.configuration.get("BytesScannedCutoffPerQuery"),
            key=current_request().key,
        )

    def _check_bucket(self, location: str, configuration: dict[str, Any]) -> None:
        from botocore.exceptions import ClientError

        owner = configuration.get("ExpectedBucketOwner")
        try:
            bucket, _ = split(location)
            s3 = self._world.client("s3", None, current_request().key, PRINCIPAL)
            s3.get_bucket_location(
                Bucket=bucket, **({"ExpectedBucketOwner": owner} if owner else {})
            )
        except (QueryError, ClientError):
            raise _invalid(
                f"Unable to verify/create output bucket {location[5:].partition('/')[0]}"
            ) from None

    def _reused(self, execution: Execution) -> bool:
        """Take the result of the same query, if one is asked for and young enough."""
        asked = execution.request.get("ResultReuseConfiguration") or {}
        by_age = asked.get("ResultReuseByAgeConfiguration") or {}
        if not by_age.get("Enabled") or execution.statement.handler != "select":
            return False
        oldest = now() - timedelta(minutes=by_age.get("MaxAgeInMinutes") or REUSE_MINUTES)
        for other in reversed(list(self._executions.values())):
            if (
                other is not execution
                and other.state == "SUCCEEDED"
                and not other.reused
                and other.ended is not None
                and other.ended >= oldest
                and _question(other) == _question(execution)
            ):
                execution.begin()
                execution.output, execution.rows = other.output, other.rows
                execution.columns, execution.reused = other.columns, True
                execution.finish("SUCCEEDED")
                return True
        return False

    def _execution(self, request: dict[str, Any]) -> Execution:
        found = self._found(request["QueryExecutionId"])
        if found is None:
            raise _invalid(f"QueryExecution {request['QueryExecutionId']} was not found")
        return found

    def _found(self, identity: str) -> Execution | None:
        with self._lock:
            found = self._executions.get(identity)
        return found if found and found.region == current_request().region else None

    def _close(self) -> None:
        with self._lock:
            executions = list(self._executions.values())
        for execution in executions:
            execution.cancel()
        self._runner.close()


def _checked_statement(request: dict[str, Any]) -> Statement:
    """The statement, if it can be read at all."""
    try:
        statement = recognised(request["QueryString"])
        if statement.handler == "select":
            read(filled(statement.sql, request.get("ExecutionParameters") or []))
    except NotEmulatedError as error:
        raise NotEmulated(error.message.partition(" is not emulated")[0]) from None
    except QueryError as error:
        raise _invalid(error.message) from None
    return statement


def _output(location: str, identity: str, statement: Statement) -> str:
    if statement.handler in NO_RESULT:
        return f"{location}{identity}"
    return f"{location}{identity}{'.csv' if statement.has_header else '.txt'}"


def _question(execution: Execution) -> tuple[Any, ...]:
    request = execution.request
    return (
        execution.region,
        execution.group,
        execution.statement.sql,
        request.get("QueryExecutionContext"),
        request.get("ExecutionParameters"),
    )


def _invalid(message: str) -> ServiceError:
    return ServiceError(CODE, message)
