"""CodePipeline and CodeBuild as far as a pipeline's stages see them.

The local AWS has neither. What they do with roles, artefacts and buildspecs is done here, by
https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html and, of variables,
build-env-ref-env-vars.html.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from .accounts import ACCOUNT, REGIONS, Accounts
from .pipelines import read, without_installing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ARTIFACT = "pipeline/repository/1"
"""Where the source action leaves its artefact; CodePipeline's keys are of this form."""


@dataclass(frozen=True)
class Session:
    """Credentials of a service's session of a role.

    Attributes:
        key: access key id.
        secret: opens nothing here.
        token: session token.
    """

    key: str
    secret: str
    token: str

    def keys(self) -> dict[str, str]:
        """As boto3's client takes them."""
        return {
            "aws_access_key_id": self.key,
            "aws_secret_access_key": self.secret,
            "aws_session_token": self.token,
        }


def session(accounts: Accounts, role: str, service: str) -> Session:
    """Take a role as the one service does that its trust policy lets in.

    Nothing here is that service, so the role trusts the administrator for a moment.

    Args:
        accounts: where it is.
        role: its ARN.
        service: ``codebuild`` or ``codepipeline``.
    """
    iam, name = accounts.client("iam", "dev"), role.rpartition("/")[2]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    lent = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    lending = {"Version": "2012-10-17", "Statement": [lent]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(lending))
    made = accounts.client("sts", "dev").assume_role(RoleArn=role, RoleSessionName=service)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    keys = made["Credentials"]
    return Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


@contextmanager
def container(of: Session) -> Iterator[str]:
    """Serve a session's credentials as a container has them; gives the address."""
    hour = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    body = {"AccessKeyId": of.key, "SecretAccessKey": of.secret, "Token": of.token}
    text = json.dumps({**body, "Expiration": hour}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


class Builds:
    """The pipeline of a project, and the machines that its stages run on.

    Args:
        accounts: prepared, with the roles of deploy/ci.yaml.
        git: runs git in a folder.
    """

    def __init__(self, accounts: Accounts, git: Callable[..., str]) -> None:
        self.accounts, self.git = accounts, git
        self.made = accounts.outputs["dev"]

    def release(self) -> None:
        """The source action: leave a reference to the commit, which CodeBuild will clone."""
        commit = self.git(self.accounts.root, "rev-parse", "HEAD")
        role = session(self.accounts, self.made["PipelineRole"], "codepipeline")
        self.accounts.client("s3", "dev", **role.keys()).put_object(
            Bucket=self.made["PipelineBucket"],
            Key=ARTIFACT,
            Body=json.dumps({"commit": commit}).encode(),
            ACL="bucket-owner-full-control",
        )

    def build(self, project: str, folder: Path, *, is_run: bool = True) -> tuple[int, str]:
        """Build a CodeBuild project with what a stage hands it, in an empty folder.

        Args:
            project: its resource in deploy/ci.yaml.
            folder: for the sources.
            is_run: whether its commands are run, too.
        """
        role = session(self.accounts, self.made[f"{project}Role"], "codebuild")
        s3 = self.accounts.client("s3", "dev", **role.keys())
        body = s3.get_object(Bucket=self.made["PipelineBucket"], Key=ARTIFACT)["Body"]
        self.git(folder, "clone", "--quiet", str(self.accounts.root), "sources")
        root = folder / "sources"
        self.git(root, "checkout", "--quiet", "--detach", json.loads(body.read())["commit"])
        logs = self.accounts.client("logs", "dev", **role.keys())
        place = {
            "logGroupName": self.made[f"{project}Logs"],
            "logStreamName": f"{project.lower()}/1",
        }
        logs.create_log_stream(**place)
        code, said = self.run(project, root, role) if is_run else (0, "")
        now = int(time.time() * 1000)
        logs.put_log_events(**place, logEvents=[{"timestamp": now, "message": said or "-"}])
        return code, said

    def run(self, project: str, root: Path, role: Session) -> tuple[int, str]:
        """Run the phases of a buildspec, which are one shell's, with a container's credentials."""
        spec = read(root, f"deploy/buildspec-{project.lower()}.yml")
        lines = [line for phase in spec["phases"].values() for line in phase["commands"]]
        own = {
            name: self.made[f"{project}{name.replace('_', '')}"]
            for name in ("DEV_ROLE_ARN", "DEV_IMAGE_ROLE_ARN", "PROD_ROLE_ARN")
            if f"{project}{name.replace('_', '')}" in self.made
        }
        with container(role) as address:
            variables = {
                **spec["env"]["variables"],
                **own,
                "AWS_CONFIG_FILE": str(self.accounts.folder / f"config-{project}"),
                "AWS_REGION": REGIONS["dev"],  # the builds' own, also in the stage of prod
                "AWS_DEFAULT_REGION": REGIONS["dev"],
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": address,  # CodeBuild sets the relative one
            }
            at_work = replace(self.accounts, root=root)
            return at_work.shell(without_installing(lines), **variables)
