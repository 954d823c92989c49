"""GitHub's jobs: from a commit to prod with a token alone, and nobody else's token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from .accounts import ACCOUNT, REGIONS, Accounts, accounts, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROVIDER = "token.actions.githubusercontent.com"


class Runner:
    """A machine of GitHub's.

    Args:
        reached: the accounts, prepared.
    """

    def __init__(self, reached: Accounts) -> None:
        self.accounts = reached

    def role(self, environment: str, name: str = "DeployRoleArn") -> str:
        """A role that deploy/ci.yaml made in an environment."""
        return self.accounts.outputs[environment][name]

    def take(self, role: str, subject: str) -> dict[str, str]:
        """Take a role as aws-actions/configure-aws-credentials does; its keys as variables."""
        sts = self.accounts.aws.client("sts", config=Config(signature_version=UNSIGNED))
        claims = {"iss": f"https://{PROVIDER}", "aud": "sts.amazonaws.com", "sub": subject}
        made = sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="GitHubActions", WebIdentityToken=signed(claims)
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
            "AWS_SESSION_TOKEN": made["SessionToken"],
        }

    def run(self, environment: str, subject: str | None = None) -> tuple[int, str]:
        """Run a job's commands, with what the actions before them leave."""
        subject = subject or f"repo:octo@1/screening@2:environment:{environment}"
        keys = self.take(self.role(environment), subject)
        file = self.accounts.folder / f"aws-config-{environment}"
        lines = []
        if environment == "prod":
            dev = self.take(self.role("dev", "ImageRoleArn"), subject)
            lines = ["[profile dev]", *(f"{name.lower()} = {value}" for name, value in dev.items())]
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")
        variables = {**keys, "AWS_CONFIG_FILE": str(file), "AWS_REGION": REGIONS[environment]}
        return self.accounts.shell(self.accounts.own(environment), **variables)


@pytest.fixture(scope="module")
def runner(
    trained: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runner]:
    """The roles that GitHub's jobs take are made."""
    folder = tmp_path_factory.mktemp("github")
    with accounts(trained(folder, ci="github"), folder) as made:
        repository = "octo@1/screening@2"
        made.prepare("dev", Repository=repository)
        provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{PROVIDER}"
        made.prepare("prod", Repository=repository, Provider=provider)
        yield Runner(made)


@pytest.mark.long
@pytest.mark.usefixtures("in_dev")
def test_a_job_takes_the_same_image_to_prod(runner: Runner) -> None:
    """CodePipeline's stages show the same commands, with credentials of their own."""
    made = runner.accounts
    made.push("prod")
    code, said = runner.run("prod")
    assert code == 0, said
    images = made.images()
    assert images["dev"] == images["prod"]
    assert made.denied(runner.role("dev", "ImageRoleArn"), runner.role("prod")) == []


def test_a_commit_goes_to_dev_and_a_bad_one_is_taken_back(runner: Runner, in_dev: str) -> None:
    made = runner.accounts
    assert "Result: " in in_dev
    good = made.machine("dev")
    file = made.root / "deploy" / "workflow.asl.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("script/inference.py", "script/inferenc.py"), encoding="utf-8")
    code, said = runner.run("dev")
    assert code == 1, said
    assert "is again as it was before" in said
    assert made.machine("dev") == good
    assert made.denied(runner.role("dev")) == []


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
            runner.take(runner.role("dev"), subject)
