"""GitLab's jobs: their own scripts sign in with the job's token, and nobody else's token does.

What a token says, and what AWS hears of it: https://docs.gitlab.com/ci/secrets/id_token_authentication/
and https://docs.gitlab.com/ci/cloud_services/aws/.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from .accounts import ACCOUNT, Accounts, accounts, signed
from .pipelines import GITLAB, read, without_installing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROJECT = "team/screening"
TIERS = {"dev": "development", "prod": "production"}
AS_USUAL = ("project_path", "ref_type", "ref")
WITH_ENVIRONMENT = (*AS_USUAL, "deployment_tier", "environment_protected")
"""What README.md makes a project's subjects of."""


def claims(
    environment: str, components: tuple[str, ...] = AS_USUAL, **other: str
) -> dict[str, Any]:
    """What the token of a job says.

    Args:
        environment: the job's; it is protected if it is prod.
        components: claims that the subject is made of.
        other: what is otherwise.
    """
    said = {
        "iss": "https://gitlab.com",
        "aud": "https://gitlab.com",
        "project_path": PROJECT,
        "project_id": "42",
        "namespace_id": "7",
        "ref": "main",
        "ref_type": "branch",
        "ref_protected": "true",
        "pipeline_source": "push",
        "environment": environment,
        "environment_protected": str(environment == "prod").lower(),
        "deployment_tier": TIERS[environment],
        **other,
    }
    return {"sub": ":".join(f"{one}:{said[one]}" for one in components), **said}


class Runner:
    """A machine of GitLab's.

    Args:
        reached: the accounts, prepared.
    """

    def __init__(self, reached: Accounts) -> None:
        self.accounts = reached
        self.sts = reached.aws.client("sts", config=Config(signature_version=UNSIGNED))

    def enter(self, role: str, said: dict[str, Any]) -> str:
        """Take a role with a token; the session's ARN."""
        made = self.sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="job", WebIdentityToken=signed(said)
        )
        return str(made["AssumedRoleUser"]["Arn"])

    def run(self, job: str) -> tuple[int, str]:
        """Run a job as GitLab does: what it extends, then its own script, in one shell.

        Only what prepares the machine is left out.
        """
        document = read(self.accounts.root, GITLAB)
        extended, this = document[document[job]["extends"]], document[job]
        ((token, asked),) = extended["id_tokens"].items()
        environment = this["environment"]["name"]
        assert this["environment"]["deployment_tier"] == TIERS[environment]
        builds = self.accounts.folder / "builds"
        builds.mkdir(exist_ok=True)
        predefined = {"CI_SERVER_URL": "https://gitlab.com", "CI_BUILDS_DIR": str(builds)}
        audience = asked["aud"].replace("$CI_SERVER_URL", predefined["CI_SERVER_URL"])
        variables = {
            **predefined,
            "CI_JOB_ID": "1",
            **{name: str(value) for name, value in extended["variables"].items()},
            **self.scoped(environment),
            token: signed(claims(environment, aud=audience)),
        }
        script = without_installing(extended["before_script"] + this["script"])
        done = self.accounts.shell(script, **variables)
        code, said = self.accounts.shell(extended["after_script"], **variables)
        assert code == 0, said
        assert list(builds.iterdir()) == [], "a token stayed on the machine"
        return done

    def scoped(self, environment: str) -> dict[str, str]:
        """The variables that README.md has one set for an environment."""
        made = self.accounts.outputs
        given = {"AWS_ROLE_ARN": made[environment]["DeployRoleArn"]}
        if environment == "prod":
            given["DEV_IMAGE_ROLE_ARN"] = made["dev"]["ImageRoleArn"]
        return given


def named_role(made: Accounts, name: str, *services: str) -> str:
    """A role of the organisation's, for services."""
    iam = made.client("iam", "dev")
    trust = {"Principal": {"Service": [f"{one}.amazonaws.com" for one in services]}}
    rights = {"Action": "*", "Resource": "*"}
    documents = [
        json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one}]})
        for one in ({**trust, "Action": "sts:AssumeRole"}, rights)
    ]
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=documents[0])["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=documents[1])
    return str(role["Arn"])


@pytest.fixture(scope="module")
def runner(
    trained: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runner]:
    """The roles that GitLab's jobs take are made; dev names the trigger's role itself."""
    folder = tmp_path_factory.mktemp("gitlab")
    root = trained(folder, ci="gitlab", trigger="schedule")
    with accounts(root, folder) as made:
        started = named_role(made, "ours", "lambda", "scheduler")
        file = root / "deploy" / "config.json"
        config = json.loads(file.read_text(encoding="utf-8"))
        config["environments"]["dev"]["trigger_role"] = started
        file.write_text(json.dumps(config), encoding="utf-8")
        values = {"Repository": PROJECT, "ProjectId": "42"}
        made.prepare("dev", **values, NamedTriggerRole=started)
        provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com"
        made.prepare("prod", **values, Provider=provider)
        yield Runner(made)


def test_a_job_deploys_to_dev_with_its_token_alone(runner: Runner, in_dev: str) -> None:
    """The trigger and its schedule get the role that dev's configuration names."""
    made = runner.accounts
    assert "Result: " in in_dev
    (function,) = made.client("lambda", "dev").list_functions()["Functions"]
    assert function["Role"].endswith(":role/ours")
    assert made.denied(*made.outputs["dev"].values()) == []


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
    assert made.denied(*(one for roles in made.outputs.values() for one in roles.values())) == []


@pytest.mark.parametrize(
    "other",
    [
        {"project_path": "team/other"},
        {"project_path": "team/screening/below"},
        {"project_id": "43"},
        {"ref": "feature"},
        {"ref_type": "tag"},
        {"ref_protected": "false"},
        {"iss": "https://gitlab.example.com"},
        {"aud": "https://vault.example.com"},
    ],
    ids="-".join,
)
def test_no_other_job_gets_in(runner: Runner, other: dict[str, str]) -> None:
    """Not that of another project, nor of one that got its path later, nor of another branch."""
    role = runner.accounts.outputs["dev"]["DeployRoleArn"]
    assert runner.enter(role, claims("dev")).endswith("-deploy-dev/job")
    with pytest.raises(ClientError) as refused:
        runner.enter(role, claims("dev", AS_USUAL, **other))
    assert refused.value.response["Error"]["Code"] in {"AccessDenied", "InvalidIdentityToken"}


def test_a_subject_tells_dev_from_prod_only_where_it_names_the_environment(runner: Runner) -> None:
    """AWS hears of no claim that is the environment, but of the subject."""
    made = runner.accounts
    roles = {
        "dev": made.outputs["dev"]["DeployRoleArn"],
        "image": made.outputs["dev"]["ImageRoleArn"],
    }
    roles["prod"] = made.outputs["prod"]["DeployRoleArn"]

    def opened(components: tuple[str, ...], environment: str, **other: str) -> set[str]:
        """The roles that a job's token opens."""
        found = set()
        for name, role in roles.items():
            try:
                runner.enter(role, claims(environment, components, **other))
            except ClientError:
                continue
            found.add(name)
        return found

    assert opened(AS_USUAL, "dev") == opened(AS_USUAL, "prod") == {"dev", "image", "prod"}
    for environment in TIERS:
        made.change(environment, Subject="environment")
    assert opened(AS_USUAL, "dev") == opened(AS_USUAL, "prod") == set()
    assert opened(WITH_ENVIRONMENT, "dev") == {"dev"}
    assert opened(WITH_ENVIRONMENT, "prod") == {"image", "prod"}
    assert opened(WITH_ENVIRONMENT, "prod", environment_protected="false") == set()
