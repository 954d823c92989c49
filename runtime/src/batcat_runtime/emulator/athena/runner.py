"""Query executions, carried out one after another in a few threads."""

from __future__ import annotations

import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.needs.athena import PRINCIPAL
from batcat_runtime.emulator.protocol import NotEmulated
from batcat_runtime.emulator.sql.engine import Engine
from batcat_runtime.emulator.sql.errors import QueryError
from batcat_runtime.emulator.sql.objects import Objects, split

from .execution import SYSTEM_ERROR, USER_ERROR
from .handlers import Handlers
from .sources import Sources
from .statements import filled

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

    from .execution import Execution

EXTRA = "athena-local"
QUERIES = 4
"""How many queries run at the same time; the others wait as QUEUED."""


class Runner:
    """Carries out executions.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._folder = world.workdir / "athena"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._engine: Engine | None = None
        self._lock = Lock()
        self._objects = Objects(world, self._folder / "objects")
        self._pool = ThreadPoolExecutor(QUERIES, thread_name_prefix="athena")

    @staticmethod
    def check_installed() -> None:
        """Refuse queries where nothing can carry them out.

        Raises:
            NotEmulated: DuckDB is not installed.
        """
        try:
            import duckdb  # noqa: F401 - whether it is there
        except ModuleNotFoundError:
            raise NotEmulated(
                "Athena without DuckDB", f"Install it: pip install 'batcat-runtime[{EXTRA}]'."
            ) from None

    def start(self, execution: Execution) -> None:
        """Queue an execution."""
        self._pool.submit(self._run, execution)

    def close(self) -> None:
        """Start nothing more, and let the database go."""
        self._pool.shutdown(cancel_futures=True)
        if self._engine is not None:
            self._engine.close()

    def _started(self) -> Engine:
        """The engine, made for the first query."""
        with self._lock:
            if self._engine is None:
                self._engine = Engine(self._folder)
            return self._engine

    def _run(self, execution: Execution) -> None:
        from botocore.exceptions import ClientError

        if not execution.begin():
            execution.done.set()
            return
        session = execution.session = self._started().session()
        try:
            self._carry_out(execution, session)
        except QueryError as error:
            execution.finish("FAILED", str(error), USER_ERROR)
        except ClientError as error:
            execution.finish("FAILED", _denied(error), USER_ERROR)
        except Exception as error:  # noqa: BLE001 - a mistake here must end the query too
            traceback.print_exc(file=sys.stderr)
            reason = f"GENERIC_INTERNAL_ERROR: batcat local failed: {type(error).__name__}: {error}"
            execution.finish("FAILED", reason, SYSTEM_ERROR)
        else:
            execution.finish("SUCCEEDED")
        finally:
            execution.leave()
            session.close()

    def _carry_out(self, execution: Execution, session: Any) -> None:
        rows = self._folder / f"{execution.identity}.jsonl"
        file = self._folder / f"{execution.identity}.out"
        rows.write_text("", encoding="utf-8")
        file.write_text("", encoding="utf-8")
        context = execution.request.get("QueryExecutionContext") or {}
        objects = self._objects.acting(execution.key, PRINCIPAL)
        sources = Sources(
            glue=self._world.client("glue", execution.region, execution.key, PRINCIPAL),
            objects=objects,
            session=session,
            database=str(context.get("Database") or "").lower(),
            cutoff=execution.cutoff,
        )
        sql = filled(execution.statement.sql, execution.request.get("ExecutionParameters") or [])
        Handlers(execution, sources, sql, rows, file).run()
        execution.rows = rows
        bucket, key = split(execution.manifest or execution.output)
        encryption = execution.result_configuration.get("EncryptionConfiguration") or {}
        extra = {}
        if encryption.get("EncryptionOption") == "SSE_KMS":
            extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": encryption["KmsKey"]}
        with file.open("rb") as body:
            objects.client.put_object(Bucket=bucket, Key=key, Body=body, **extra)
        file.unlink()


def _denied(error: Any) -> str:
    """What a query says of a permission that its caller lacks, or of another error of a service.

    Source: AWS re:Post, "How do I resolve the 'Insufficient permissions' / 'Access Denied' error
    when I run an Athena query".
    """
    message = str(error.response["Error"]["Message"])
    if "not authorized to perform" not in message:
        return str(error)
    return f"Insufficient permissions to execute the query. {message}"
