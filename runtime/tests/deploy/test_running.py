"""Runs, from input to result, against the local AWS."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime import aws, deploy
from batcat_runtime.deploy import Run, execution, names, prepare, read_status
from batcat_runtime.deploy import logs as step_logs
from batcat_runtime.deploy.failure import RunFailedError
from batcat_runtime.deploy.history import StateEvent
from batcat_runtime.errors import ConfigError, ExecutionError, MissingError

if TYPE_CHECKING:
    from batcat_runtime.deploy import Project


def finish(project: Project, source: str | None = None, step: str | None = None) -> list[Path]:
    """Make a whole run; returns the result's files."""
    with closing(Run(prepare(project, source=source, step=step))) as run:
        run.upload()
        run.start()
        for _ in run.follow():
            pass
        return run.fetch()


def faulty(folder: Path, fault: str) -> str:
    """Input that makes the first step misbehave."""
    (folder / "fault").write_text(fault, encoding="utf-8")
    return str(folder)


def test_a_run_brings_the_result_of_the_last_step(deployed: Project) -> None:
    (file,) = finish(deployed)
    assert file.name == "forecast.csv"
    assert file.parent.parent == deployed.root / "data" / "result"
    assert file.read_text(encoding="utf-8") == "day,millimetres\n1,4\n3,7\n3,7\n"


def test_input_may_be_a_file_or_lie_in_s3(deployed: Project, tmp_path: Path) -> None:
    other = tmp_path / "rain.csv"
    other.write_text("day,millimetres\n8,8\n", encoding="utf-8")
    assert "8,8" in finish(deployed, str(other))[0].read_text(encoding="utf-8")
    prefix = f"{deployed.result_path}/elsewhere/"
    aws.client("s3", deployed.region).put_object(
        Bucket=deployed.result_s3_bucket,
        Key="forecast/elsewhere/rain.csv",
        Body=b"day,millimetres\n9,9\n",
    )
    assert "9,9" in finish(deployed, prefix)[0].read_text(encoding="utf-8")


def test_input_that_the_steps_may_not_read_is_copied_to_where_they_may(deployed: Project) -> None:
    s3 = aws.client("s3", deployed.region)
    s3.create_bucket(Bucket="somebody-elses")
    s3.put_object(Bucket="somebody-elses", Key="in/rain.csv", Body=b"day,millimetres\n4,4\n")
    plan = prepare(deployed, source="s3://somebody-elses/in/")
    assert plan.input_prefix == f"{deployed.result_path}/run-input/{plan.run}/"
    assert "4,4" in finish(deployed, "s3://somebody-elses/in/")[0].read_text(encoding="utf-8")


def test_one_step_runs_alone_and_leaves_no_state_machine_behind(deployed: Project) -> None:
    client = aws.client("stepfunctions", deployed.region)
    before = client.list_state_machines()["stateMachines"]
    (file,) = finish(deployed, step="clean")
    assert file.name == "clean.csv"
    before_it = deployed.root / "data" / "tmp" / "clean"
    before_it.mkdir(parents=True)
    file.rename(before_it / "clean.csv")
    (last,) = finish(deployed, step="forecast")
    assert last.read_text(encoding="utf-8").endswith("3,7\n3,7\n")
    assert client.list_state_machines()["stateMachines"] == before


def test_a_step_that_fails_shows_its_log_and_leaves_no_result(deployed: Project) -> None:
    source = faulty(deployed.root / "data" / "raw", "7")
    with pytest.raises(RunFailedError, match="step clean of run") as caught:
        finish(deployed, source)
    error = caught.value
    assert "7" in error.reason
    assert error.exit_message == "the gauge is broken"
    assert error.log[-1] == "the last line before the end"
    assert error.advice[-1] == "then again: batcat run --step clean"
    assert not (deployed.root / "data" / "result").exists()


