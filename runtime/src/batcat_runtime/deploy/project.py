"""A project on disk: where it is, what ``deploy/config.json`` says, and for which environment."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from batcat_runtime import aws
from batcat_runtime.config import get_config
from batcat_runtime.errors import ConfigError, MissingError

from . import names, sources

LOCAL = "local"
"""The built-in environment, and the default: a local AWS, never an account."""

CONFIG = Path("deploy") / "config.json"
TEMPLATE = Path("deploy") / "template.yaml"
_FIXED = ("root", "environment", "environments")
_PROJECT_WIDE = ("project", "purpose", "steps")
_KINDS: dict[str, tuple[type, str]] = {
    "str": (str, "text"),
    "int": (int, "a whole number"),
    "bool": (bool, "true or false"),
    "tuple[str, ...]": (list, "a list of names"),
}


@dataclass(frozen=True)
class Project:
    """One project in one environment.

    Attributes:
        root: folder that holds ``deploy/``.
        environment: ``local`` or a name from ``environments``.
        environments: every name there is, ``local`` first.
        project: name, for example ``2026-health-screening``.
        purpose: what it is for, for example ``inference``.
        steps: names of the steps, in the order they run.
        region: AWS region.
        result_s3_bucket: bucket of inputs and results.
        partition: ``aws``, ``aws-cn`` or ``aws-us-gov``.
        workflow_execution_role: ARN of a role the organisation has; empty: the stack makes its own.
        trigger_role: the same for the trigger and its schedule.
        account: twelve-digit account the environment must be in; empty: any.
        image_uri: image of the steps; empty: ``<project>-<purpose>:latest`` in the account's ECR.
        instance_type: kind of machine a step runs on.
        instance_count: machines per step.
        volume_size_gb: disk of each machine, in GB.
        max_runtime_seconds: time after which a step is stopped, in seconds.
        vpc_subnets: subnets that the steps run in; empty: no VPC.
        vpc_security_groups: security groups that go with them.
        network_isolation: whether the steps are cut off from every network.
        kms_key: ARN of the key that encrypts what is kept; empty leaves that to AWS.
        owner: who answers for it; a tag.
        alarm_email: who hears of failed runs, alarms and the budget; empty: nobody.
        monthly_budget: what a month may cost, in the partition's currency; 0: no budget.
        log_retention_days: how long the stack's own logs are kept, in days.
        schedule_timezone: time zone of the schedule, if there is one.
        schedule_window_minutes: how much later than due it may start.
        input_suffix: how keys end whose objects start the workflow.
        data_sources: what the first step reads: ``s3``, ``athena``, ``redshift``, or several.
        athena_database: the database that queries name no database for.
        athena_workgroup: the workgroup that runs them.
        athena_data: ``s3://bucket/prefix/`` below which the files of their tables lie; empty:
            ``tables/`` beside the results.
        redshift_warehouse: a cluster's identifier, or a serverless workgroup's id.
        redshift_database: the database that is queried.
        redshift_secret: name of the secret with its user and password.
    """

    root: Path
    environment: str
    environments: tuple[str, ...]
    project: str
    purpose: str
    steps: tuple[str, ...]
    region: str
    result_s3_bucket: str
    partition: str = "aws"
    workflow_execution_role: str = ""
    trigger_role: str = ""
    account: str = ""
    image_uri: str = ""
    instance_type: str = "ml.t3.medium"
    instance_count: int = 1
    volume_size_gb: int = 20
    max_runtime_seconds: int = 3600
    vpc_subnets: tuple[str, ...] = ()
    vpc_security_groups: tuple[str, ...] = ()
    network_isolation: bool = False
    kms_key: str = ""
    owner: str = ""
    alarm_email: str = ""
    monthly_budget: int = 0
    log_retention_days: int = 30
    schedule_timezone: str = "UTC"
    schedule_window_minutes: int = 0
    input_suffix: str = ""
    data_sources: tuple[str, ...] = ("s3",)
    athena_database: str = ""
    athena_workgroup: str = ""
    athena_data: str = ""
    redshift_warehouse: str = ""
    redshift_database: str = ""
    redshift_secret: str = ""

    @property
    def is_local(self) -> bool:
        """Whether this is the built-in local environment."""
        return self.environment == LOCAL

    @property
    def is_isolated(self) -> bool:
        """Whether the steps are cut off from every network, which the local AWS cannot do."""
        return self.network_isolation and not self.is_local

    @property
    def reads_files(self) -> bool:
        """Whether the first step gets files, which a run uploads."""
        return "s3" in self.data_sources

    @property
    def queried(self) -> tuple[str, ...]:
        """The sources that the first step sends queries to."""
        return tuple(source for source in self.data_sources if source != "s3")

    @property
    def option(self) -> str:
        """What a ``batcat`` command needs to mean this environment: `` --env dev``, or nothing."""
        return "" if self.is_local else f" --env {self.environment}"

    @property
    def template(self) -> Path:
        """The SAM template."""
        return self.root / TEMPLATE

    @property
    def stack(self) -> str:
        """Name of the stack."""
        return names.stack(self.project, self.purpose)

    @property
    def state_machine(self) -> str:
        """Name of the state machine."""
        return names.state_machine(self.project, self.purpose)

    @property
    def repository(self) -> str:
        """Name of the ECR repository of the steps' image."""
        return names.repository(self.project, self.purpose)

    @property
    def tags(self) -> dict[str, str]:
        """The tags that tell this project in this environment from all others."""
        return {
            "project": self.project,
            "purpose": self.purpose,
            "environment": self.environment,
        }

    @property
    def result_path(self) -> str:
        """Where every run puts its results: ``s3://<bucket>/<purpose>``."""
        return f"s3://{self.result_s3_bucket}/{self.purpose}"


