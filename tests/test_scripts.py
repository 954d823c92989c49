"""The scripts in deploy/ that people know from BatCat, and the trigger, do what they say."""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import copier
import pytest
from copier.errors import DirtyLocalWarning

from batcat_runtime.emulator import LocalAws

REPOSITORY = Path(__file__).resolve().parents[1]
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
        (("prod",), {}, "environment 'prod' is not known; known are local, dev"),
        ((), {"BATCAT_ENV": "prod"}, "environment 'prod' is not known; known are local, dev"),
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


@pytest.fixture
def stand_ins(tmp_path: Path) -> Path:
    """Programs named docker and aws that note how they are called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, answer in {"docker": "", "aws": "123456789012"}.items():
        file = folder / name
        # Who hands over a password must find a reader, or ends with a broken pipe.
        read = 'case "$*" in *--password-stdin*) cat > /dev/null ;; esac'
        note = f'echo "{name} $*" >> {tmp_path}/calls'
        file.write_text(f"#!/bin/sh\n{read}\n{note}\necho {answer}\n")
        file.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("partition", "domain"), [("aws", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn")]
)
def test_setup_docker_builds_with_this_runtime_and_pushes(
    tmp_path: Path, run: Run, stand_ins: Path, partition: str, domain: str
) -> None:
    project = tmp_path / "p"
    answers = {"partition": partition}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DirtyLocalWarning)  # work in progress counts as well
        copier.run_copy(
            str(REPOSITORY), project, data=answers, defaults=True, quiet=True, vcs_ref="HEAD"
        )
    region = {"aws": "us-east-1", "aws-cn": "cn-north-1"}[partition]
    path = os.pathsep.join([str(stand_ins), str(Path(sys.executable).parent), os.environ["PATH"]])
    run(project, "deploy/setup_docker.sh", "dev", PATH=path)

    (wheel,) = (project / "deploy" / "docker" / "wheels").glob("*.whl")
    assert wheel.name.startswith("batcat_runtime-")
    lines = (project / "deploy" / "docker" / "constraints.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines)
    for name in ("joblib", "pandas", "scikit-learn", "numpy", "scipy", "boto3"):
        assert pinned[name] == version(name)
    assert "batcat-runtime" not in pinned  # it comes as a wheel
    image = "2026-health-screening-inference"
    calls = (tmp_path / "calls").read_text()
    assert f" --file deploy/docker/Dockerfile --tag {image} .\n" in calls
    assert f"docker push 123456789012.dkr.ecr.{region}.{domain}/{image}:latest" in calls
    assert "aws ecr get-login-password" in calls


@pytest.fixture
def without_wheel(stand_ins: Path) -> str:
    """A PATH with the stand-ins, and a python that builds no wheel: that is another test's."""
    python = stand_ins / "python"
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *" wheel "*) ;; *) exec {sys.executable} "$@";; esac\n'
    )
    python.chmod(0o755)
    return os.pathsep.join([str(stand_ins), os.environ["PATH"]])


@pytest.mark.parametrize(
    "line",
    [
        "git+https://git.example/team/tool.git@v1",
        "https://packages.example.org/tool-1.0-py3-none-any.whl",
        "PyYAML [more] >=6, <99  # a remark",
        "winloop>=1; sys_platform == 'win32'",
        "--no-binary :none:",
    ],
)
def test_setup_docker_takes_the_lines_that_pip_takes(
    render: Callable[..., Path], tmp_path: Path, run: Run, without_wheel: str, line: str
) -> None:
    project = render(tmp_path / "p", example=False)
    with (project / "deploy" / "docker" / "requirements.txt").open("a") as file:
        file.write(f"{line}\n")
    run(project, "deploy/setup_docker.sh", "--build", PATH=without_wheel)
    assert "docker build" in (tmp_path / "calls").read_text()


@pytest.mark.parametrize("rest", ["", ">=1", " @ git+https://git.example/team/tool.git"])
def test_setup_docker_stops_at_a_package_that_no_test_has_seen(
    render: Callable[..., Path], tmp_path: Path, run: Run, without_wheel: str, rest: str
) -> None:
    project = render(tmp_path / "p", example=False)
    with (project / "deploy" / "docker" / "requirements.txt").open("a") as file:
        file.write(f"not-installed.anywhere{rest}\n")
    done = run(project, "deploy/setup_docker.sh", "--build", code=1, PATH=without_wheel)
    assert "requirements.txt names not-installed.anywhere, which" in done.stderr
    assert "run: pip install -r requirements.txt" in done.stderr
    assert not (tmp_path / "calls").exists()


def test_setup_docker_refuses_an_environment_that_is_not_there(
    project: Path, run: Run, stand_ins: Path
) -> None:
    path = os.pathsep.join([str(stand_ins), os.environ["PATH"]])
    done = run(project, "deploy/setup_docker.sh", "prod", code=1, PATH=path)
    assert "no environment 'prod'; it has: dev" in done.stderr


def test_setup_docker_never_pushes_to_another_account(
    render: Callable[..., Path], tmp_path: Path, run: Run, stand_ins: Path
) -> None:
    project = render(tmp_path / "p", example=False)
    config = project / "deploy" / "config.json"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('"dev": {}', '"dev": {"account": "999999999999"}'))
    path = os.pathsep.join([str(stand_ins), os.environ["PATH"]])
    done = run(project, "deploy/setup_docker.sh", "dev", code=1, PATH=path)
    assert "account 123456789012; environment dev is 999999999999" in done.stderr
    assert "docker" not in (tmp_path / "calls").read_text()


@pytest.mark.parametrize(("arguments", "code"), [((), 2), (("--help",), 0), (("--bild",), 2)])
def test_setup_docker_says_how_it_is_used(
    project: Path, run: Run, arguments: tuple[str, ...], code: int
) -> None:
    done = run(project, "deploy/setup_docker.sh", *arguments, code=code)
    assert (done.stderr if code else done.stdout).startswith("Usage: deploy/setup_docker.sh ENV")


def test_setup_docker_makes_a_repository_only_where_there_is_none(
    project: Path, tmp_path: Path, run: Run, stand_ins: Path, without_wheel: str
) -> None:
    aws = stand_ins / "aws"
    usual = aws.read_text()
    for problem, code in (("RepositoryNotFoundException", 0), ("AccessDeniedException", 1)):
        (tmp_path / "calls").unlink(missing_ok=True)
        refuse = f'case "$*" in *describe-repositories*) echo {problem} >&2; exit 254 ;; esac\n'
        aws.write_text(usual.replace("echo 123", f"{refuse}echo 123"))
        done = run(project, "deploy/setup_docker.sh", "dev", code=code, PATH=without_wheel)
        made = "create-repository" in (tmp_path / "calls").read_text()
        assert made is (problem == "RepositoryNotFoundException")
        assert code == 0 or done.stderr == f"Error: {problem}\n"