def test_a_step_that_writes_nothing_is_named_and_not_the_one_after_it(deployed: Project) -> None:
    source = faulty(deployed.root / "data" / "raw", "nothing")
    with pytest.raises(RunFailedError) as caught:
        finish(deployed, source)
    assert caught.value.step == "forecast"
    assert caught.value.advice == (
        "let clean write a file, for its output folder is empty: bc.write_table(…)",
        "run that alone: python script/clean.py",
    )
    with pytest.raises(
        RunFailedError, match=r"clean of run .* wrote no file to its output"
    ) as last:
        finish(deployed, source, step="clean")
    assert last.value.log[0].startswith("cleaning [")
    assert last.value.advice[0] == "let it write its result: bc.write_table(…) in script/clean.py"
    assert not list((deployed.root / "data").glob("result/*"))


def test_a_result_without_files_is_a_result(deployed: Project) -> None:
    source = deployed.root / "rain.csv"
    source.write_text("day,millimetres\n9,99\n", encoding="utf-8")
    assert finish(deployed, str(source)) == []
    (folder,) = (deployed.root / "data" / "result").iterdir()
    assert list(folder.iterdir()) == []


def test_what_was_not_published_is_no_result(project: Project) -> None:
    """A workflow that ends well without its mark, such as one of a person's own."""
    file = project.root / "deploy" / "workflow.asl.json"
    definition = json.loads(file.read_text(encoding="utf-8"))
    del definition["States"]["MarkSuccess"]
    definition["States"]["forecast"].pop("Next")
    definition["States"]["forecast"]["End"] = True
    file.write_text(json.dumps(definition), encoding="utf-8")
    for _ in deploy.apply(deploy.make_plan(project)):
        pass
    with pytest.raises(
        RunFailedError, match=r"nothing was published: there is no s3://.*/\.success"
    ):
        finish(project)
    assert not (project.root / "data" / "result").exists()


def test_what_to_try_again_names_the_same_input(deployed: Project, tmp_path: Path) -> None:
    source = faulty(tmp_path, "7")
    with pytest.raises(RunFailedError) as caught:
        finish(deployed, source)
    assert caught.value.advice[-1] == f"then again: batcat run --step clean --input {source}"


def test_a_step_that_hangs_ends_with_the_time_it_was_given(project: Project) -> None:
    hasty = replace(project, max_runtime_seconds=1)
    for _ in deploy.apply(deploy.make_plan(hasty)):
        pass
    with pytest.raises(RunFailedError, match="step clean of run") as caught:
        finish(hasty, faulty(hasty.root / "data" / "raw", "hang"))
    assert caught.value.advice[0].startswith("give it more time: max_runtime_seconds")


def test_stopping_a_run_stops_its_job_whatever_its_name(project: Project) -> None:
    def renamed(definition: dict[str, Any]) -> dict[str, Any]:
        name = "States.Format('{}-2clean', $.ProcessingJobName)"
        definition["States"]["clean"]["Parameters"]["ProcessingJobName.$"] = name
        return definition

    for _ in deploy.apply(deploy.make_plan(project, change_definition=renamed)):
        pass
    run = Run(prepare(project, source=faulty(project.root / "data" / "raw", "hang")))
    run.upload()
    run.start()
    followed = run.follow()
    for event in followed:
        if isinstance(event, StateEvent) and event.kind == "started":
            break
    run.stop()
    job = aws.client("sagemaker", project.region).describe_processing_job(
        ProcessingJobName=f"{run.plan.run}-2clean"
    )
    assert job["ProcessingJobStatus"] == "Stopped"
    with pytest.raises(RunFailedError, match="was stopped"):
        list(followed)


def test_the_last_runs_are_listed_with_how_they_ended(deployed: Project) -> None:
    finish(deployed)
    newest = read_status(deployed).runs[0]
    assert newest.status == "SUCCEEDED"
    assert 0 < newest.seconds < 60
    lines = list(step_logs.read([f"{newest.run}-forecast"], deployed.region, until_ended=True))
    assert [line.text for line in lines] == ["2 rainy days"]
    assert lines[0].host == "algo-1"


