"""Releases: what was deployed and found good, kept so that a deployment can go back to it.

A release is the template and the values of a stack, in the bucket of artifacts beside the code
that the template names. It is recorded once a deployment has succeeded (and its trial run, if one
was asked for), so whatever is recorded can be deployed again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from batcat_runtime import aws
from batcat_runtime.errors import ConfigError, DeployError, MissingError

from . import artifacts
from .plan import Plan, plan_change
from .stack import find_stack, template_of

if TYPE_CHECKING:
    from .artifacts import Account
    from .project import Project

_MOMENT = "%Y%m%dT%H%M%S.%fZ"  # two may fall into one second


@dataclass(frozen=True)
class Release:
    """One state of a stack.

    Attributes:
        name: the UTC moment when it was recorded, such as ``20261121T140500.123456Z``.
        commit: the commit of the project that it was deployed from; empty where none is known.
        parameters: the values that the template was given.
        template: the template, as JSON.
    """

    name: str
    commit: str
    parameters: dict[str, str]
    template: str

    @property
    def image(self) -> str:
        """The image of its steps, by digest; empty for the default."""
        return self.parameters.get("ImageUri", "")

    def is_same(self, other: Release) -> bool:
        """Whether both deploy the very same thing."""
        return (self.parameters, self.template) == (other.parameters, other.template)


def standing(project: Project, made_from: str = "") -> Release | None:
    """Read the stack as it stands; None when it is not deployed.

    Values that the template keeps secret (NoEcho) are left out: nobody can read them back.

    Args:
        project: the project, in its environment.
        made_from: the commit that it was deployed from, which the stack itself does not say.
    """
    stack = find_stack(project.stack, project.region)
    if stack is None or not stack.is_deployed:
        return None
    document = template_of(stack.name, project.region)
    secret = {
        name
        for name, one in (document.get("Parameters") or {}).items()
        if str(one.get("NoEcho", False)).lower() == "true"
    }
    return Release(
        name=datetime.now(timezone.utc).strftime(_MOMENT),
        commit=made_from,
        parameters={k: v for k, v in sorted(stack.parameters.items()) if k not in secret},
        template=json.dumps(document, separators=(",", ":"), ensure_ascii=False),
    )


def begin(project: Project, account: Account) -> None:
    """Before the first deployment that records releases, record what stands already."""
    if not recorded(project, account) and standing(project) is not None:
        record(project, account)


def record(project: Project, account: Account, made_from: str = "") -> Release:
    """Keep the stack as it stands, unless the last release is the same.

    Args:
        project: the project, in its environment.
        account: the environment's account.
        made_from: the commit that it was deployed from; empty where nobody knows.

    Returns:
        The release that stands now.

    Raises:
        MissingError: nothing is deployed.
    """
    now = standing(project, made_from)
    if now is None:
        raise MissingError(f"stack {project.stack} is not deployed; run batcat deploy")
    names = recorded(project, account)
    last = read(project, account, names[0]) if names else None
    if last is not None and last.is_same(now):
        return last
    bucket, key = account.artifact_bucket, _key(project, now.name)
    with aws.explained(f"record release {now.name}", "deploy again"):
        aws.client("s3", account.region).put_object(
            Bucket=bucket,
            Key=key,
            Body=json.dumps(asdict(now)).encode(),
            ContentType="application/json",
            ExpectedBucketOwner=account.id,
        )
    return now


def recorded(project: Project, account: Account) -> list[str]:
    """Names of all releases, newest first."""
    bucket, prefix = account.artifact_bucket, _key(project, "").removesuffix(".json")
    if not artifacts.bucket_exists(bucket, account):
        return []
    with aws.explained(f"list s3://{bucket}/{prefix}", "deploy first"):
        pages = (
            aws.client("s3", account.region)
            .get_paginator("list_objects_v2")
            .paginate(Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=account.id)
        )
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
    return sorted((key.removeprefix(prefix).removesuffix(".json") for key in keys), reverse=True)


def read(project: Project, account: Account, name: str) -> Release:
    """Read a release.

    Raises:
        ConfigError: there is none of this name.
    """
    bucket = account.artifact_bucket
    try:
        with aws.explained(f"read release {name}", "name another"):
            answer = aws.client("s3", account.region).get_object(
                Bucket=bucket, Key=_key(project, name), ExpectedBucketOwner=account.id
            )
            document = json.loads(answer["Body"].read())
    except MissingError as error:
        known = ", ".join(recorded(project, account)[:10]) or "none yet"
        raise ConfigError(f"there is no release {name!r}; known are: {known}") from error
    return Release(**document)


def before(project: Project, account: Account) -> Release:
    """Find the release to go back to: the last one that differs from what stands now.

    Raises:
        DeployError: there is none.
    """
    now = standing(project)
    for name in recorded(project, account):
        found = read(project, account, name)
        if now is None or not found.is_same(now):
            return found
    raise DeployError(
        f"stack {project.stack} has no earlier release in environment {project.environment}; "
        "check out an earlier commit and run batcat deploy"
    )


def untried(project: Project, account: Account) -> Release | None:
    """The newest release, if something else stands: that has never been found good.

    A trial run that was cut off leaves such a deployment behind.
    """
    names, now = recorded(project, account), standing(project)
    last = read(project, account, names[0]) if names else None
    return None if last is None or now is None or last.is_same(now) else last


def plan_return(project: Project, release: Release, account: Account) -> Plan:
    """Ask CloudFormation what deploying a release again would change.

    Args:
        project: the project, in its environment.
        release: what to go back to.
        account: the environment's account.

    Returns:
        The plan.

    Raises:
        DeployError: the stack cannot be changed now, or CloudFormation refuses the template.
    """
    stack = find_stack(project.stack, project.region)
    return plan_change(project, release.template, release.parameters, account, stack)


def _key(project: Project, name: str) -> str:
    return f"{project.stack}/releases/{name}.json"
