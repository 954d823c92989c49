"""A Task state runs a Processing job, waits for it, and takes it down with it."""

from __future__ import annotations

import json
import os
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator.stepfunctions import sagemaker_task

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Workbench

WAITS = (
    "import os, pathlib, sys, time; "
    "pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(300)"
)


def job(bench: Workbench, code: str, *arguments: str, **fields: Any) -> dict[str, Any]:
    """A definition whose state ``A`` runs Python code as a Processing job."""
    parameters = {
        "ProcessingJobName.$": "$.name",
        "RoleArn": bench.role,
        "AppSpecification": {
            "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/steps:latest",
            "ContainerEntrypoint": ["python3", "-c", code],
            **({"ContainerArguments": list(arguments)} if arguments else {}),
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.t3.medium",
                "VolumeSizeInGB": 1,
            }
        },
        "Tags": [{"Key": "step", "Value": "a"}],
    }
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync",
        "Parameters": parameters,
        "End": True,
        **fields,
    }
    return {
        "StartAt": "A",
        "States": {
            "A": state,
            **({"B": {"Type": "Pass", "End": True}} if "Catch" in fields else {}),
        },
    }


def named() -> dict[str, str]:
    return {"name": f"job-{uuid.uuid4().hex[:8]}"}


def pid_in(path: Path) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.02)
    pytest.fail("the job did not start")


def assert_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} still runs")


def assert_stopped(bench: Workbench, name: str, path: Path) -> None:
    """The job is stopped and its process, if it had come to run, is gone."""
    sagemaker = bench.aws.client("sagemaker")
    deadline = time.monotonic() + 20
    status = ""
    while status != "Stopped" and time.monotonic() < deadline:
        status = sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"]
        time.sleep(0.02)
    assert status == "Stopped"
    if path.exists():
        assert_gone(int(path.read_text()))


def test_the_output_is_the_jobs_description_with_times_in_milliseconds(bench: Workbench) -> None:
    before = time.time() * 1000
    document = named()
    described = bench.run(job(bench, "print('hello')"), document)
    assert described["status"] == "SUCCEEDED", described
    output = json.loads(described["output"])
    assert output["ProcessingJobName"] == document["name"]
    assert output["ProcessingJobStatus"] == "Completed"
    assert before - 1 <= output["CreationTime"] <= output["ProcessingEndTime"]
    assert "ResponseMetadata" not in output
    tags = bench.aws.client("sagemaker").list_tags(ResourceArn=output["ProcessingJobArn"])
    assert tags["Tags"] == [{"Key": "step", "Value": "a"}, sagemaker_task.MANAGED]


def test_the_history_tells_what_was_submitted(bench: Workbench) -> None:
    execution = bench.run(job(bench, "pass"), named())["executionArn"]
    events = bench.sfn.get_execution_history(executionArn=execution)["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    scheduled = events[2]["taskScheduledEventDetails"]
    assert scheduled["resource"] == "createProcessingJob.sync"
    assert scheduled["resourceType"] == "sagemaker"
    assert json.loads(scheduled["parameters"])["RoleArn"] == bench.role
    submitted = json.loads(events[4]["taskSubmittedEventDetails"]["output"])
    assert submitted["ProcessingJobArn"].startswith("arn:aws:sagemaker:us-east-1:")


def test_a_failed_job_is_task_failed_with_its_description_as_cause(bench: Workbench) -> None:
    described = bench.run(job(bench, "raise SystemExit(7)"), named())
    assert described["status"] == "FAILED"
    assert described["error"] == "States.TaskFailed"
    cause = json.loads(described["cause"])
    assert cause["ProcessingJobStatus"] == "Failed"
    assert "exit code: 7" in cause["FailureReason"].lower()


def test_a_failure_can_be_caught_and_read(bench: Workbench) -> None:
    caught = {
        "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "B"}]
    }
    output = bench.output(job(bench, "raise SystemExit(3)", **caught), named())
    assert output["error"]["Error"] == "States.TaskFailed"
    assert json.loads(output["error"]["Cause"])["ProcessingJobStatus"] == "Failed"


def test_without_sync_the_state_does_not_wait(bench: Workbench, tmp_path: Path) -> None:
    definition = job(bench, WAITS, str(tmp_path / "pid"))
    definition["States"]["A"]["Resource"] = "arn:aws:states:::sagemaker:createProcessingJob"
    document = named()
    output = bench.output(definition, document)
    assert list(output) == ["ProcessingJobArn"]
    pid = pid_in(tmp_path / "pid")
    bench.aws.client("sagemaker").stop_processing_job(ProcessingJobName=document["name"])
    assert_gone(pid)


def test_an_error_of_the_api_is_named_after_the_service(bench: Workbench) -> None:
    document = named()
    bench.run(job(bench, "pass"), document)
    described = bench.run(job(bench, "pass"), document)
    assert described["error"] == "SageMaker.ResourceInUseException"
    assert "already exists" in described["cause"]
    assert (
        "Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceInUse"
        in (described["cause"])
    )


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ResourceLimitExceeded", "SageMaker.ResourceLimitExceededException"),
        ("ValidationException", "SageMaker.AmazonSageMakerException"),
        ("ThrottlingException", "SageMaker.AmazonSageMakerException"),
        ("NotEmulated", "NotEmulated"),
    ],
)
def test_error_codes_become_the_names_that_retriers_use(code: str, name: str) -> None:
    assert sagemaker_task.error_name(code) == name


