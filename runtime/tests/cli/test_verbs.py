"""Each verb, on a local AWS that keeps running."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from batcat_runtime.emulator import LocalAws

    from .conftest import User

VERBS = ("run", "deploy", "local", "logs", "status", "down")


def make_faulty(folder: Path, fault: str) -> None:
    """Make the first step misbehave."""
    (folder / "data" / "raw" / "fault").write_text(fault, encoding="utf-8")


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_examples(newcomer: User, verb: str) -> None:
    said = newcomer.batcat(verb, "--help")
    assert said.code == 0
    assert "Usage" in said.out
    examples = said.out.partition("Examples:")[2]
    assert re.search(rf"^  batcat {verb}", examples, re.MULTILINE)


def test_the_version_is_that_of_the_package(newcomer: User) -> None:
    from importlib.metadata import version

    assert newcomer.batcat("--version").out == f"batcat {version('batcat-runtime')}\n"


def test_run_shows_each_state_and_ends_with_the_result(user: User) -> None:
    said = user.batcat("run")
    assert said.code == 0, said.err
    for text in ("clean", "forecast", "execution succeeded", "millimetres", "Time: "):
        assert text in said.out
    result = re.search(r"^Result: (data/result/\S+)/ \(forecast\.csv\)$", said.out, re.MULTILINE)
    assert result
    assert (user.folder / result[1] / "forecast.csv").is_file()


def test_run_again_has_nothing_to_deploy_and_says_nothing_of_it(user: User) -> None:
    user.batcat("deploy")
    assert "Deploying" not in user.batcat("run").out


def test_run_as_json_is_one_document_with_everything_else_beside_it(user: User) -> None:
    said = user.batcat("run", "--json")
    assert said.code == 0, said.err
    document = said.document
    assert document["status"] == "SUCCEEDED"
    assert [step["step"] for step in document["steps"]] == ["clean", "forecast"]
    assert (user.folder / document["files"][0]).is_file()
    assert document["seconds"]["total"] > 0
    assert "execution succeeded" in said.err


def test_a_failing_step_shows_its_log_the_reason_and_what_to_try(user: User) -> None:
    make_faulty(user.folder, "7")
    said = user.batcat("run")
    assert said.code == 1
    assert "│ the last line before the end" in said.out
    assert "step clean of run" in said.out
    assert "the gauge is broken" in said.out
    assert "try  run it alone: python script/clean.py" in said.out
    assert "Traceback" not in said.err
    assert not (user.folder / "data" / "result").exists()


def test_a_failing_step_as_json(user: User) -> None:
    make_faulty(user.folder, "7")
    said = user.batcat("run", "--json")
    assert (said.code, said.document["status"]) == (1, "FAILED")
    assert said.document["error"]["step"] == "clean"
    assert said.document["error"]["log"][-1] == "the last line before the end"
    assert said.document["result"] is None


def test_one_step_alone(user: User) -> None:
    said = user.batcat("run", "--step", "clean", "--json")
    assert said.code == 0, said.err
    assert [step["step"] for step in said.document["steps"]] == ["clean"]
    assert said.document["files"][0].endswith("/clean.csv")


def test_other_input(user: User) -> None:
    (user.folder / "rain.csv").write_text("day,millimetres\n5,55\n", encoding="utf-8")
    said = user.batcat("run", "--input", "rain.csv")
    assert said.code == 0, said.err
    assert re.search(r"5\s+55", said.out)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(user: User) -> None:
    said = user.batcat("run", "--dry-run", "--json")
    assert said.code == 0, said.err
    assert said.document["status"] == "PLANNED"
    assert said.document["run"] not in user.batcat("status").out


def test_a_verb_works_from_any_folder_of_the_project_and_on_another(user: User) -> None:
    project, user.folder = user.folder, user.folder / "data" / "raw"
    assert user.batcat("status").code == 0
    user.folder = project.parent
    assert user.batcat("status", "--project", "project").code == 0


def test_a_deployment_that_another_one_overtakes_says_so(user: User, local_aws: LocalAws) -> None:
    user.batcat("down", "--delete-data", "--yes")
    with user.start("deploy") as one, user.start("deploy") as other:
        ends = [process.communicate(timeout=120) for process in (one, other)]
    codes = sorted([one.returncode, other.returncode])
    assert codes in ([0, 0], [0, 1])
    if codes == [0, 1]:
        (complaint,) = [err for _, err in ends if err]
        assert re.search("another deployment of stack .* has just begun|is busy", complaint)
    stack = local_aws.client("cloudformation").describe_stacks()["Stacks"][0]
    assert stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def test_ctrl_c_stops_the_run_and_its_job(user: User, local_aws: LocalAws) -> None:
    make_faulty(user.folder, "hang")
    with user.start("run") as process:
        assert process.stdout
        started = next(line for line in process.stdout if " started " in line)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopping" in out
    assert err == "Stopped.\n"
    job = started.split()[-1]
    described = local_aws.client("sagemaker").describe_processing_job(ProcessingJobName=job)
    assert described["ProcessingJobStatus"] == "Stopped"


def test_deploy_shows_the_plan_the_events_and_the_outputs(user: User) -> None:
    user.batcat("down", "--delete-data", "--yes")
    said = user.batcat("deploy")
    assert said.code == 0, said.err
    assert re.search(r"\+\s+added\s+AWS::StepFunctions::StateMachine\s+StateMachine", said.out)
    assert re.search(r"CREATE_COMPLETE\s+AWS::CloudFormation::Stack", said.out)
    lines = [tuple(line.split()[1:4]) for line in said.out.splitlines()]
    told = [line for line in lines if line and line[0].startswith("CREATE_")]
    assert told
    assert len(told) == len(set(told))  # each status of a resource once
    assert "StateMachineArn" in said.out
    again = user.batcat("deploy", "--json")
    assert (again.code, again.document["changes"]) == (0, [])
    assert again.document["outputs"]["ResultBucketName"] == "2026-demo-rain-us-east-1"


def test_deploy_dry_run_leaves_nothing_behind(user: User) -> None:
    user.batcat("down", "--delete-data", "--yes")
    said = user.batcat("deploy", "--dry-run", "--json")
    assert {change["action"] for change in said.document["changes"]} == {"added"}
    assert user.batcat("status", "--json").document["stack"] is None


def test_deploy_that_is_refused_says_why(user: User) -> None:
    template = user.folder / "deploy" / "template.yaml"
    text = template.read_text(encoding="utf-8").replace("Timeout: 30", "Timeuot: 30")
    template.write_text(text, encoding="utf-8")
    said = user.batcat("deploy")
    assert said.code == 1
    assert said.err.startswith("Error: CloudFormation refuses deploy/template.yaml")
    assert "Timeuot" in said.err
    assert "Traceback" not in said.err


def test_status_and_logs_tell_of_the_last_run(user: User) -> None:
    run = user.batcat("run", "--json").document["run"]
    status = user.batcat("status")
    assert re.search(rf"{run} .* SUCCEEDED", status.out)
    assert user.batcat("status", "--json").document["runs"][0]["run"] == run
    assert user.batcat("logs").out == "clean | cleaning ['rain.csv']\nforecast | 2 rainy days\n"
    one = user.batcat("logs", "forecast", "--run", run, "--follow", "--json")
    assert [line["text"] for line in one.document["lines"]] == ["2 rainy days"]


def test_logs_of_a_run_that_is_not_there_say_so(user: User) -> None:
    user.batcat("deploy")
    for arguments, what in ((("logs",), "run nope"), (("logs", "clean"), "step clean of run nope")):
        said = user.batcat(*arguments, "--run", "nope")
        assert said.code == 2
        assert said.err == (
            f"Error: {what} has no log: there is no such run, or it has not begun; "
            "see: batcat status\n"
        )


def test_missing_input_is_found_before_anything_is_deployed(user: User) -> None:
    user.batcat("down", "--delete-data", "--yes")
    said = user.batcat("run", "--input", "nowhere")
    assert said.code == 2
    assert user.batcat("status", "--json").document["stack"] is None


def test_down_keeps_the_data_unless_told_otherwise(user: User, local_aws: LocalAws) -> None:
    user.batcat("run")
    bucket = {"Bucket": "2026-demo-rain-us-east-1", "Prefix": "forecast/"}
    dry = user.batcat("down", "--dry-run", "--json")
    assert dry.document["status"] == "PLANNED"
    assert "StateMachine" in dry.document["resources"]
    said = user.batcat("down")
    assert said.code == 0, said.err
    assert "Data is kept in s3://2026-demo-rain-us-east-1/forecast/" in said.out
    s3 = local_aws.client("s3")
    assert s3.list_objects_v2(**bucket)["KeyCount"] > 0
    unsaid = user.batcat("down", "--delete-data")
    assert unsaid.code == 2
    assert "say --yes if you agree" in unsaid.err
    assert user.batcat("down", "--delete-data", "--yes").code == 0
    assert s3.list_objects_v2(**bucket)["KeyCount"] == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("run", "--env", "prod"), "environment 'prod' is not known; known are local, dev"),
        (("run", "--step", "x"), "there is no step 'x'; the steps are clean, forecast"),
        (("run", "--input", "nowhere"), "input nowhere does not exist"),
        (("logs", "x"), "there is no step 'x'"),
        (("run", "--env", ""), "the environment's name is empty; known are local, dev"),
        (("run", "--input", "s3://"), "'s3://' is no S3 address"),
        (("run", "--project", "nowhere"), "nowhere"),
        (("dance",), "dance"),
    ],
)
def test_a_mistake_ends_with_2_and_a_sentence(
    user: User, arguments: tuple[str, ...], complaint: str
) -> None:
    said = user.batcat(*arguments)
    assert said.code == 2
    assert complaint in said.err
    assert "Traceback" not in said.err


def test_an_error_as_json_is_a_document_too(user: User) -> None:
    said = user.batcat("run", "--env", "prod", "--json")
    assert (said.code, said.document["status"]) == (2, "ERROR")
    assert "'prod' is not known" in said.document["error"]


def test_debug_shows_the_traceback(user: User) -> None:
    assert "Traceback" in user.batcat("run", "--env", "prod", "--debug").err
    user.environment["BATCAT_DEBUG"] = "1"
    assert "Traceback" in user.batcat("run", "--env", "prod").err


def test_outside_of_a_project_it_says_so(user: User, tmp_path: Path) -> None:
    user.folder = tmp_path
    said = user.batcat("run")
    assert said.code == 2
    assert "is not in a project" in said.err


@pytest.mark.parametrize("verb", ["run", "deploy"])
def test_another_environment_never_reaches_the_local_aws(user: User, verb: str) -> None:
    """The exported endpoint and its made-up credentials are for environment local alone."""
    said = user.batcat(verb, "--env", "dev")
    assert said.code == 2
    assert "Unable to locate credentials" in said.err
