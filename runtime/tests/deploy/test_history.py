"""Histories recorded from real executions are read as what a person wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.deploy.failure import explain
from batcat_runtime.deploy.history import Ended, History, StateEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    Recorded = Callable[[str], list[dict[str, Any]]]


def kinds(events: list[StateEvent | Ended]) -> list[tuple[str, str]]:
    return [
        (one.state, one.kind) if isinstance(one, StateEvent) else ("", one.status) for one in events
    ]


def test_a_run_that_succeeds_is_told_state_by_state(recorded: Recorded) -> None:
    events = History().read(recorded("succeeded"))
    assert kinds(events) == [
        ("HasInputPath", "entered"),
        ("HasInputPath", "succeeded"),
        ("clean", "entered"),
        ("clean", "started"),
        ("clean", "succeeded"),
        ("forecast", "entered"),
        ("forecast", "started"),
        ("forecast", "succeeded"),
        ("", "SUCCEEDED"),
    ]


def test_each_step_knows_its_job_and_its_time(recorded: Recorded) -> None:
    events = History().read(recorded("succeeded"))
    ends = [one for one in events if isinstance(one, StateEvent) and one.kind == "succeeded"]
    assert ends[1].job.endswith("-clean")
    assert ends[2].job.endswith("-forecast")
    assert all(0 < one.seconds < 60 for one in ends[1:])


def test_a_state_that_looks_at_a_job_has_made_none(recorded: Recorded) -> None:
    """As the workflow does with one that is there already; it would be counted twice."""
    events = recorded("succeeded")
    for event in events:
        if event["type"] == "TaskScheduled":
            event["taskScheduledEventDetails"]["resource"] = "describeProcessingJob"
    assert "started" not in {kind for _, kind in kinds(History().read(events))}


@pytest.mark.parametrize("name", ["succeeded", "failed", "stopped"])
def test_a_history_read_in_pieces_says_the_same(recorded: Recorded, name: str) -> None:
    whole = History().read(recorded(name))
    history = History()
    assert [event for one in recorded(name) for event in history.read([one])] == whole


def test_a_failure_names_step_job_reason_message_log_and_what_to_try(recorded: Recorded) -> None:
    events = History().read(recorded("failed"))
    error = explain("run-1", events, lambda job: [f"log of {job[-5:]}"])
    assert (error.status, error.step, error.job[-6:]) == ("FAILED", "clean", "-clean")
    assert "exit code: 7" in error.reason
    assert error.exit_message == "the gauge is broken"
    assert error.log == ("log of clean",)
    assert error.advice == (
        "run it alone: python script/clean.py",
        "then again: batcat run --step clean",
    )
    assert str(error) == (
        "step clean of run run-1 failed: the gauge is broken (AlgorithmError: , exit code: 7)"
    )


def test_a_silent_failure_sends_nobody_to_an_empty_log(recorded: Recorded) -> None:
    def command(verb: str, step: str) -> str:
        return f"batcat {verb} {step} --env dev"

    events = History().read(recorded("failed"))
    silent = "run it alone, for it wrote nothing to its log: python script/clean.py"
    assert explain("run-1", events, lambda _: []).advice[0] == silent
    # The log in an account may exist and only be closed to whoever runs this.
    there = explain("run-1", events, lambda _: [], command)
    assert there.advice[0] == "read its log: batcat logs clean --env dev"
    assert there.advice[-1] == "then again: batcat run clean --env dev"


def test_a_missing_package_is_to_be_installed_here_and_in_the_image(recorded: Recorded) -> None:
    log = ["Traceback …", "ModuleNotFoundError: No module named 'lightgbm'"]
    error = explain("run-1", History().read(recorded("failed")), lambda _: log)
    assert error.advice == (
        "install the package that brings lightgbm",
        "name it in deploy/docker/requirements.txt, so that the image has it as well",
    )


def test_a_step_whose_failure_is_caught_has_not_succeeded(recorded: Recorded) -> None:
    events = History().read(recorded("failed"))
    assert ("clean", "failed") in kinds(events)
    assert ("clean", "succeeded") not in kinds(events)


def test_a_run_that_was_stopped_says_so(recorded: Recorded) -> None:
    error = explain("run-1", History().read(recorded("stopped")))
    assert error.status == "ABORTED"
    assert str(error) == "run run-1 was stopped: Stopped: stopped by the user"


def test_a_failure_that_a_retry_made_good_is_not_the_reason(recorded: Recorded) -> None:
    events = History().read(recorded("failed"))
    failed = next(one for one in events if isinstance(one, StateEvent) and one.kind == "failed")
    good = StateEvent("succeeded", failed.state, "Task", failed.time)
    end = Ended("FAILED", failed.time, 1.0, "Other", "something else")
    error = explain("run-1", [failed, good, end])
    assert error.step == ""
    assert "something else" in error.reason


@pytest.mark.parametrize(
    ("cause", "expected", "advice"),
    [
        (
            '{"FailureReason": "ClientError: No S3 objects found under S3 URL \\"s3://b/\\""}',
            "No S3 objects found",
            "give it input",
        ),
        ('{"ProcessingJobStatus": "Stopped"}', "Processing job is Stopped", "more time"),
        (
            '{"FailureReason": "CapacityError: Unable to provision capacity."}',
            "CapacityError: Unable",
            "instance_type in deploy/config.json",
        ),
        ("User is not authorized", "States.TaskFailed: User is not authorized", "AWS refused"),
    ],
)
def test_what_to_try_fits_the_reason(
    recorded: Recorded, cause: str, expected: str, advice: str
) -> None:
    time = recorded("failed")[0]["timestamp"]
    failed = StateEvent("failed", "clean", "Task", time, error="States.TaskFailed", cause=cause)
    error = explain("run-1", [failed, Ended("FAILED", time, 1.0)])
    assert expected in error.reason
    assert advice in error.advice[0]
