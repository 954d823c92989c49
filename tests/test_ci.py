"""The pipelines that a project comes with: linted, and the commands of their jobs executed.

The roles that deploy are proven as all others are: each call is decided by their policies. What
CloudFormation asks of them beyond the local AWS is known from its own schemas of resources, which
cfn-lint brings along.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
import yaml
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from batcat_runtime.deploy import cfn_yaml
from batcat_runtime.deploy.image import lock
from batcat_runtime.deploy.image.inputs import gather
from batcat_runtime.deploy.project import load_project
from batcat_runtime.emulator import LocalAws

Run = Callable[..., Any]
LINTERS = Path(__file__).resolve().parents[1] / ".tools" / "lint" / "bin"
KINDS = ("github", "gitlab", "codepipeline")
STAGES = ("check", "dev", "prod")
INSTALLING = ("python -m pip install", "apt-get", "jq ")
"""What commands begin with that prepare a runner, and not the project."""
ACCOUNT = "123456789012"
REGIONS = {"dev": "us-east-1", "prod": "eu-west-1"}
V2S2 = "application/vnd.docker.distribution.manifest.v2+json"


def jobs(root: Path) -> dict[str, list[str]]:
    """The commands of each job of a project's pipeline."""
    github, gitlab = root / ".github" / "workflows" / "pipeline.yml", root / ".gitlab-ci.yml"
    if github.exists():
        document = yaml.safe_load(github.read_text(encoding="utf-8"))
        return {
            stage: [
                step["run"].strip() for step in document["jobs"][stage]["steps"] if "run" in step
            ]
            for stage in STAGES
        }
    if gitlab.exists():
        document = yaml.safe_load(gitlab.read_text(encoding="utf-8"))
        before = document[".deploy"]["before_script"]
        found = {stage: document[stage]["script"] for stage in STAGES}
        return {
            "check": found["check"],
            "dev": before + found["dev"],
            "prod": before + found["prod"],
        }
    builds = {}
    for stage in STAGES:
        file = root / "deploy" / f"buildspec-{stage}.yml"
        phases = yaml.safe_load(file.read_text(encoding="utf-8"))["phases"]
        builds[stage] = [line for phase in phases.values() for line in phase["commands"]]
    return builds


def own(commands: list[str]) -> list[str]:
    """The commands that are about the project, and not about the runner or its credentials."""
    kept = [one for one in commands if not one.startswith((*INSTALLING, "export", "printf"))]
    return [one.strip() for one in kept]


