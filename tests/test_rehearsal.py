"""``batcat check`` starts the workflow as production does: by an object, or by the schedule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from batcat_runtime.deploy import load_project, rehearsal
from batcat_runtime.deploy.beginnings import begun
from batcat_runtime.deploy.stack import resources
from batcat_runtime.emulator import LocalAws
from batcat_runtime.errors import ExecutionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from batcat_runtime.deploy.project import Project

STEP = """import os
from pathlib import Path
ROOT = Path(os.environ["BATCAT_ML_ROOT"]) / "processing"
for file in sorted((ROOT / "input").rglob("*.csv")):
    (ROOT / "score" / f"score_{file.name}").write_text(file.read_text())
"""
PARTS = ["deploy", "run", "trigger", "failure", "rights"]


@pytest.fixture(scope="module")
def projects(
    tmp_path_factory: pytest.TempPathFactory, render: Callable[..., Path]
) -> dict[str, Project]:
    """A project for each of both, with input of which one file may start it."""
    found = {}
    for trigger in ("s3", "schedule"):
        root = tmp_path_factory.mktemp(trigger) / "project"
        render(
            root,
            project=f"2026-by-{trigger}",
            purpose="score",
            steps="score",
            example=False,
            trigger=trigger,
        )
        (root / "script" / "score.py").write_text(STEP, encoding="utf-8")
        for name in ("a.txt", "b.csv"):
            (root / "data" / "raw" / name).write_text("id\n1\n", encoding="utf-8")
        found[trigger] = load_project(root)
    config = found["s3"].root / "deploy" / "config.json"
    settings = {**json.loads(config.read_text(encoding="utf-8")), "input_suffix": ".csv"}
    config.write_text(json.dumps(settings), encoding="utf-8")
    return {**found, "s3": load_project(found["s3"].root)}


@pytest.fixture(scope="module")
def aws(projects: dict[str, Project]) -> Iterator[LocalAws]:
    """A local AWS for both."""
    patched = pytest.MonkeyPatch()
    images = {one.repository: one.root for one in projects.values()}
    with LocalAws(images=images, region="us-east-1") as running:
        for name, value in running.environment.items():
            patched.setenv(name, value)
        yield running
    patched.undo()


def left(aws: LocalAws, project: Project) -> list[str]:
    """What lies where input is waited for."""
    bucket, prefix = project.result_s3_bucket, f"{project.purpose}/input/"
    found = aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [one["Key"] for one in found.get("Contents", [])]


def test_an_object_starts_a_run_unless_the_rule_may_not_call_the_trigger(
    aws: LocalAws, projects: dict[str, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = projects["s3"]
    this = rehearsal.Rehearsal(project, None, aws.url)
    parts = list(this.parts())
    assert [(part.name, part.failed) for part in parts] == [(name, False) for name in PARTS]
    assert parts[2].text.startswith(
        "s3://2026-by-s3-us-east-1/score/input/rehearsal/b.csv started "
    )
    name = resources(project.stack, project.region)["TriggerFunction"]["physical"]
    functions = aws.client("lambda")
    policy = json.loads(functions.get_policy(FunctionName=name)["Policy"])
    functions.remove_permission(FunctionName=name, StatementId=policy["Statement"][0]["Sid"])
    monkeypatch.setattr(rehearsal, "PATIENCE", 2)
    with pytest.raises(ExecutionError, match=r"b\.csv started no run within 2 s"):
        this._start_by_trigger()  # noqa: SLF001 - one part of it
    assert left(aws, project) == []


def test_input_of_which_nothing_starts_a_run_is_told_so(
    aws: LocalAws, projects: dict[str, Project]
) -> None:
    project = projects["s3"]
    key = "score/other/a.txt"
    aws.client("s3").put_object(Bucket=project.result_s3_bucket, Key=key)
    address = f"s3://{project.result_s3_bucket}/{key}"
    with (
        pytest.raises(ExecutionError, match=r"no file of the input ends in \.csv, so none starts"),
        begun(project, address),
    ):
        pass


def test_a_schedule_starts_a_run_unless_its_role_may_not_and_stays_as_it_was(
    aws: LocalAws, projects: dict[str, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = projects["schedule"]
    this = rehearsal.Rehearsal(project, None, aws.url)
    parts = list(this.parts())
    assert [(part.name, part.failed) for part in parts] == [(name, False) for name in PARTS]
    assert parts[2].text.startswith("the schedule, brought forward, started ")
    (schedule,) = aws.client("scheduler").list_schedules()["Schedules"]
    told = aws.client("scheduler").get_schedule(Name=schedule["Name"])
    assert told["ScheduleExpression"] == "cron(0 6 * * ? *)"
    iam, role = aws.client("iam"), resources(project.stack, project.region)["ScheduleRole"]
    (policy,) = iam.list_role_policies(RoleName=role["physical"])["PolicyNames"]
    iam.delete_role_policy(RoleName=role["physical"], PolicyName=policy)
    monkeypatch.setattr(rehearsal, "PATIENCE", 4)
    with pytest.raises(ExecutionError, match=r"Denied were: .* may not lambda:InvokeFunction on"):
        this._start_by_trigger()  # noqa: SLF001 - one part of it
    assert left(aws, project) == []
