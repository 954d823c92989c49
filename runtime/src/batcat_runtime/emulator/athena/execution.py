"""One query execution as the API describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.world import ACCESS_KEY

if TYPE_CHECKING:
    from pathlib import Path

    from batcat_runtime.emulator.sql.engine import Session

    from .statements import Statement

FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
USER_ERROR, SYSTEM_ERROR = 2, 1
"""ErrorCategory (botocore's model of Athena, AthenaError)."""

AGAIN = 0.05
"""How long a cancelled query may go on before it is interrupted once more, in seconds."""


def now() -> datetime:
    """The present time, UTC, in milliseconds."""
    time = datetime.now(timezone.utc)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


@dataclass
class Execution:
    """State of one query; only its runner and StopQueryExecution change it.

    Attributes:
        identity: QueryExecutionId.
        region: where it was started.
        request: StartQueryExecution as received.
        statement: what the query string is.
        group: name of its workgroup.
        output: address of the result file.
        result_configuration: as described.
        cutoff: most bytes that it may scan, or None.
        key: access key of who started it, with whose rights it runs.
        columns: ColumnInfo of each column of the result.
        rows: file with a JSON list in each line, a row each.
    """

    identity: str
    region: str
    request: dict[str, Any]
    statement: Statement
    group: str
    output: str
    result_configuration: dict[str, Any]
    cutoff: int | None = None
    key: str = ACCESS_KEY
    state: str = "QUEUED"
    reason: str | None = None
    category: int | None = None
    submitted: datetime = field(default_factory=now)
    began: datetime | None = None
    ended: datetime | None = None
    planned: datetime | None = None
    scanned: int = 0
    manifest: str | None = None
    reused: bool = False
    update_count: int = 0
    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: Path | None = None
    done: Event = field(default_factory=Event)
    session: Session | None = None
    _lock: RLock = field(default_factory=RLock)

    def begin(self) -> bool:
        """Move to RUNNING; False if it was cancelled before."""
        with self._lock:
            if self.state != "QUEUED":
                return False
            self.state, self.began = "RUNNING", now()
            return True

    def finish(self, state: str, reason: str | None = None, category: int | None = None) -> None:
        """Reach a final state; a cancelled one stays cancelled."""
        with self._lock:
            if self.state not in FINAL:
                self.state, self.reason, self.category = state, reason, category
                self.ended = now()
            self.done.set()

    def cancel(self) -> None:
        """Stop it, wherever it is."""
        with self._lock:
            if self.state in FINAL:
                return
            is_under_way = self.state == "RUNNING"
            self.state, self.reason, self.ended = "CANCELLED", "Query cancelled by user", now()
        if is_under_way:
            Thread(target=self._interrupt, daemon=True).start()

    def leave(self) -> None:
        """Part with its session, which is about to close."""
        with self._lock:
            self.session = None

    def _interrupt(self) -> None:
        """Interrupt what it does until it has ended: a query just before its start forgets it."""
        while not self.done.is_set():
            with self._lock:
                if self.session is not None:
                    self.session.interrupt()
            self.done.wait(AGAIN)

    def description(self) -> dict[str, Any]:
        """GetQueryExecution's answer."""
        with self._lock:
            context = dict(self.request.get("QueryExecutionContext") or {})
            described = {
                "QueryExecutionId": self.identity,
                "Query": self.request["QueryString"],
                "StatementType": self.statement.kind,
                "SubstatementType": self.statement.detail,
                "ResultConfiguration": {**self.result_configuration, "OutputLocation": self.output},
                "ResultReuseConfiguration": self.request.get("ResultReuseConfiguration")
                or {"ResultReuseByAgeConfiguration": {"Enabled": False}},
                "QueryExecutionContext": context,
                "Status": self._status(),
                "Statistics": self._statistics(),
                "WorkGroup": self.group,
                "EngineVersion": ENGINE,
            }
            parameters = self.request.get("ExecutionParameters")
            return described | ({"ExecutionParameters": parameters} if parameters else {})

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.ended:
            status["CompletionDateTime"] = self.ended
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.category is not None:
            status["AthenaError"] = {
                "ErrorCategory": self.category,
                "Retryable": False,
                "ErrorMessage": self.reason,
            }
        return status

    def _statistics(self) -> dict[str, Any]:
        end = self.ended or now()
        began = self.began or end
        statistics = {
            "DataScannedInBytes": self.scanned,
            "EngineExecutionTimeInMillis": _millis(began, end),
            "TotalExecutionTimeInMillis": _millis(self.submitted, end),
            "QueryQueueTimeInMillis": _millis(self.submitted, began),
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": self.reused},
        }
        if self.planned:
            statistics["QueryPlanningTimeInMillis"] = _millis(began, self.planned)
        if self.manifest:
            statistics["DataManifestLocation"] = self.manifest
        return statistics


def _millis(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds() * 1000))
