"""Other people's linters find nothing in a project but what is explained beside it.

These variants hold every branch of the files that are linted here. cfn-lint, which is quick, has
more of them: ``test_combinations``.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batcat_runtime.deploy import cfn_yaml

Run = Callable[..., Any]
TOOLS = Path(__file__).resolve().parents[1] / ".tools"
LINTERS = TOOLS / "lint" / "bin"
ASL_VALIDATOR = TOOLS / "asl" / "node_modules" / ".bin" / "asl-validator"
PARLIAMENT = Path(__file__).parent / "linters" / "parliament_findings.py"
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {"ci": "github"},
    "schedule": {
        "ci": "gitlab",
        "partition": "aws-cn",
        "trigger": "schedule",
        "data_sources": "redshift",
        "steps": "load_it, b, c",
        "python_version": "3.10",
    },
    "s3": {
        "ci": "codepipeline",
        "partition": "aws-us-gov",
        "trigger": "s3",
        "data_sources": "s3, athena",
        "steps": "score",
        "example": False,
        "workflow_execution_role": "arn:aws-us-gov:iam::123456789012:role/workflow",
    },
}
ACCOUNT = "123456789012"
VALUES = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": ACCOUNT,
    "AWS::NoValue": "",
    "KmsKey": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "RedshiftWorkgroup": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "Topic": "arn:aws:sns:us-east-1:123456789012:topic",
    "StateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:machine",
    "StateMachine.Name": "machine",
    "JobRole.Arn": "arn:aws:iam::123456789012:role/job",
    "WorkflowRole.Arn": "arn:aws:iam::123456789012:role/workflow",
    "TriggerLogGroup.Arn": "arn:aws:logs:us-east-1:123456789012:log-group:trigger:*",
    "TriggerFunction.Arn": "arn:aws:lambda:us-east-1:123456789012:function:trigger",
    "UploadRule.Arn": "arn:aws:events:us-east-1:123456789012:rule/upload",
    "Connection": "arn:aws:codeconnections:us-east-1:123456789012:connection/x",
    "Dev.Arn": "arn:aws:codebuild:us-east-1:123456789012:project/dev",
    "Prod.Arn": "arn:aws:codebuild:us-east-1:123456789012:project/prod",
    "Check.Arn": "arn:aws:codebuild:us-east-1:123456789012:project/check",
    "Artifacts.Arn": "arn:aws:s3:::artifacts",
    "Logs.Arn": "arn:aws:logs:us-east-1:123456789012:log-group:builds:*",
    "DeadLetters.Arn": "arn:aws:sqs:us-east-1:123456789012:letters",
}
"""What stands for a parameter or a resource where a policy names it."""


@pytest.fixture(scope="module")
def projects(
    render: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A project of each variant, all in one folder."""
    folder = tmp_path_factory.mktemp("linted")
    return {name: render(folder / name, **answers) for name, answers in VARIANTS.items()}


def test_checkov_finds_what_is_explained_and_nothing_else(
    projects: dict[str, Path], run: Run, tmp_path: Path
) -> None:
    explained = set()
    for name, project in projects.items():
        (tmp_path / name).mkdir()
        for file in ("template.yaml", "ci.yaml", "docker/Dockerfile"):
            text = (project / "deploy" / file).read_text(encoding="utf-8")
            explained |= {(f"/{name}/{Path(file).name}", *one) for one in explanations(text)}
            unexplained = text.replace("checkov:", "nobody:")
            (tmp_path / name / Path(file).name).write_text(unexplained, encoding="utf-8")
    options = ("--skip-download", "--quiet", "--compact", "--output", "json")
    frameworks = ("--framework", "cloudformation", "dockerfile")
    told = run(tmp_path, str(LINTERS / "checkov"), "--directory", ".", *frameworks, *options,
               code=None).stdout  # fmt: skip
    kinds = json.loads(told)
    assert [one["check_type"] for one in kinds] == ["dockerfile", "cloudformation"]
    assert all(one["summary"]["passed"] > 50 for one in kinds)
    assert all(one["summary"]["parsing_errors"] == 0 for one in kinds)
    found = {
        (one["file_path"], one["resource"].removeprefix(one["file_path"]), one["check_id"])
        for kind in kinds
        for one in kind["results"]["failed_checks"]
    }
    assert found == explained


def explanations(text: str) -> Iterator[tuple[str, str]]:
    """What a file tells checkov to leave: the resource and the check, each with a reason."""
    if "AWSTemplateFormatVersion" in text:
        for name, resource in cfn_yaml.loads(text)["Resources"].items():
            for one in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
                assert one["comment"]
                yield f"{resource['Type']}.{name}", one["id"]
    else:
        for check in re.findall(r"^# checkov:skip=(\w+):\w.+$", text, re.MULTILINE):
            yield ".FROM" if check == "CKV_DOCKER_7" else ".", check


def test_hadolint_and_shellcheck_find_nothing(projects: dict[str, Path], run: Run) -> None:
    for project in projects.values():
        run(
            project,
            str(LINTERS / "hadolint"),
            "--disable-ignore-pragma",
            "deploy/docker/Dockerfile",
        )
        run(project, str(LINTERS / "shellcheck"), "deploy/setup_docker.sh")
        assert "shellcheck disable" not in (project / "deploy" / "setup_docker.sh").read_text()