def test_a_result_that_is_not_whole_is_never_seen(
    deployed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The download goes to a hidden folder beside, which is gone when it fails."""
    files = finish(deployed)
    plan = prepare(deployed)
    destination = files[0].parent.with_name("other")

    def broken(self: Path, target: Path) -> Path:
        raise OSError(28, f"no space left for {self.name} as {target.name}")

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(OSError, match="no space left"):
        deploy.data.fetch_result(
            plan.result_prefix.replace(plan.run, files[0].parent.name),
            destination,
            deployed.region,
        )
    assert sorted(one.name for one in destination.parent.iterdir()) == [files[0].parent.name]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [("nowhere", "input .*nowhere does not exist"), ("data/result", "holds no files")],
)
def test_input_that_is_not_there_is_named(deployed: Project, source: str, complaint: str) -> None:
    (deployed.root / "data" / "result").mkdir()
    with pytest.raises(MissingError, match=complaint):
        Run(prepare(deployed, source=str(deployed.root / source))).upload()


def test_a_step_that_does_not_exist_lists_those_that_do(project: Project) -> None:
    with pytest.raises(ConfigError, match="no step 'x'; the steps are clean, forecast"):
        prepare(project, step="x")


def test_the_predecessors_two_calls_set_up_and_run_a_workflow(
    deployed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(deployed.root)
    workflow = deploy.setup_workflow("2026-demo-rain", "forecast", instance_type="ml.m5.large")
    assert workflow.name == "WORKFLOW-2026-DEMO-RAIN-FORECAST"
    folder = deploy.test_workflow(
        workflow, "2026-demo-rain", "forecast", "2026-demo-rain-us-east-1"
    )
    assert (folder / "forecast.csv").is_file()


def test_network_settings_reach_the_state_machine(
    deployed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(deployed.root)
    iam, name = aws.client("iam", deployed.region), "of-the-organisation"
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": ["states.amazonaws.com", "sagemaker.amazonaws.com"]},
        "Action": "sts:AssumeRole",
    }
    # What Step Functions wants of a role as soon as a state machine names it.
    rules = {
        "Effect": "Allow",
        "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
        "Resource": "arn:aws:events:us-east-1:123456789012:rule/"
        "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
    }
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="rules", PolicyDocument=document(rules))
    workflow = deploy.setup_workflow(
        "2026-demo-rain", "forecast", role, security_group_ids=["sg-1"], subnets=["subnet-1"]
    )
    machine = aws.client("stepfunctions", deployed.region).describe_state_machine(
        stateMachineArn=workflow.arn
    )
    assert machine["definition"].count('"subnet-1"') == 2
    assert machine["roleArn"] == role


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"project": "other"}, "is project 2026-demo-rain, purpose forecast, not other"),
        ({"environment": "dev"}, "AWS_ENDPOINT_URL names a local AWS; unset it"),
        ({"environment": "prod"}, "environment 'prod' is not known; known are local, dev"),
        (
            {"security_group_ids": ["sg-1"], "subnets": ["subnet-1"]},
            "need workflow_execution_role",
        ),
    ],
)
def test_a_workflow_that_cannot_be_set_up_as_asked_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, str], complaint: str
) -> None:
    monkeypatch.chdir(project.root)
    with pytest.raises(ConfigError, match=complaint):
        deploy.setup_workflow(**{"project": "2026-demo-rain", "purpose": "forecast", **arguments})  # type: ignore[arg-type]  # mixed values


def test_nothing_reaches_an_account_without_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(ConfigError, match="say which environment"):
        deploy.setup_workflow("2026-demo-rain", "forecast")


def test_two_runs_of_one_second_share_nothing(
    deployed: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes second, on this machine or another, takes the next second's name."""
    files = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        files.append(folder / "rain.csv")
        files[-1].write_text(f"day,millimetres\n{ord(name)},9\n", encoding="utf-8")
    first = Run(prepare(deployed, source=str(files[0])))
    monkeypatch.setattr(execution, "_CLOCK", FrozenClock(first.plan.run))
    second = Run(prepare(deployed, source=str(files[1])))
    assert second.plan.run == first.plan.run
    with closing(first), closing(second):
        for run in (first, second):
            run.open()
        assert second.plan.run != first.plan.run
        results = {}
        for run in (first, second):
            run.upload()
            run.start()
        for run in (first, second):
            list(run.follow())
            results[run] = run.fetch()[0].read_text(encoding="utf-8")
    assert "97,9" in results[first]
    assert "98" not in results[first]
    assert "98,9" in results[second]
    assert "97" not in results[second]
    for run in (first, second):
        left = aws.client("s3", deployed.region).list_objects_v2(
            Bucket=deployed.result_s3_bucket, Prefix=f"forecast/run-claim/{run.plan.run}"
        )
        assert left["KeyCount"] == 0


class FrozenClock(execution._Clock):  # noqa: SLF001 - stands for another machine's clock
    """Begins again at the second of a run that has just been named."""

    def __init__(self, run: str) -> None:
        super().__init__()
        begun = datetime.strptime(run[-14:], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
        self._last = begun - timedelta(seconds=1)

    def next_second(self) -> datetime:
        """Tell the seconds that clock tells."""
        self._last += timedelta(seconds=1)
        return self._last


def rewrite(project: Project, name: str, old: str, new: str) -> Project:
    """Change one file of a project, which must hold the text; returns the project as it is now."""
    file = project.root / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    return deploy.load_project(project.root)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            '"steps": ["clean", "forecast"]',
            '"steps": ["clean"]',
            r"says steps clean, but deploy/workflow.asl.json runs clean, forecast; put it back",
        ),
        (
            '"steps": ["clean", "forecast"]',
            '"steps": ["forecast", "clean"]',
            r"says steps forecast, clean, but .* --data steps=\"forecast, clean\"",
        ),
        (
            '"purpose": "forecast"',
            '"purpose": "other"',
            r"says purpose 'other', but deploy/template.yaml was made for 'forecast'",
        ),
    ],
    ids=["fewer", "reordered", "purpose"],
)
def test_a_configuration_that_means_another_pipeline_is_refused_before_it_is_deployed(
    project: Project, old: str, new: str, complaint: str
) -> None:
    changed = rewrite(project, "deploy/config.json", old, new)
    with pytest.raises(ConfigError, match=complaint):
        deploy.make_plan(changed)


