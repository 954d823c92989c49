"""A project with its images in ECR, the accounts that its jobs reach, and a shell for them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from batcat_runtime.deploy import cfn_yaml
from batcat_runtime.deploy.image import lock
from batcat_runtime.deploy.image.inputs import gather
from batcat_runtime.deploy.project import load_project
from batcat_runtime.emulator import LocalAws

from .pipelines import jobs, own

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ACCOUNT = "123456789012"
REGIONS = {"dev": "us-east-1", "prod": "eu-west-1"}
V2S2 = "application/vnd.docker.distribution.manifest.v2+json"
REFUSED_HERE = ("AWS::CodeBuild::Project", "AWS::CodePipeline::Pipeline")
"""Types of resources that the local AWS refuses by name."""


@dataclass
class Accounts:
    """Dev and prod, which are two regions of a local AWS here.

    Attributes:
        root: the project.
        aws: the local AWS.
        folder: for what a runner keeps to itself.
        outputs: of the stack of deploy/ci.yaml, by environment.
    """

    root: Path
    aws: LocalAws
    folder: Path
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def client(self, service: str, environment: str, **keys: str) -> Any:
        """A client of whoever has the keys; by default, of an environment's administrator."""
        return self.aws.client(service, region_name=REGIONS[environment], **keys)

    def prepare(self, environment: str, **values: str) -> None:
        """Make the stack of deploy/ci.yaml, as its administrator does once."""
        config = json.loads((self.root / "deploy" / "config.json").read_text(encoding="utf-8"))
        bucket = {**config, **config["environments"][environment]}["result_s3_bucket"]
        given = {"Environment": environment, "ResultBucket": bucket, **values}
        cloudformation = self.client("cloudformation", environment)
        cloudformation.create_stack(
            StackName="ci",
            TemplateBody=json.dumps(without_refused(cfn_yaml.load(self.root / "deploy/ci.yaml"))),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in given.items()
            ],
        )
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName="ci", WaiterConfig={"Delay": 1})
        (stack,) = cloudformation.describe_stacks(StackName="ci")["Stacks"]
        self.outputs[environment] = {
            one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]
        }

    def change(self, environment: str, **values: str) -> None:
        """Change values of the stack of deploy/ci.yaml."""
        cloudformation = self.client("cloudformation", environment)
        (stack,) = cloudformation.describe_stacks(StackName="ci")["Stacks"]
        kept = [one["ParameterKey"] for one in stack["Parameters"]]
        cloudformation.update_stack(
            StackName="ci",
            UsePreviousTemplate=True,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": values[name]}
                if name in values
                else {"ParameterKey": name, "UsePreviousValue": True}
                for name in kept
            ],
        )
        waiter = cloudformation.get_waiter("stack_update_complete")
        waiter.wait(StackName="ci", WaiterConfig={"Delay": 1})

    def shell(self, commands: list[str], **variables: str) -> tuple[int, str]:
        """Run commands in one shell until one fails; its exit code and what it printed.

        Args:
            commands: of a job.
            variables: what the runner sets, beside those of any machine.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        # Where AWS is. For an account, batcat heeds no AWS_ENDPOINT_URL that is this machine.
        places = self.folder / "endpoints"
        profiles = ("default", "deploy", *REGIONS)
        text = "".join(f"[{one}]\nendpoint_url = {self.aws.url}\n" for one in profiles)
        places.write_text(text, encoding="utf-8")
        set_ = {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": str(places),
            **variables,
        }
        done = subprocess.run(
            ["/bin/bash", "-c", "\n".join(["set -eo pipefail", *commands])],
            cwd=self.root,
            env=set_,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        return done.returncode, done.stdout

    def own(self, job: str) -> list[str]:
        """A job's commands about the project."""
        return own(jobs(self.root)[job])

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

    def images(self) -> dict[str, str]:
        """The digest of the image that each environment's stack runs."""
        found = {}
        for environment in REGIONS:
            for stack in self.client("cloudformation", environment).describe_stacks()["Stacks"]:
                for one in stack.get("Parameters", []):
                    if one["ParameterKey"] == "ImageUri":
                        found[environment] = one["ParameterValue"].partition("@")[2]
        return found

    def decisions(self) -> Mapping[str, Any]:
        """What was decided for every role."""
        with urlopen(f"{self.aws.url}/_batcat/decisions") as answer:  # noqa: S310 - this machine
            found: Mapping[str, Any] = json.load(answer)
        return found

    def denied(self, *roles: str) -> list[str]:
        """What was denied to roles, by their ARNs."""
        told = [one for one in self.decisions()["denied"] if one["role"] in roles]
        return [f"{one['action']} {one['resource']}" for one in told]


