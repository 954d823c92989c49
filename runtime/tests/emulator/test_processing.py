"""Processing jobs: what becomes of a job, and what its program finds around it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.conftest import Jobs

    from batcat_runtime.emulator import LocalAws

FOREVER = """
    print("running", os.getpid(), flush=True)
    time.sleep(600)
"""


def test_a_program_that_ends_well_completes_the_job(jobs: Jobs) -> None:
    """Status, ARN and times are those of a job that ran."""
    job = jobs.run("print('hello')")
    assert job["ProcessingJobStatus"] == "Completed"
    assert job["ProcessingJobArn"].endswith(f":processing-job/{job['ProcessingJobName']}")
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    assert job["LastModifiedTime"] == job["ProcessingEndTime"]
    assert "FailureReason" not in job
    assert "ExitMessage" not in job


def test_a_running_job_has_begun_but_not_ended(jobs: Jobs, until: Any) -> None:
    """InProgress has no end time; the start time comes when the program starts."""
    name = jobs.start(FOREVER)
    job = until(
        lambda: (found := jobs.describe(name)).get("ProcessingStartTime") and found, "the start"
    )
    assert job["ProcessingJobStatus"] == "InProgress"
    assert "ProcessingEndTime" not in job


def test_the_exit_code_is_in_the_failure_reason(jobs: Jobs) -> None:
    """A program that exits 7 fails the job in AWS's words."""
    job = jobs.run("sys.exit(7)")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: , exit code: 7"


def test_an_exception_fails_the_job_and_its_traceback_is_logged(jobs: Jobs) -> None:
    """Python's own exit code and last words."""
    job = jobs.run("raise ValueError('no such column: age')")
    assert job["FailureReason"] == "AlgorithmError: , exit code: 1"
    assert jobs.lines(job["ProcessingJobName"])[-1] == "ValueError: no such column: age"


def test_a_program_killed_by_a_signal_exits_as_a_container_does(jobs: Jobs) -> None:
    """Signal 9 is exit code 137."""
    job = jobs.run("os.kill(os.getpid(), 9)")
    assert job["FailureReason"] == "AlgorithmError: , exit code: 137"


def test_a_program_that_does_not_exist_exits_127(jobs: Jobs) -> None:
    """As a shell reports a command it cannot find; the log names it."""
    request = jobs.request("")
    request["AppSpecification"]["ContainerEntrypoint"] = ["no-such-program"]
    job = jobs.end(jobs.create(request))
    assert job["FailureReason"] == "AlgorithmError: , exit code: 127"
    assert jobs.lines(job["ProcessingJobName"]) == ["no-such-program: No such file or directory"]


def test_a_program_that_may_not_be_executed_exits_126(jobs: Jobs) -> None:
    """As Docker reports a file without the executable bit."""
    request = jobs.request("")
    script = request["AppSpecification"]["ContainerEntrypoint"][1]
    request["AppSpecification"]["ContainerEntrypoint"] = [f"./{script}"]
    assert jobs.end(jobs.create(request))["FailureReason"] == "AlgorithmError: , exit code: 126"


@pytest.mark.parametrize("python", ["python", "python3", "/usr/local/bin/python3"])
def test_python_is_the_one_with_the_projects_packages(jobs: Jobs, python: str) -> None:
    """However the image spells it."""
    request = jobs.request("print(sys.executable)")
    request["AppSpecification"]["ContainerEntrypoint"][0] = python
    jobs.end(jobs.create(request))
    assert jobs.lines(request["ProcessingJobName"]) == [sys.executable]


def test_the_exit_message_is_what_the_program_left(jobs: Jobs) -> None:
    """/opt/ml/output/message, of a failed job too."""
    job = jobs.run("(ML / 'output/message').write_text('3 rows dropped'); sys.exit(1)")
    assert job["ExitMessage"] == "3 rows dropped"
    assert job["ProcessingJobStatus"] == "Failed"


def test_the_exit_message_is_cut_at_one_kilobyte(jobs: Jobs) -> None:
    """1024 bytes, and never half a character."""
    job = jobs.run("(ML / 'output/message').write_text('€' * 2000, encoding='utf-8')")
    assert job["ExitMessage"] == "€" * 341
    assert job["ProcessingJobStatus"] == "Completed"


def test_exit_messages_of_several_hosts_are_cut_together(jobs: Jobs) -> None:
    """What is cut is never half a character, here either."""
    job = jobs.run(
        "(ML / 'output/message').write_text('€' * 200, encoding='utf-8')",
        ProcessingResources=jobs.cluster(2),
    )
    assert job["ExitMessage"] == "€" * 341


def test_an_exit_message_may_end_in_half_a_character(jobs: Jobs) -> None:
    """A program that cuts it itself need not know of characters; what can be read is kept."""
    job = jobs.run("(ML / 'output/message').write_bytes(('€' * 9).encode()[:-1])")
    assert job["ExitMessage"] == "€" * 8
    assert job["ProcessingJobStatus"] == "Completed"


def test_an_exit_message_that_is_no_text_fails_the_job(jobs: Jobs) -> None:
    """AWS: if the data is not UTF-8 encoded, the job fails with a ClientError."""
    job = jobs.run(r"(ML / 'output/message').write_bytes(b'rows: \xff\xfe3')")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "ClientError: /opt/ml/output/message is not UTF-8 text"
    assert job["ExitMessage"] == "rows: 3"


