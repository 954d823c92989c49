"""`batcat deploy` and `sam deploy` make one stack, and a change changes no more than it must."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    import subprocess

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PROJECT, PURPOSE = "2026-tide-table", "score"
REPOSITORY = Path(__file__).resolve().parents[1]
REPOSITORY_NAME = f"{PROJECT}-{PURPOSE}"
STACK = f"batcat-{REPOSITORY_NAME}"
SAM, BIN = REPOSITORY / ".tools" / "sam" / "bin", Path(sys.executable).parent
FUNCTION = ("Handler", "Runtime", "Timeout", "MemorySize", "Environment", "Role")
STEP = """import os, sys
from pathlib import Path
ROOT = Path(os.environ["BATCAT_ML_ROOT"]) / "processing"
STEP = Path(sys.argv[0]).stem
for file in sorted((ROOT / "input").rglob("*.csv")):
    (ROOT / STEP / f"{STEP}_{file.name}").write_text(file.read_text() + STEP)
"""
TAKEN = """
  Taken:
    Type: AWS::Logs::LogGroup
    DependsOn: StateMachine
    Properties:
      LogGroupName: /of/somebody/else
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, render: Callable[..., Path]) -> Path:
    """A project of two quick steps, with input."""
    folder = tmp_path_factory.mktemp("tide") / "project"
    render(folder, project=PROJECT, purpose=PURPOSE, steps="load, score", example=False)
    for step in ("load", "score"):
        (folder / "script" / f"{step}.py").write_text(STEP, encoding="utf-8")
    (folder / "data" / "raw" / "a.csv").write_text("id\n1\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def aws(project: Path) -> Iterator[LocalAws]:
    """A local AWS of its own for what batcat deploys."""
    with LocalAws(images={REPOSITORY_NAME: project}) as running:
        yield running


@pytest.fixture(scope="module")
def batcat(project: Path, run: Run, aws: LocalAws) -> Callable[..., Any]:
    """Run batcat with --json in the project, on the local AWS; gives what it says."""

    def call(*arguments: str, code: int = 0) -> Any:
        done = run(project, "batcat", *arguments, "--json", code=code, **aws.environment)
        return json.loads(done.stdout) if code == 0 else done.stderr

    return call


@contextmanager
def changed(file: Path, before: str, after: str) -> Iterator[None]:
    """A file with another text in one place, for a while."""
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1
    file.write_text(text.replace(before, after), encoding="utf-8")
    yield
    file.write_text(text, encoding="utf-8")


def made(aws: LocalAws) -> str:
    """All that the stack is, but for generated names and where its code was uploaded."""
    cloudformation = aws.client("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    body = cloudformation.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
    for resource in body["Resources"].values():
        resource.get("Metadata", {}).pop("SamResourceId", None)
        if not resource.get("Metadata"):
            resource.pop("Metadata", None)
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    machine = aws.client("stepfunctions").describe_state_machine(
        stateMachineArn=outputs["StateMachineArn"]
    )
    function = aws.client("lambda").get_function_configuration(
        FunctionName=outputs["TriggerFunctionName"]
    )
    found = {
        "resources": {one["LogicalResourceId"]: one["ResourceType"] for one in resources},
        "template": body,
        "parameters": {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]},
        "tags": {one["Key"]: one["Value"] for one in stack["Tags"]},
        "outputs": outputs,
        "definition": json.loads(machine["definition"]),
        "function": {key: function.get(key) for key in FUNCTION},
    }
    text = json.dumps(found, indent=1, sort_keys=True)
    text = re.sub(r"((?:Role|Topic))-[A-Z0-9]{12}\b", r"\1-GENERATED", text)
    return re.sub(
        r'"((?:S3)?(?:Bucket|Key))": "[^"]*(artifacts|sourcebucket|[0-9a-f]{32})[^"]*"',
        r'"\1": "UPLOADED"',
        text,
    )


def planned(batcat: Callable[..., Any]) -> list[tuple[str, str]]:
    """What batcat deploy would change."""
    told = batcat("deploy", "--dry-run")
    return [(one["action"], one["logical"]) for one in told["changes"]]


def test_sam_makes_the_same_stack(
    project: Path, aws: LocalAws, batcat: Callable[..., Any], run: Run
) -> None:
    """From the same file and with the settings of the project, as the documentation says it."""
    text = (REPOSITORY / "docs" / "environments.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ (.*)$", text.partition("## With sam instead")[2], re.MULTILINE)[:2]
    commands = [one.replace(" --env dev", "") for one in commands]
    commands = [re.sub(r"batcat-2026-[a-z-]+", STACK, one) for one in commands]
    told = {"2026-health-screening": PROJECT, "purpose=inference": f"purpose={PURPOSE}"}
    for before, after in {**told, "environment=dev": "environment=local"}.items():
        commands[1] = commands[1].replace(before, after)
    settings = ('"instance_count": 1', '"instance_count": 3, "log_retention_days": 90')
    with (
        changed(project / "deploy" / "config.json", *settings),
        LocalAws(images={REPOSITORY_NAME: project}) as other,
    ):
        batcat("deploy", "--yes")
        environment = {
            "PATH": os.pathsep.join([str(SAM), str(BIN), os.environ["PATH"]]),
            "HOME": str(project.parent),
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.2",
            **other.environment,
        }
        for command in commands:
            run(project, "bash", "-o", "pipefail", "-c", command, **environment)
        assert made(other) == made(aws)
        assert '"VolumeSizeInGB": "20"' in made(other)
        assert '"InstanceCount": "3"' in made(other)


def test_a_second_deployment_changes_nothing(batcat: Callable[..., Any]) -> None:
    batcat("deploy", "--yes")
    assert planned(batcat) == []


def test_a_changed_step_changes_its_workflow_alone(
    project: Path, batcat: Callable[..., Any]
) -> None:
    """The state machine of which it is a part, and nothing else of the stack."""
    batcat("deploy", "--yes")
    workflow = project / "deploy" / "workflow.asl.json"
    with changed(workflow, '"BATCAT_STEP": "score"', '"BATCAT_STEP": "score", "DEPTH": "3"'):
        assert planned(batcat) == [("changed", "StateMachine")]
    assert planned(batcat) == []


def test_after_an_update_that_fails_the_old_pipeline_runs(
    project: Path, aws: LocalAws, batcat: Callable[..., Any]
) -> None:
    """What had been changed before the failure is as it was; nothing that was new is left."""
    batcat("deploy", "--yes")
    before = made(aws)
    aws.client("logs").create_log_group(logGroupName="/of/somebody/else")
    template, workflow = (
        project / "deploy" / "template.yaml",
        project / "deploy" / "workflow.asl.json",
    )
    with (
        changed(template, "\nOutputs:\n", f"{TAKEN}\nOutputs:\n"),
        changed(
            workflow,
            '"ContainerEntrypoint": ["python3", "script/score.py"]',
            '"ContainerEntrypoint": ["false"]',
        ),
    ):
        assert planned(batcat) == [("changed", "StateMachine"), ("added", "Taken")]
        told = batcat("deploy", "--yes", code=1)
    assert "everything is as it was before" in " ".join(told.split())
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert made(aws) == before
    assert batcat("run")["status"] == "SUCCEEDED"


def test_a_bucket_that_down_keeps_keeps_its_rules(
    aws: LocalAws, batcat: Callable[..., Any]
) -> None:
    """Also where the next stack finds it there, and lets it be."""
    batcat("deploy", "--yes")
    s3, bucket = aws.client("s3"), f"{PROJECT}-us-east-1"
    s3.put_object(Bucket=bucket, Key=f"{PURPOSE}/kept.csv", Body=b"id\n1\n")
    batcat("down", "--yes")
    batcat("deploy", "--yes")
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (statement["Sid"], statement["Effect"]) == ("OnlyTls", "Deny")
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert {"ParameterKey": "CreateResultBucket", "ParameterValue": "false"} in stack["Parameters"]