def without_refused(template: dict[str, Any]) -> dict[str, Any]:
    """A template without what the local AWS refuses.

    Policies name it by its ARN, and what it would be given is an output, ``<resource><name>``.
    """
    resources = template["Resources"]
    left_out = {name: one for name, one in resources.items() if one["Type"] in REFUSED_HERE}

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(one) for one in value]
        if not isinstance(value, dict):
            return value
        resource = left_out.get(value.get("Fn::GetAtt", [""])[0])
        if resource:
            project = f"project/{resource['Properties']['Name']}"
            place = "arn:${AWS::Partition}:codebuild:${AWS::Region}:${AWS::AccountId}:"
            return {"Fn::Sub": place + project}
        return {key: named(one) for key, one in value.items()}

    kept = {name: one for name, one in resources.items() if name not in left_out}
    outputs = {
        f"{name}{key.replace('_', '')}": {"Condition": resource["Condition"], "Value": value}
        for name, resource in left_out.items()
        for key, value in given(resource["Properties"]).items()
    }
    return {
        **template,
        "Resources": named(kept),
        "Outputs": {**template["Outputs"], **outputs},
    }


def given(properties: dict[str, Any]) -> dict[str, Any]:
    """What a CodeBuild project, or a pipeline, is given."""
    if "ArtifactStore" in properties:
        return {"Role": properties["RoleArn"], "Bucket": properties["ArtifactStore"]["Location"]}
    variables = properties["Environment"].get("EnvironmentVariables", [])
    return {
        "Role": properties["ServiceRole"],
        "Logs": properties["LogsConfig"]["CloudWatchLogs"]["GroupName"],
        **{one["Name"]: one["Value"] for one in variables},
    }


def signed(claims: Mapping[str, Any]) -> str:
    """A token with claims as a provider would sign them; nothing here looks at the signature."""
    now = int(time.time())
    parts = [{"alg": "RS256", "kid": "1"}, {"iat": now, "exp": now + 300, **claims}]
    coded = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in parts]
    return b".".join([*coded, b"signature"]).decode()


@contextmanager
def accounts(root: Path, folder: Path) -> Iterator[Accounts]:
    """Two environments for a project, each with an ECR repository.

    Args:
        root: the project, with its model.
        folder: for what a runner keeps to itself.
    """
    file = root / "deploy" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    for name, region in REGIONS.items():
        place = {"account": ACCOUNT, "region": region, "result_s3_bucket": f"screening-{name}"}
        config["environments"][name] |= place
    file.write_text(json.dumps(config, indent=2), encoding="utf-8")
    here = load_project(root, "dev")
    state = lock._state(here)  # noqa: SLF001 - uv is another test's
    (root / lock.PACKAGES).write_text(f"# made from {state}\nboto3==1.42.0 \\\n", encoding="utf-8")
    base = f"python:3.12-slim@sha256:{'0' * 64}"
    (root / lock.BASE).write_text(
        f"# for python:3.12-slim, of the Dockerfile\n{base}\n", encoding="utf-8"
    )
    with LocalAws(images={here.repository: root}, region=REGIONS["dev"]) as aws:
        made = Accounts(root, aws, folder)
        for environment in REGIONS:
            made.client("ecr", environment).create_repository(repositoryName=here.repository)
        yield made