def test_asl_validator_takes_every_workflow(
    projects: dict[str, Path], run: Run, tmp_path: Path
) -> None:
    paths = []
    for name, project in projects.items():
        text = (project / "deploy" / "workflow.asl.json").read_text(encoding="utf-8")
        (tmp_path / f"{name}.json").write_text(text.replace("${Partition}", "aws"))
        paths += ["--json-path", f"{name}.json"]
    run(tmp_path, str(ASL_VALIDATOR), *paths)
    wrong = text.replace("${Partition}", "aws").replace('"Next": "ListResult"', '"Next": "No"')
    (tmp_path / "wrong.json").write_text(wrong)
    assert "No" in run(tmp_path, str(ASL_VALIDATOR), "--json-path", "wrong.json", code=1).stderr


NOT_IN_ITS_LIST = "younger than parliament's list; tests/ci takes AWS's"
EXPLAINED = {
    ("JobRole", "CREDENTIALS_EXPOSURE", ""): "a job logs in to the registry that holds its image",
    ("JobRole", "PERMISSIONS_MANAGEMENT_ACTIONS", ""): (
        "in a VPC, SageMaker may use the job's interface"
    ),
    ("WorkflowRole", "PERMISSIONS_MANAGEMENT_ACTIONS", ""): (
        "it hands jobs their one role, lends the key to their volumes, and lets its log be written"
    ),
    ("TriggerRole", "RESOURCE_MISMATCH", "states:DescribeExecution"): (
        "parliament wants an express execution beside the standard one, and there is none"
    ),
    ("DeployRole", "RESOURCE_MISMATCH", "states:DescribeExecution"): "as above",
    ("DeployRole", "RESOURCE_MISMATCH", "states:ListExecutions"): "as above, with runs of a Map",
    ("DeployRole", "RESOURCE_MISMATCH", "logs:DescribeLogGroups"): NOT_IN_ITS_LIST,
    ("DeployRole", "RESOURCE_MISMATCH", "logs:DescribeIndexPolicies"): NOT_IN_ITS_LIST,
    ("DeployRole", "UNKNOWN_ACTION", "lambda:GetFunctionScalingConfig"): NOT_IN_ITS_LIST,
    ("DeployRole", "UNKNOWN_ACTION", "billing:GetBillingViewData"): NOT_IN_ITS_LIST,
    (
        "DeployRole",
        "INVALID_ARN",
        "arn:aws:cloudformation:us-east-1:aws:transform/Serverless-2016-10-31",
    ): ("SAM is AWS's own, so no account has it"),
    ("ImageRole", "CREDENTIALS_EXPOSURE", ""): "it logs in to the registry that it pushes to",
    ("DevRole", "CREDENTIALS_EXPOSURE", ""): "it takes the role that deploys",
    ("ProdRole", "CREDENTIALS_EXPOSURE", ""): "the same",
    ("PipelineRole", "PERMISSIONS_MANAGEMENT_ACTIONS", ""): (
        "AWS's own list for CodePipeline has s3:PutObjectAcl; the bucket takes no ACL"
    ),
    **{
        (role, "RESOURCE_MISMATCH", "codestar-connections:UseConnection"): (
            "a connection has the older or the newer name, and here the newer"
        )
        for role in ("PipelineRole", "CheckRole", "DevRole", "ProdRole")
    },
}
"""What parliament finds in which role, and why it is right."""


def test_parliament_finds_what_is_explained_and_nothing_else(projects: dict[str, Path]) -> None:
    policies = {
        f"{name} {resource}": policy
        for name, project in projects.items()
        for file in ("template.yaml", "ci.yaml")
        for resource, policy in policies_of(cfn_yaml.load(project / "deploy" / file))
    }
    assert len(policies) > 27
    policies["wrong Role"] = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}],
    }
    done = subprocess.run(
        [str(LINTERS / "python"), str(PARLIAMENT)],
        input=json.dumps(policies), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = {(name.split()[1], issue, what) for name, issue, what in json.loads(done.stdout)}
    assert found == {*EXPLAINED, ("Role", "UNKNOWN_ACTION", "s3:GetObjekt")}


def policies_of(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The policies of a template, those of roles and those of buckets, queues and topics."""
    parameters = template["Parameters"]
    defaults = {name: str(one.get("Default", ACCOUNT)) for name, one in parameters.items()}
    for name, resource in template["Resources"].items():
        properties = resource["Properties"]
        documents = [one["PolicyDocument"] for one in properties.get("Policies", [])]
        if resource["Type"].endswith("Policy"):
            documents.append(properties["PolicyDocument"])
        for document in documents:
            yield name, filled(document, {**defaults, **VALUES})


def filled(value: Any, values: dict[str, str]) -> Any:
    """A value as CloudFormation would fill it in, with all that a condition may bring."""
    if isinstance(value, list):
        return [found for one in value if (found := filled(one, values))]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        return filled(value["Fn::If"][1], values)
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([\w:.]+)\}", lambda one: values[one[1]], value["Fn::Sub"])
    if value.keys() & {"Ref", "Fn::GetAtt"}:
        return values[value.get("Ref") or ".".join(value["Fn::GetAtt"])]
    return {key: filled(one, values) for key, one in value.items()}