def test_the_program_finds_the_configuration_files(jobs: Jobs) -> None:
    """processingjobconfig.json is the request; resourceconfig.json names the hosts."""
    job = jobs.run(
        """
        config = json.loads((ML / "config/processingjobconfig.json").read_text())
        print(config["ProcessingJobName"], config["Environment"]["COLOUR"])
        print(json.loads((ML / "config/resourceconfig.json").read_text()))
        """,
        Environment={"COLOUR": "green"},
    )
    name = job["ProcessingJobName"]
    assert jobs.lines(name) == [
        f"{name} green",
        "{'current_host': 'algo-1', 'hosts': ['algo-1']}",
    ]


def test_the_environment_is_clean(jobs: Jobs, aws: LocalAws) -> None:
    """What the job asked for, the local AWS, and the least a program needs; nothing else."""
    job = jobs.run("print(json.dumps(dict(os.environ)))", Environment={"COLOUR": "green"})
    found: dict[str, str] = eval(jobs.lines(job["ProcessingJobName"])[0])  # noqa: S307 - our own JSON
    assert found["COLOUR"] == "green"
    assert found["AWS_ENDPOINT_URL"] == aws.url
    assert found["PROCESSING_JOB_NAME"] == job["ProcessingJobName"]
    assert found["PROCESSING_JOB_ARN"] == job["ProcessingJobArn"]
    assert set(found) - set(aws.environment) <= {
        "COLOUR",
        "AWS_SESSION_TOKEN",
        "PATH",
        "HOME",
        "TMPDIR",
        "LANG",
        "LC_CTYPE",
        "PYTHONUNBUFFERED",
        "LD_LIBRARY_PATH",
        "PROCESSING_JOB_NAME",
        "PROCESSING_JOB_ARN",
        "BATCAT_ML_ROOT",
    }


def test_arguments_below_opt_ml_point_at_the_jobs_own_folder(jobs: Jobs) -> None:
    """Alone and behind an option's equals sign; other arguments stay as they are."""
    job = jobs.run(
        """
        for argument in sys.argv[1:]:
            print(argument.replace(str(ML), "ML"))
        """,
        "/opt/ml/processing/input",
        "--out=/opt/ml/processing/out",
        "/opt/other",
        "7",
    )
    assert jobs.lines(job["ProcessingJobName"]) == [
        "ML/processing/input",
        "--out=ML/processing/out",
        "/opt/other",
        "7",
    ]


def test_logs_arrive_while_the_program_runs(jobs: Jobs, until: Any) -> None:
    """Both streams, line by line, each with its time, in a stream named like AWS's."""
    name = jobs.start(
        """
        print("first")
        print("second", file=sys.stderr, flush=True)
        while not (PROCESSING / "go").exists():
            time.sleep(0.01)
        """,
    )
    events = until(lambda: len(found := jobs.events(name)) == 2 and found, "two lines")
    assert {event["message"] for event in events} == {"first", "second"}
    job = jobs.describe(name)
    assert job["ProcessingJobStatus"] == "InProgress"
    seconds = int(job["ProcessingStartTime"].timestamp())
    assert jobs.streams(name) == [f"{name}/algo-1-{seconds}"]
    assert all(event["timestamp"] >= seconds * 1000 for event in events)


def test_several_hosts_are_several_processes(jobs: Jobs) -> None:
    """Each knows its name and the others', and has folders of its own."""
    job = jobs.run(
        """
        config = json.loads((ML / "config/resourceconfig.json").read_text())
        (ML / "output/message").write_text(config["current_host"] + " ")
        print(config["current_host"], len(config["hosts"]), os.getpid())
        """,
        ProcessingResources=jobs.cluster(3),
    )
    words = [line.split() for line in jobs.lines(job["ProcessingJobName"])]
    assert sorted(host for host, _, _ in words) == ["algo-1", "algo-2", "algo-3"]
    assert {count for _, count, _ in words} == {"3"}
    assert len({pid for _, _, pid in words}) == 3
    assert job["ExitMessage"] == "algo-1 algo-2 algo-3 "
    assert len(jobs.streams(job["ProcessingJobName"])) == 3


def test_one_failing_host_fails_the_job_and_ends_the_others(
    jobs: Jobs, until: Any, gone: Callable[[int], bool]
) -> None:
    """The exit code is that of the host that failed, not of those that were ended."""
    job = jobs.run(
        """
        config = json.loads((ML / "config/resourceconfig.json").read_text())
        if config["current_host"] == "algo-2":
            sys.exit(5)
        print("running", os.getpid(), flush=True)
        time.sleep(600)
        """,
        ProcessingResources=jobs.cluster(2),
    )
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: , exit code: 5"
    other = jobs.pid(job["ProcessingJobName"])
    assert other is None or until(lambda: gone(other), "the other host to end")


def test_an_image_nobody_registered_fails_with_what_to_do(jobs: Jobs) -> None:
    """The reason says which name to register, and how."""
    request = jobs.request("")
    request["AppSpecification"]["ImageUri"] = "1.dkr.ecr.eu-west-1.amazonaws.com/team/other:v2"
    job = jobs.end(jobs.create(request))
    assert job["ProcessingJobStatus"] == "Failed"
    assert "--image team/other=FOLDER" in job["FailureReason"]
    assert "Registered: job" in job["FailureReason"]


def test_a_job_that_finds_no_machine_never_begins(jobs: Jobs) -> None:
    """Only so many jobs as the test said."""
    jobs.aws.lack_machines(1)
    job = jobs.run("print('begun')")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("CapacityError: Unable to provision")
    assert "ProcessingStartTime" not in job
    assert jobs.streams(job["ProcessingJobName"]) == []
    assert jobs.run("")["ProcessingJobStatus"] == "Completed"