def test_a_retrier_tries_again_under_the_name_it_makes(bench: Workbench, tmp_path: Path) -> None:
    code = "import pathlib, sys; p = pathlib.Path(sys.argv[1]); "
    code += "n = len(p.read_text()) if p.exists() else 0; p.write_text('x' * (n + 1)); "
    code += "sys.exit(0 if n else 1)"
    definition = job(
        bench,
        code,
        str(tmp_path / "tries"),
        Retry=[{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 2}],
    )
    parameters = definition["States"]["A"]["Parameters"]
    parameters["ProcessingJobName.$"] = "States.Format('{}-{}', $.name, $$.State.RetryCount)"
    document = named()
    output = bench.output(definition, document)
    assert output["ProcessingJobName"] == f"{document['name']}-1"


def test_a_timeout_fails_the_state_and_stops_the_job(bench: Workbench, tmp_path: Path) -> None:
    caught = {"Catch": [{"ErrorEquals": ["States.Timeout"], "ResultPath": "$.e", "Next": "B"}]}
    document = named()
    definition = job(bench, WAITS, str(tmp_path / "pid"), TimeoutSeconds=3, **caught)
    output = bench.output(definition, document)
    assert output["e"]["Error"] == "States.Timeout"
    assert_stopped(bench, document["name"], tmp_path / "pid")


def test_a_machines_timeout_stops_the_job(bench: Workbench, tmp_path: Path) -> None:
    document = named()
    definition = {**job(bench, WAITS, str(tmp_path / "pid")), "TimeoutSeconds": 3}
    assert bench.run(definition, document)["status"] == "TIMED_OUT"
    assert_stopped(bench, document["name"], tmp_path / "pid")


def test_stop_execution_stops_the_job(bench: Workbench, tmp_path: Path) -> None:
    document = named()
    execution = bench.start(job(bench, WAITS, str(tmp_path / "pid")), document)
    pid_in(tmp_path / "pid")
    bench.sfn.stop_execution(executionArn=execution)
    assert bench.sfn.describe_execution(executionArn=execution)["status"] == "ABORTED"
    assert_stopped(bench, document["name"], tmp_path / "pid")
    assert bench.events(execution)[-2:] == ["TaskSubmitted", "ExecutionAborted"]


def test_a_branch_that_fails_stops_the_jobs_of_the_others(bench: Workbench, tmp_path: Path) -> None:
    document = named()
    slow = job(bench, WAITS, str(tmp_path / "pid"))
    failing = job(bench, "raise SystemExit(1)")["States"]["A"]
    failing["Parameters"]["ProcessingJobName.$"] = "States.Format('{}-q', $.name)"
    waiting = {"Type": "Wait", "Seconds": 2, "Next": "Q"}
    quick = {"StartAt": "W", "States": {"W": waiting, "Q": failing}}
    definition = {
        "StartAt": "P",
        "States": {"P": {"Type": "Parallel", "Branches": [slow, quick], "End": True}},
    }
    assert bench.run(definition, document)["status"] == "FAILED"
    assert_stopped(bench, document["name"], tmp_path / "pid")


def test_a_job_stopped_by_hand_fails_the_state(bench: Workbench, tmp_path: Path) -> None:
    document = named()
    execution = bench.start(job(bench, WAITS, str(tmp_path / "pid")), document)
    pid_in(tmp_path / "pid")
    bench.aws.client("sagemaker").stop_processing_job(ProcessingJobName=document["name"])
    described = bench.finish(execution)
    assert described["error"] == "States.TaskFailed"
    assert json.loads(described["cause"])["ProcessingJobStatus"] == "Stopped"


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_a_job_runs_in_the_other_partitions(
    bench: Workbench, region: str, partition: str, suffix: str
) -> None:
    there = bench.of(bench.aws, region)
    definition = job(there, "pass")
    state = definition["States"]["A"]
    state["Resource"] = state["Resource"].replace("arn:aws:", f"arn:{partition}:")
    image = f"123456789012.dkr.ecr.{region}.{suffix}/steps:latest"
    state["Parameters"]["AppSpecification"]["ImageUri"] = image
    output = there.output(definition, named())
    assert output["ProcessingJobStatus"] == "Completed"
    assert output["ProcessingJobArn"].startswith(f"arn:{partition}:sagemaker:{region}:")
