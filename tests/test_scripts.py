"""The scripts in deploy/ that people know from BatCat, and the trigger, do what they say."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]
PROJECT, PURPOSE = "2026-script-drill", "score"
BUCKET = f"{PROJECT}-us-east-1"
PATIENCE = 60
"""How long a run may take to appear and to end, in seconds."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, render: Callable[..., Path]) -> Path:
    """A bare project that a new object starts."""
    folder = render(
        tmp_path_factory.mktemp("scripts") / "p",
        project=PROJECT,
        purpose=PURPOSE,
        steps="load, score",
        trigger="s3",
        example=False,
    )
    (folder / "data" / "raw" / "a.csv").write_text("id,x\n1,1.5\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def aws(project: Path) -> Iterator[LocalAws]:
    """A local AWS that knows the project's image."""
    with LocalAws(images={f"{PROJECT}-{PURPOSE}": project}, region="us-east-1") as running:
        yield running


def end_of(aws: LocalAws, number: int) -> dict[str, Any]:
    """The newest execution once that many have left a result and it has ended."""
    states, s3 = aws.client("stepfunctions"), aws.client("s3")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
        runs = sorted({key.split("/")[1] for key in keys if "/score/score_" in key})
        if len(runs) == number:
            (machine,) = states.list_state_machines()["stateMachines"]
            arn = machine["stateMachineArn"].replace(":stateMachine:", ":execution:")
            described = states.describe_execution(executionArn=f"{arn}:{runs[-1]}")
            if described["status"] != "RUNNING":
                return {**described, "input": json.loads(described["input"])}
        time.sleep(0.2)
    raise AssertionError(f"{number} runs have not ended within {PATIENCE} s; there are {runs}")


def test_setup_stepfunctions_sets_up_and_runs_once(project: Path, aws: LocalAws, run: Run) -> None:
    run(project, "python", f"deploy/setup_stepfunctions_{PURPOSE}.py", **aws.environment)
    assert end_of(aws, 1)["status"] == "SUCCEEDED"
    (result,) = (project / "data" / "result").rglob("*.csv")
    assert result.read_text(encoding="utf-8") == "id,x\n1,1.5\n"


def test_setup_stepfunctions_takes_the_values_of_its_environment(
    render: Callable[..., Path], tmp_path: Path, run: Run
) -> None:
    project = render(tmp_path / "p", steps="load, score", example=False)
    config = project / "deploy" / "config.json"
    text = config.read_text(encoding="utf-8").replace('"dev": {}', '"local": {"instance_type": 7}')
    config.write_text(text, encoding="utf-8")
    with LocalAws() as aws:
        arguments = ("python", "deploy/setup_stepfunctions_inference.py")
        done = run(project, *arguments, code=1, **aws.environment, BATCAT_ENV="local")
    assert "instance_type" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "complaint"),
    [
        ((), {}, "say which environment"),
        (("stage",), {}, "environment 'stage' is not known; known are local, dev, prod"),
        ((), {"BATCAT_ENV": "stage"}, "environment 'stage' is not known; known are local, dev"),
        (("local",), {}, "does not name a local AWS; run batcat local"),
    ],
)
def test_setup_stepfunctions_says_what_it_needs(
    project: Path, run: Run, arguments: tuple[str, ...], environment: dict[str, str], complaint: str
) -> None:
    script = f"deploy/setup_stepfunctions_{PURPOSE}.py"
    done = run(project, "python", script, *arguments, code=1, **environment)
    assert done.stderr.startswith("Error: ")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_new_object_starts_a_run_on_it(project: Path, aws: LocalAws, run: Run) -> None:
    run(project, "batcat", "deploy", "--yes", **aws.environment)
    key = f"{PURPOSE}/input/new file+ü.csv"
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"id,x\n7,8\n")
    ended = end_of(aws, 2)
    assert ended["status"] == "SUCCEEDED"
    assert ended["input"]["InputPath"] == f"s3://{BUCKET}/{key}"


def test_the_trigger_starts_a_run_by_hand_on_the_default_input(
    aws: LocalAws, project: Path
) -> None:
    name = f"{PROJECT}-{PURPOSE}-trigger"
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answer
    (execution,) = json.loads(answer["Payload"].read())["executions"]
    ended = end_of(aws, 3)
    assert (ended["name"], ended["status"]) == (execution, "SUCCEEDED")
    assert ended["input"] == {
        "ProcessingJobName": execution,
        "ResultPath": f"s3://{BUCKET}/{PURPOSE}",
    }
    assert project.exists()


def test_the_trigger_is_imported_almost_as_fast_as_boto3_alone(project: Path, run: Run) -> None:
    (folder,) = (project / "deploy").glob("*-trigger")
    code = (
        "import boto3, time; before = time.process_time(); import lambda_function; "
        "print(time.process_time() - before)"
    )
    assert min(float(run(folder, "python", "-c", code).stdout) for _ in range(3)) < 0.15


def test_machines_share_the_input_and_no_row_is_lost_or_doubled(
    project: Path, aws: LocalAws, run: Run, tmp_path: Path
) -> None:
    for number in range(3):
        file = tmp_path / f"{number}.csv"
        file.write_text(f"id,x\n{number},1\n{number + 10},1\n", encoding="utf-8")
    file = project / "deploy" / "config.json"
    config = file.read_text(encoding="utf-8")
    file.write_text(config.replace('"instance_count": 1', '"instance_count": 2'), encoding="utf-8")
    told = run(project, "batcat", "run", "--input", str(tmp_path), "--json", **aws.environment)
    file.write_text(config, encoding="utf-8")
    results = list((project / "data" / "result" / json.loads(told.stdout)["run"]).glob("*.csv"))
    assert len(results) == 2
    rows = [line for one in results for line in one.read_text().splitlines()[1:]]
    assert sorted(rows) == ["0,1", "1,1", "10,1", "11,1", "12,1", "2,1"]


@pytest.mark.parametrize(
    ("arguments", "passed_on"),
    [
        (("--build", "--dry-run"), "image build --dry-run"),
        (("dev", "--builder", "buildah"), "image push --env dev --builder buildah"),
    ],
)
def test_setup_docker_is_what_batcat_image_does(
    project: Path, tmp_path: Path, run: Run, arguments: tuple[str, ...], passed_on: str
) -> None:
    batcat = tmp_path / "batcat"
    batcat.write_text('#!/bin/sh\necho "$PWD: $*"\n')
    batcat.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    done = run(project / "script", "../deploy/setup_docker.sh", *arguments, PATH=path)
    assert done.stdout == f"{project}: {passed_on}\n"


@pytest.mark.parametrize("name", ["stage", "local"])
def test_setup_docker_refuses_an_environment_that_has_no_registry(
    project: Path, run: Run, name: str
) -> None:
    done = run(project, "deploy/setup_docker.sh", name, code=2)
    assert f"environment {name}" in done.stderr.replace("'", "")


@pytest.mark.parametrize(("arguments", "code"), [((), 2), (("--help",), 0), (("--bild",), 2)])
def test_setup_docker_says_how_it_is_used(
    project: Path, run: Run, arguments: tuple[str, ...], code: int
) -> None:
    done = run(project, "deploy/setup_docker.sh", *arguments, code=code)
    assert (done.stderr if code else done.stdout).startswith("Usage: deploy/setup_docker.sh ENV")