@pytest.fixture(scope="module")
def projects(
    render: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A project with each pipeline."""
    folder = tmp_path_factory.mktemp("ci")
    return {kind: render(folder / kind, ci=kind) for kind in KINDS}


def test_all_pipelines_do_the_same(projects: dict[str, Path]) -> None:
    first, *others = [
        {stage: own(commands) for stage, commands in jobs(projects[kind]).items()} for kind in KINDS
    ]
    assert all(other == first for other in others)
    assert first["check"] == [
        "ruff format --check .",
        "ruff check .",
        "mypy",
        "pytest",
        "cfn-lint deploy/template.yaml",
        "batcat check",
    ]


@pytest.mark.parametrize(
    ("kind", "file", "command"),
    [
        (
            "github",
            ".github/workflows/pipeline.yml",
            "check-jsonschema --builtin-schema vendor.github-workflows",
        ),
        ("github", ".github/workflows/pipeline.yml", "zizmor --offline --no-progress"),
        (
            "gitlab",
            ".gitlab-ci.yml",
            "check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci",
        ),
    ],
    ids=["github-schema", "github-security", "gitlab-schema"],
)
def test_linters_find_nothing(
    projects: dict[str, Path], run: Run, kind: str, file: str, command: str
) -> None:
    program, *options = command.split()
    run(projects[kind], str(LINTERS / program), *options, file)


def test_actions_are_pinned_by_commit(projects: dict[str, Path]) -> None:
    text = (projects["github"] / ".github/workflows/pipeline.yml").read_text(encoding="utf-8")
    used = re.findall(r"uses: (.+)", text)
    assert used
    for one in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


def test_shell_in_pipelines_is_sound(projects: dict[str, Path], run: Run, tmp_path: Path) -> None:
    for kind, root in projects.items():
        for stage, commands in jobs(root).items():
            script = tmp_path / f"{kind}-{stage}.sh"
            script.write_text("\n".join(["#!/bin/bash", *commands, ""]), encoding="utf-8")
            run(root, str(LINTERS / "shellcheck"), str(script))


def test_a_change_passes_its_check(
    projects: dict[str, Path], run: Run, commit: Any, git: Any
) -> None:
    """Every command of the job, in a clone, which has nothing that git does not."""
    root = projects["github"]
    run(root, "python", "script/train.py")
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "Start")
    clone = root.parent / "clone"
    git(root.parent, "clone", "--quiet", str(root), str(clone))
    for command in own(jobs(clone)["check"]):
        run(clone, *shlex.split(command))


# ---- What the roles may do ------------------------------------------------------------------


def statements(root: Path, role: str = "DeployRole") -> list[dict[str, Any]]:
    """The statements of a role of deploy/ci.yaml."""
    made = cfn_yaml.load(root / "deploy" / "ci.yaml")["Resources"][role]
    found: list[dict[str, Any]] = made["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return found


UNASKED = re.compile(
    r"billing:|ec2:|elasticfilesystem:|firehose:|kms:|s3:REST|s3files:|s3tables:"  # other services
    r"|.*(CodeSigningConfig|Concurrency|CapacityProvider|ScalingConfig|RuntimeManagementConfig"
    r"|RecursionConfig|LayerVersion|PublishVersion|AssociateRuntimeAlias|DataProtectionPolicy"
    r"|IndexPolic|LogDelivery|ResourcePolic|BearerToken|DeletionProtection|KmsKey"
    r"|RolePolicyBoundary|PermissionsBoundary|AttachRolePolicy|DetachRolePolicy|RepositoryPolicy)"
    r"|s3:.*(Abac|Analytics|CORS|Cors|Inventory|Metrics|Replication|Website|Accelerate|Acl|ObjectLock"
    r"|Logging|Versioning|IntelligentTiering|Metadata|DeleteObject|PutObject|GetObjectVersion"
    r"|DeleteBucketEncryption|DeleteBucketLifecycle|ListTagsForResource|TagResource|UntagResource|ListAllMyBuckets)"
    r"|s3:GetObject|iam:GetRole|sns:Subscribe|sns:Unsubscribe|events:ListTagsForResource"
)
"""Actions of CloudFormation's handlers for properties that the template has not."""


@pytest.mark.parametrize("trigger", ["manual", "schedule", "s3"])
def test_whoever_deploys_may_do_what_cloudformation_asks_for(
    render: Callable[..., Path], tmp_path: Path, trigger: str
) -> None:
    """By the permissions that each handler declares in its own schema."""
    root = render(tmp_path / "p", ci="github", trigger=trigger)
    granted = {
        action
        for one in statements(root)
        for action in (one["Action"] if isinstance(one["Action"], list) else [one["Action"]])
    }
    template = cfn_yaml.load(root / "deploy" / "template.yaml")["Resources"]
    kinds = {one["Type"] for one in template.values()}
    also = {
        "AWS::Serverless::Function": "AWS::Lambda::Function",
        "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
    }
    lacking = {}
    for kind in sorted(also.get(kind, kind) for kind in kinds):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        handlers = schema["handlers"]
        asked = {
            action
            for verb in ("create", "read", "update", "delete")
            for action in handlers.get(verb, {}).get("permissions", [])
        }
        missing = sorted(one for one in asked - granted if not UNASKED.match(one))
        if missing:
            lacking[kind] = missing
    assert lacking == {}


def test_a_policy_fits_a_role_whatever_the_names(
    render: Callable[..., Path], tmp_path: Path
) -> None:
    """Source: IAM quotas: 10,240 characters in a role's inline policies, white space left out."""
    root = render(
        tmp_path / "p",
        ci="github",
        project="2026-domain-of-ours-and-a-long-topic",
        purpose="batch-ab",
        steps="a, b",
        example=False,
        trigger="s3",
        partition="aws-us-gov",
    )
    text = json.dumps(statements(root), separators=(",", ":"))
    assert len(text) < 10_240


def test_nobody_is_granted_everything(render: Callable[..., Path], tmp_path: Path) -> None:
    """No action by pattern; everything as a resource only where AWS knows no other."""
    everywhere = {
        "ecr:GetAuthorizationToken",
        "pricing:GetProducts",
        "sns:GetSubscriptionAttributes",
        "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
    }
    for kind in KINDS:
        root = render(tmp_path / kind, ci=kind, trigger="s3")
        resources = cfn_yaml.load(root / "deploy" / "ci.yaml")["Resources"]
        roles = [name for name, one in resources.items() if one["Type"] == "AWS::IAM::Role"]
        for statement in [one for role in roles for one in statements(root, role)]:
            actions = statement["Action"]
            actions = {actions} if isinstance(actions, str) else set(actions)
            assert not [one for one in actions if "*" in one]
            if statement["Resource"] == "*":
                assert actions <= everywhere


# ---- From a commit to prod ------------------------------------------------------------------


def token(subject: str) -> str:
    """What GitHub gives a job to show, but for its signature."""
    claims = {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "sts.amazonaws.com",
        "sub": subject,
        "exp": int(time.time()) + 300,
        "iat": int(time.time()),
    }
    parts = [{"alg": "RS256", "kid": "1"}, claims]
    coded = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in parts]
    return b".".join([*coded, b"signature"]).decode()


