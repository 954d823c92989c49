"""One Processing job as the API describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from threading import Event, RLock
from typing import Any

TEXT_BYTES = 1024
"""Longest FailureReason and ExitMessage, in bytes ("up to one KB in size")."""

SESSION = "SageMaker"
"""Name of the session that a job acts in (ARNs in public issue threads:
``assumed-role/<role>/SageMaker``)."""

FINAL = ("Completed", "Failed", "Stopped")

AS_GIVEN = (
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingJobName",
    "ProcessingResources",
    "StoppingCondition",
    "AppSpecification",
    "Environment",
    "NetworkConfig",
    "RoleArn",
    "ExperimentConfig",
)
"""Members of the request that DescribeProcessingJob gives back unchanged."""


def now() -> datetime:
    """The present time, UTC, in milliseconds as the API gives it."""
    time = datetime.now(timezone.utc)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


@dataclass
class Job:
    """State of one job; only its runner and StopProcessingJob change it.

    Attributes:
        arn: the job's ARN.
        region: region it was made in.
        request: CreateProcessingJob as received.
        stop: set when the job is to end early.
        done: set when the job has reached a final state.
    """

    arn: str
    region: str
    request: dict[str, Any]
    status: str = "InProgress"
    created: datetime = field(default_factory=now)
    modified: datetime = field(default_factory=now)
    started: datetime | None = None
    ended: datetime | None = None
    failure: str | None = None
    exit_message: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    stop: Event = field(default_factory=Event)
    done: Event = field(default_factory=Event)
    _lock: RLock = field(default_factory=RLock)

    @property
    def name(self) -> str:
        """The job's name."""
        return str(self.request["ProcessingJobName"])

    def begin(self) -> datetime:
        """Note that the containers start."""
        with self._lock:
            self.started = self.modified = now()
            return self.started

    def ask_to_stop(self) -> bool:
        """Move to Stopping; False if the job has ended already."""
        with self._lock:
            if self.status in FINAL:
                return False
            if self.status == "InProgress":
                self.status, self.modified = "Stopping", now()
            self.stop.set()
            return True

    def finish(self, status: str, failure: str | None = None) -> None:
        """Reach a final state; a job that was asked to stop ends as Stopped."""
        with self._lock:
            if self.status == "Stopping" and status == "Completed":
                status = "Stopped"
            self.status = status
            self.failure = cut(failure) if failure else None
            self.ended = self.modified = now()
            self.done.set()

    def description(self) -> dict[str, Any]:
        """The answer of DescribeProcessingJob."""
        with self._lock:
            given = {name: self.request[name] for name in AS_GIVEN if name in self.request}
            return given | _present(
                ProcessingJobArn=self.arn,
                ProcessingJobStatus=self.status,
                ExitMessage=self.exit_message,
                FailureReason=self.failure,
                ProcessingEndTime=self.ended,
                ProcessingStartTime=self.started,
                LastModifiedTime=self.modified,
                CreationTime=self.created,
            )

    def summary(self) -> dict[str, Any]:
        """The job's entry in ListProcessingJobs."""
        with self._lock:
            return _present(
                ProcessingJobName=self.name,
                ProcessingJobArn=self.arn,
                CreationTime=self.created,
                ProcessingEndTime=self.ended,
                LastModifiedTime=self.modified,
                ProcessingJobStatus=self.status,
                FailureReason=self.failure,
                ExitMessage=self.exit_message,
            )


def cut(text: str) -> str:
    """The first 1024 bytes of a text, never half a character."""
    return text.encode()[:TEXT_BYTES].decode("utf-8", "ignore")


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