def test_a_later_step_without_input_names_the_step_before_it(project: Project) -> None:
    with pytest.raises(MissingError, match=r"no input for forecast yet: .*script/clean.py"):
        prepare(project, step="forecast")


@pytest.mark.parametrize("source", ["s3://", "s3:///key"])
def test_an_address_that_is_none_is_found_before_anything_is_done(
    project: Project, source: str
) -> None:
    with pytest.raises(ConfigError, match="is no S3 address"):
        prepare(project, source=source)


def stop_late(run: Run) -> None:
    """Follow a run whose time is over once its first job is being made."""
    for event in run.follow():
        if isinstance(event, StateEvent) and event.kind == "started":
            run.limit = 0.001


def test_a_run_that_takes_longer_than_its_limit_is_stopped(
    deployed: Project, tmp_path: Path
) -> None:
    """A trial run has one: it may wait for a machine for more than an hour."""
    with closing(Run(prepare(deployed, source=faulty(tmp_path, "hang")))) as run:
        run.upload()
        run.start()
        with pytest.raises(ExecutionError, match=r"took longer than .* minutes, .* it is stopped"):
            stop_late(run)
    job = aws.client("sagemaker", deployed.region).describe_processing_job(
        ProcessingJobName=f"{run.plan.run}-clean"
    )
    assert job["ProcessingJobStatus"] == "Stopped"


def test_a_run_that_ends_within_its_second_leaves_its_name_to_nobody(deployed: Project) -> None:
    """Another process would take the name that is free again, and be refused."""
    with closing(Run(prepare(deployed))) as run:
        run.open()
        taken = run.plan.run
    assert datetime.now(timezone.utc) >= names.moment(taken) + timedelta(seconds=1)
    assert execution.claim(deployed, taken)  # it is free, but no clock makes it any more
    execution.release(deployed, taken)