@dataclass
class Runner:
    """A machine on which jobs run, and the accounts that they reach.

    Attributes:
        root: the project.
        aws: the local AWS, where dev and prod are two regions.
        folder: for what a runner keeps to itself.
        variables: what the jobs' settings say, by environment.
    """

    root: Path
    aws: LocalAws
    folder: Path
    variables: dict[str, dict[str, str]] = field(default_factory=dict)

    def client(self, service: str, environment: str) -> Any:
        """A client of whoever administers an environment."""
        return self.aws.client(service, region_name=REGIONS[environment])

    def prepare(self, environment: str, **more: str) -> None:
        """Make the stack of deploy/ci.yaml, as its administrator does once."""
        config = json.loads((self.root / "deploy" / "config.json").read_text(encoding="utf-8"))
        bucket = {**config, **config["environments"][environment]}["result_s3_bucket"]
        values = {
            "Environment": environment,
            "ResultBucket": bucket,
            "Repository": "octo@1/screening@2",
            **more,
        }
        cloudformation = self.client("cloudformation", environment)
        cloudformation.create_stack(
            StackName="ci",
            TemplateBody=(self.root / "deploy" / "ci.yaml").read_text(encoding="utf-8"),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in values.items()
            ],
        )
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName="ci", WaiterConfig={"Delay": 1})
        (stack,) = cloudformation.describe_stacks(StackName="ci")["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        self.variables.setdefault(environment, {})["AWS_ROLE_ARN"] = outputs["DeployRoleArn"]
        if "ImageRoleArn" in outputs:
            self.variables.setdefault("prod", {})["DEV_IMAGE_ROLE_ARN"] = outputs["ImageRoleArn"]

    def take(self, role: str, subject: str) -> dict[str, str]:
        """Take a role as aws-actions/configure-aws-credentials does; its keys as variables."""
        sts = boto3.client(
            "sts",
            endpoint_url=self.aws.url,
            region_name="us-east-1",
            config=Config(signature_version=UNSIGNED),
        )
        made = sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="GitHubActions", WebIdentityToken=token(subject)
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
            "AWS_SESSION_TOKEN": made["SessionToken"],
        }

    def run(self, environment: str, subject: str | None = None) -> list[tuple[str, int, str]]:
        """Run a job's commands until one fails; each with its exit code and what it printed."""
        given = self.variables[environment]
        subject = subject or f"repo:octo@1/screening@2:environment:{environment}"
        keys = self.take(given["AWS_ROLE_ARN"], subject)
        config = f"[default]\nendpoint_url = {self.aws.url}\n"
        if "DEV_IMAGE_ROLE_ARN" in given:
            dev = self.take(given["DEV_IMAGE_ROLE_ARN"], subject)
            lines = [f"{name.lower()} = {value}" for name, value in dev.items()]
            config += "\n".join(["[profile dev]", f"endpoint_url = {self.aws.url}", *lines, ""])
        file = self.folder / f"aws-config-{environment}"
        file.write_text(config, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        variables = {**kept, **keys, "AWS_CONFIG_FILE": str(file)}
        variables |= {"AWS_REGION": REGIONS[environment], "AWS_EC2_METADATA_DISABLED": "true"}
        variables["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
        variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        told = []
        for command in own(jobs(self.root)[environment]):
            done = subprocess.run(
                ["/bin/bash", "-c", command],
                cwd=self.root,
                env=variables,
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            told.append((command, done.returncode, done.stdout + done.stderr))
            if done.returncode:
                break
        return told

    def push(self, environment: str) -> str:
        """Let ECR have the image of what the project is now, as building would; its digest."""
        here = load_project(self.root, environment)
        tag = gather(here, lock.read_lock(here).base).tag
        ecr = self.client("ecr", environment)
        manifest = {"schemaVersion": 2, "mediaType": V2S2, "config": {}, "layers": [], "tag": tag}
        put = {"imageManifest": json.dumps(manifest), "imageManifestMediaType": V2S2}
        made = ecr.put_image(repositoryName=here.repository, imageTag=tag, **put)
        return str(made["image"]["imageId"]["imageDigest"])

    def machine(self, environment: str) -> dict[str, Any]:
        """The definition that an environment has."""
        states = self.client("stepfunctions", environment)
        (one,) = states.list_state_machines()["stateMachines"]
        told = states.describe_state_machine(stateMachineArn=one["stateMachineArn"])
        found: dict[str, Any] = json.loads(told["definition"])
        return found

    def decisions(self) -> Mapping[str, Any]:
        """What was decided for every role."""
        with urlopen(f"{self.aws.url}/_batcat/decisions") as answer:  # noqa: S310 - this machine
            found: Mapping[str, Any] = json.load(answer)
        return found


@pytest.fixture(scope="module")
def runner(
    render: Callable[..., Path], run: Run, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runner]:
    """A project with its images in ECR, and the roles that its pipeline takes."""
    folder = tmp_path_factory.mktemp("runner")
    root = render(folder / "screening", ci="github")
    run(root, "python", "script/train.py")
    file = root / "deploy" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    for name, region in REGIONS.items():
        own_place = {"account": ACCOUNT, "region": region}
        config["environments"][name] |= own_place | {"result_s3_bucket": f"screening-{name}"}
    file.write_text(json.dumps(config, indent=2), encoding="utf-8")
    here = load_project(root, "dev")
    state = lock._state(here)  # noqa: SLF001 - uv is another test's
    (root / lock.PACKAGES).write_text(f"# made from {state}\nboto3==1.42.0 \\\n", encoding="utf-8")
    base = f"python:3.12-slim@sha256:{'0' * 64}"
    (root / lock.BASE).write_text(
        f"# for python:3.12-slim, of the Dockerfile\n{base}\n", encoding="utf-8"
    )
    with LocalAws(images={here.repository: root}, region=REGIONS["dev"]) as aws:
        made = Runner(root, aws, folder)
        made.prepare("dev")
        provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
        made.prepare("prod", Provider=provider)
        for environment in REGIONS:
            made.client("ecr", environment).create_repository(repositoryName=here.repository)
        yield made


def test_a_commit_goes_from_dev_to_prod_and_a_bad_one_is_taken_back(runner: Runner) -> None:
    assert runner.push("dev") == runner.push("prod")
    told = runner.run("dev")
    assert [code for _, code, _ in told] == [0, 0], told[-1]
    assert "Result: " in told[-1][2]
    told = runner.run("prod")
    assert [code for _, code, _ in told] == [0, 0, 0], told[-1]
    images = {
        name: runner.client("cloudformation", name).describe_stacks()["Stacks"] for name in REGIONS
    }
    digests = {
        one["ParameterValue"].partition("@")[2]
        for stacks in images.values()
        for stack in stacks
        for one in stack["Parameters"]
        if one["ParameterKey"] == "ImageUri"
    }
    assert len(digests) == 1

    good, live = runner.machine("dev"), runner.machine("prod")
    file = runner.root / "deploy" / "workflow.asl.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("script/inference.py", "script/inferenc.py"), encoding="utf-8")
    command, code, said = runner.run("dev")[-1]
    assert (command, code) == ("batcat deploy --env dev --yes --smoke", 1), said
    assert "is again as it was before" in said
    assert runner.machine("dev") == good
    assert runner.machine("prod") == live

    roles = {one["AWS_ROLE_ARN"] for one in runner.variables.values()}
    denied = [one for one in runner.decisions()["denied"] if one["role"] in roles]
    assert "\n".join(f"{one['action']} {one['resource']}" for one in denied) == ""


def test_nobody_else_gets_in(runner: Runner) -> None:
    """Not another repository of the same name, nor a pull request, nor another environment."""
    for subject in (
        "repo:octo/screening:environment:dev",
        "repo:octo@1/other@3:environment:dev",
        "repo:octo@1/screening@2:environment:prod",
        "repo:octo@1/screening@2:pull_request",
        "repo:octo@1/screening@2:ref:refs/heads/main",
    ):
        with pytest.raises(ClientError, match="Not authorized to perform"):
            runner.run("dev", subject)
