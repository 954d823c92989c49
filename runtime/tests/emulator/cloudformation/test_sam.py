"""The AWS SAM command line, unmodified, deploys, updates and deletes against the local AWS."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

SAM = Path(__file__).parents[4] / ".tools" / "sam" / "bin" / "sam"
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Greeting:
    Type: String
    Default: hello
Globals:
  Function:
    Runtime: python3.12
    Timeout: 20
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: echo/
      Handler: app.handler
      Environment:
        Variables:
          GREETING: !Ref Greeting
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: machine.asl.json
      DefinitionSubstitutions:
        Echo: !GetAtt Echo.Arn
        Greeting: !Ref Greeting
      Policies:
        - LambdaInvokePolicy:
            FunctionName: !Ref Echo
Outputs:
  Machine:
    Value: !Ref Machine
  Echo:
    Value: !Ref Echo
"""
MACHINE = {
    "StartAt": "Call",
    "States": {
        "Call": {
            "Type": "Task",
            "Resource": "${Echo}",
            "Parameters": {"said": "${Greeting}"},
            "End": True,
        }
    },
}
CODE = "import os\n\n\ndef handler(event, context):\n    return [event, os.environ['GREETING']]\n"


@pytest.fixture(scope="session")
def sam() -> Path:
    """The sam command, in an environment of its own."""
    if not SAM.exists():
        pytest.fail(f"{SAM} is missing: run `make setup`, which installs the foreign clients")
    return SAM


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one function and one state machine."""
    (tmp_path / "echo").mkdir()
    (tmp_path / "echo" / "app.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "machine.asl.json").write_text(json.dumps(MACHINE), encoding="utf-8")
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    return tmp_path


def test_sam_deploys_updates_and_deletes(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], sam: Path, project: Path
) -> None:
    name = unique("sam")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(project),
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
        **aws.environment,
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(sam), *arguments],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def deploy(*more: str) -> subprocess.CompletedProcess[str]:
        fixed = ("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset")
        return run("deploy", "--stack-name", name, *fixed, *more)

    first = deploy()
    assert first.returncode == 0, first.stderr
    assert "Successfully created/updated stack" in first.stdout
    stack = stacks.describe(name)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    answer = aws.client("lambda").invoke(FunctionName=outputs["Echo"], Payload=b"1")
    assert json.loads(answer["Payload"].read()) == [1, "hello"]

    again = deploy()
    assert again.returncode == 1
    assert "No changes to deploy" in again.stderr

    changed = deploy("--parameter-overrides", "Greeting=bye")
    assert changed.returncode == 0, changed.stderr
    assert changed.stdout.count("* Modify") == 2
    machine = aws.client("stepfunctions").describe_state_machine(stateMachineArn=outputs["Machine"])
    assert "bye" in machine["definition"]

    wrong = (project / "template.yaml").read_text(encoding="utf-8").replace("Handler", "Handel")
    (project / "template.yaml").write_text(wrong, encoding="utf-8")
    refused = deploy()
    assert refused.returncode == 1
    assert "Handel" in refused.stderr

    deleted = run("delete", "--stack-name", name, "--no-prompts")
    assert deleted.returncode == 0, deleted.stderr
    assert stacks.describe(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"


def test_triggers_that_sam_writes_are_made(aws: LocalAws, stacks: Any) -> None:
    stack = stacks.create(
        """\
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        def handler(event, context): return event
      Handler: index.handler
      Runtime: python3.12
      Events:
        Daily: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
        Hourly: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 hour)}}
        Upload: {Type: EventBridgeRule, Properties: {Pattern: {source: [aws.s3]}}}
"""
    )
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.events(stack["StackId"])
    made = stacks.physical(stack["StackName"])
    arn = aws.client("lambda").get_function(FunctionName=made["F"])["Configuration"]["FunctionArn"]
    for rule in (made["FDaily"], made["FUpload"]):
        (target,) = aws.client("events").list_targets_by_rule(Rule=rule)["Targets"]
        assert target["Arn"] == arn
    assert aws.client("scheduler").get_schedule(Name=made["FHourly"])["Target"]["Arn"] == arn
    policy = json.loads(aws.client("lambda").get_policy(FunctionName=made["F"])["Policy"])
    assert len(policy["Statement"]) == 2
    assert stacks.delete(stack["StackName"])["StackStatus"] == "DELETE_COMPLETE"


def test_what_sam_writes_beyond_what_is_emulated_is_refused_by_name(stacks: Any) -> None:
    message = stacks.refusal(
        """\
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: x
      Handler: index.handler
      Runtime: python3.12
      Events:
        Api: {Type: HttpApi}
"""
    )
    assert "AWS::ApiGatewayV2::Api" in message
