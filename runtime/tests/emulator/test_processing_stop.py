"""Processing jobs that do not end by themselves, or not well: who ends them, what is left."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.conftest import Jobs, Store

    from batcat_runtime.emulator import LocalAws

FOREVER = """
    print("running", os.getpid(), flush=True)
    time.sleep(600)
"""


def test_a_job_that_runs_too_long_is_stopped(jobs: Jobs, gone: Callable[[int], bool]) -> None:
    """MaxRuntimeInSeconds ends the process; the reason names the limit."""
    job = jobs.run(FOREVER, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert job["ProcessingJobStatus"] == "Stopped"
    assert job["FailureReason"] == "MaxRuntimeExceeded: the job ran longer than 1 s"
    pid = jobs.pid(job["ProcessingJobName"])
    assert pid is not None
    assert gone(pid)


def test_stopping_a_job_ends_its_processes(
    jobs: Jobs, aws: LocalAws, until: Any, gone: Callable[[int], bool]
) -> None:
    """StopProcessingJob reaches the program and what the program started."""
    name = jobs.start(
        """
        import subprocess
        child = subprocess.Popen(["sleep", "600"])
        print("running", child.pid, flush=True)
        time.sleep(600)
        """,
    )
    pid = until(lambda: jobs.pid(name), "the program to start")
    aws.client("sagemaker").stop_processing_job(ProcessingJobName=name)
    assert jobs.describe(name)["ProcessingJobStatus"] in ("Stopping", "Stopped")
    assert jobs.end(name)["ProcessingJobStatus"] == "Stopped"
    until(lambda: gone(pid), "the program's child to end")


def test_a_program_that_ignores_sigterm_is_killed(
    jobs: Jobs, aws: LocalAws, until: Any, gone: Callable[[int], bool]
) -> None:
    """SIGKILL follows after a short grace."""
    name = jobs.start(
        """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("running", os.getpid(), flush=True)
        time.sleep(600)
        """,
    )
    pid = until(lambda: jobs.pid(name), "the program to start")
    aws.client("sagemaker").stop_processing_job(ProcessingJobName=name)
    assert jobs.end(name)["ProcessingJobStatus"] == "Stopped"
    assert gone(pid)


def test_stopping_a_job_that_has_ended_is_refused(jobs: Jobs, aws: LocalAws) -> None:
    """As AWS: the request was rejected because of the job's status."""
    name = jobs.run("")["ProcessingJobName"]
    sagemaker = aws.client("sagemaker")
    with pytest.raises(sagemaker.exceptions.ClientError, match="is in status Completed") as caught:
        sagemaker.stop_processing_job(ProcessingJobName=name)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_what_a_program_leaves_behind_ends_with_it(
    jobs: Jobs, until: Any, gone: Callable[[int], bool]
) -> None:
    """A container ends with its first process, and so do its children."""
    job = jobs.run(
        """
        import subprocess
        print("running", subprocess.Popen(["sleep", "600"]).pid)
        """,
    )
    assert job["ProcessingJobStatus"] == "Completed"
    pid = jobs.pid(job["ProcessingJobName"])
    assert pid is not None
    until(lambda: gone(pid), "the child to end")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")
@pytest.mark.parametrize("end", ["its program", "StopProcessingJob", "MaxRuntimeInSeconds"])
def test_a_daemon_ends_with_its_job(
    jobs: Jobs, until: Any, gone: Callable[[int], bool], daemon: str, end: str
) -> None:
    """A session of its own and a parent that has ended do not take it out of the job."""
    limit = {"MaxRuntimeInSeconds": 1 if end == "MaxRuntimeInSeconds" else 300}
    rest = "" if end == "its program" else "time.sleep(600)\n"
    name = jobs.start(daemon + rest, StoppingCondition=limit)
    pid = until(lambda: jobs.pid(name), "the daemon to start")
    if end == "StopProcessingJob":
        jobs.aws.client("sagemaker").stop_processing_job(ProcessingJobName=name)
    status = jobs.end(name)["ProcessingJobStatus"]
    assert status == ("Completed" if end == "its program" else "Stopped")
    assert gone(pid)


def test_a_failed_jobs_outputs_are_uploaded_too(jobs: Jobs, store: Store) -> None:
    """As in AWS, where the data that a failed program wrote is found in S3."""
    job = jobs.run(
        "(PROCESSING / 'result/part.csv').write_text('a'); sys.exit(1)",
        ProcessingOutputConfig=jobs.outputs(store.uri("out")),
    )
    assert job["ProcessingJobStatus"] == "Failed"
    assert store.keys() == ["out/part.csv"]


def test_a_stopped_jobs_outputs_are_not_uploaded(jobs: Jobs, store: Store) -> None:
    """Nothing half-written is taken for a result."""
    job = jobs.run(
        "(PROCESSING / 'result/part.csv').write_text('a'); time.sleep(600)",
        ProcessingOutputConfig=jobs.outputs(store.uri("out")),
        StoppingCondition={"MaxRuntimeInSeconds": 1},
    )
    assert job["ProcessingJobStatus"] == "Stopped"
    assert store.keys() == []