def find_root(start: Path | None = None) -> Path:
    """Find the project that a folder belongs to.

    Args:
        start: the project's folder or any folder inside it; by default the working folder.

    Returns:
        The folder that holds ``deploy/config.json``.

    Raises:
        MissingError: neither the folder nor any above it is a project.
    """
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / CONFIG).is_file():
            return folder
    raise MissingError(
        f"{begin} is not in a project: neither it nor a folder above it has {CONFIG}; "
        "go to your project's folder or name it with --project",
    )


_OF_AN_ACCOUNT = ("workflow_execution_role", "trigger_role", "kms_key")
"""What names a thing that only an account has; the local stack makes its own, or does without."""


def load_project(start: Path | None = None, environment: str = LOCAL) -> Project:
    """Read a project's configuration for one environment.

    Args:
        start: the project's folder or any folder inside it; by default the working folder.
        environment: ``local`` or a name under ``environments`` in the configuration.

    Returns:
        The project; values of the environment replace the general ones.

    Raises:
        MissingError: there is no project here.
        ConfigError: the configuration is wrong or does not know the environment.
    """
    root = find_root(start)
    config = get_config(root / CONFIG)
    entries = config.get("environments", {})
    known = (LOCAL, *(name for name in entries if name != LOCAL))
    if not environment:
        raise ConfigError(f"the environment's name is empty; known are {', '.join(known)}")
    if environment not in known:
        hint = f"add it under environments in {CONFIG}, for example "
        hint += f'"{environment}": {{"region": "{config.get("region", "eu-central-1")}"}}'
        raise ConfigError(
            f"environment {environment!r} is not known; known are {', '.join(known)}. To have it, "
            + hint,
        )
    values = _checked({**config, **entries.get(environment, {})}, root / CONFIG)
    if environment == LOCAL:
        values = {name: value for name, value in values.items() if name not in _OF_AN_ACCOUNT}
    elif values.get("monthly_budget") and not values.get("alarm_email"):
        raise ConfigError(
            f"configuration file {root / CONFIG}: monthly_budget tells alarm_email, and nobody "
            "else; name alarm_email, too"
        )
    return Project(root=root, environment=environment, environments=known, **values)


def _check_partition(values: dict[str, Any], file: Path) -> None:
    """Region, role and key must be of the partition that the template's ARNs are made for."""
    partition, region = values.get("partition", "aws"), values["region"]
    found = {"region": aws.partition_of(region)}
    for name in _OF_AN_ACCOUNT:
        arn = values.get(name, "")
        found[name] = arn.split(":")[1] if arn.count(":") else partition
    for what, of in found.items():
        if of != partition:
            raise ConfigError(
                f"configuration file {file}: {what} {values[what]} belongs to the partition {of}, "
                f"not to {partition}; correct one of them"
            )


def _checked(values: dict[str, Any], file: Path) -> dict[str, Any]:
    """Take what a Project knows, and refuse what no schema caught."""
    types = {field.name: str(field.type) for field in fields(Project) if field.name not in _FIXED}
    required = (*_PROJECT_WIDE, "region", "result_s3_bucket")
    missing = [name for name in required if not values.get(name)]
    if missing:
        raise ConfigError(f"configuration file {file}: {', '.join(missing)} is missing; add it")
    checked = {name: values[name] for name in types if name in values}
    for name, value in checked.items():
        wanted, words = _KINDS[types[name]]
        if not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool):
            raise ConfigError(f"configuration file {file}: {name} is {value!r}; it must be {words}")
    _check_partition(checked, file)
    for name, value in checked.items():
        checked[name] = tuple(value) if isinstance(value, list) else value
    if bool(checked.get("vpc_subnets")) != bool(checked.get("vpc_security_groups")):
        raise ConfigError(
            f"configuration file {file}: vpc_subnets and vpc_security_groups go together; name both"
        )
    sources.check(checked, file)
    names.BUCKET.check(checked["result_s3_bucket"])
    account = checked.get("account", "")
    if account and not re.fullmatch(r"\d{12}", account):
        raise ConfigError(f"configuration file {file}: account {account!r} must have twelve digits")
    return checked
