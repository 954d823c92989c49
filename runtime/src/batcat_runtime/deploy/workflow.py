"""``setup_workflow`` and ``test_workflow``, for people who come from BatCat 0.2.

Both work on the project whose folder they are called in. Day to day, ``batcat deploy`` and
``batcat run`` do the same and show what they do.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from batcat_runtime.errors import ConfigError

from . import artifacts, data, names
from .apply import apply
from .network import network_settings, with_network
from .plan import make_plan
from .project import LOCAL, Project, load_project
from .run import Run
from .run_plan import prepare
from .stack import deployed_stack

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = "BATCAT_ENV"
"""Variable that names the environment where no argument does."""


@dataclass(frozen=True)
class Workflow:
    """A state machine that is set up.

    Attributes:
        name: ``WORKFLOW-<PROJECT>-<PURPOSE>``.
        arn: its ARN.
        project: the project it belongs to, in its environment.
    """

    name: str
    arn: str
    project: Project


def setup_workflow(  # noqa: PLR0913, PLR0917 - the predecessor's signature is a contract
    project: str,
    purpose: str,
    workflow_execution_role: str | None = None,
    instance_type: str = "ml.t3.medium",
    ecr_uri_suffix: str | None = None,
    ecr_tag: str | None = None,
    network_config: Any = None,
    enable_network_isolation: bool | None = None,
    security_group_ids: list[str] | None = None,
    subnets: list[str] | None = None,
    *,
    environment: str | None = None,
) -> Workflow:
    """Set up the workflow of the project in the working folder.

    Args:
        project: the project's name, as in ``deploy/config.json``.
        purpose: the purpose, as in ``deploy/config.json``.
        workflow_execution_role: ARN of a role of your organisation; None lets the stack make its
            own, or takes the configured one.
        instance_type: kind of machine that each step runs on.
        ecr_uri_suffix: end of the registry's domain, for example ``amazonaws.com.cn``; None takes
            the region's own.
        ecr_tag: tag of the image; None takes ``latest``.
        network_config: see :func:`batcat_runtime.deploy.network.network_settings`.
        enable_network_isolation: whether the steps get no network at all.
        security_group_ids: ids of the VPC's security groups; needs ``subnets``.
        subnets: ids of the VPC's subnets; needs ``security_group_ids``.
        environment: ``local`` or a name from ``deploy/config.json``; None takes the variable
            ``BATCAT_ENV``, or ``local`` where ``AWS_ENDPOINT_URL`` names a local AWS.

    Returns:
        The workflow. Network settings are given to every step; a later ``batcat deploy`` takes
        ``deploy/workflow.asl.json`` as it is, so write them there to keep them.

    Raises:
        ConfigError: the folder is another project's, or a setting cannot be carried out.
        DeployError: the stack could not be planned or applied.
    """
    here = _project_here(project, purpose, environment)
    network = network_settings(
        network_config,
        enable_network_isolation=enable_network_isolation,
        security_group_ids=security_group_ids,
        subnets=subnets,
    )
    role = workflow_execution_role or here.workflow_execution_role
    if "VpcConfig" in network and not role:
        raise ConfigError(
            "security_group_ids and subnets need workflow_execution_role: the role that the stack "
            "makes may not create network interfaces in a VPC (ec2:CreateNetworkInterface)",
        )
    here = replace(
        here,
        workflow_execution_role=role,
        instance_type=instance_type,
        image_uri=_image(here, ecr_uri_suffix, ecr_tag),
    )
    change = partial(with_network, settings=network) if network else None
    for _ in apply(make_plan(here, change_definition=change)):
        pass
    arn = deployed_stack(here).outputs["StateMachineArn"]
    return Workflow(names.state_machine(project, purpose), arn, here)


def test_workflow(
    workflow: Workflow,
    project: str,
    purpose: str,
    result_s3_bucket: str,
) -> Path:
    """Run a workflow once and fetch its result.

    The execution gets ``ProcessingJobName`` and ``ResultPath``. Where nothing lies at the
    workflow's own input prefix yet, ``data/raw`` is uploaded and named as ``InputPath``.

    Args:
        workflow: from :func:`setup_workflow`.
        project: the project's name.
        purpose: the purpose.
        result_s3_bucket: bucket of inputs and results.

    Returns:
        The folder in ``data/result/`` that holds the result.

    Raises:
        RunFailedError: the execution did not succeed.
    """
    if (project, purpose) != (workflow.project.project, workflow.project.purpose):
        raise ConfigError(f"workflow {workflow.name} is not that of {project} {purpose}")
    here = replace(workflow.project, result_s3_bucket=result_s3_bucket)
    usual = f"{here.result_path}/input/"
    source = usual if data.exists(usual, here.region) else None
    with closing(Run(prepare(here, source=source))) as run:
        run.make()
        return run.plan.destination


# pytest takes a function of this name for a test wherever it is imported.
test_workflow.__test__ = False  # type: ignore[attr-defined]  # pytest's own convention


def _project_here(project: str, purpose: str, environment: str | None) -> Project:
    is_local_aws = _is_loopback(os.environ.get("AWS_ENDPOINT_URL", ""))
    name = environment or os.environ.get(ENVIRONMENT) or (LOCAL if is_local_aws else "")
    if not name:
        raise ConfigError(
            "say which environment: pass environment=…, or set BATCAT_ENV, for example "
            "BATCAT_ENV=dev; for a local AWS run batcat local and export what it prints",
        )
    here = load_project(environment=name)
    if here.is_local != is_local_aws:
        wanted = (
            "does not name a local AWS; run batcat local and export what it prints"
            if here.is_local
            else "names a local AWS; unset it"
        )
        raise ConfigError(f"environment is {name}, but AWS_ENDPOINT_URL {wanted}")
    if (project, purpose) != (here.project, here.purpose):
        raise ConfigError(
            f"{here.root} is project {here.project}, purpose {here.purpose}, not {project}, "
            f"{purpose}; go to that project's folder",
        )
    return here


def _is_loopback(url: str) -> bool:
    return (urlsplit(url).hostname or "") in {"127.0.0.1", "::1", "localhost"}


def _image(project: Project, suffix: str | None, tag: str | None) -> str:
    """The image's address; empty leaves it to the template."""
    if suffix is None and tag is None:
        return project.image_uri
    if suffix is None:
        suffix = "amazonaws.com.cn" if project.partition == "aws-cn" else "amazonaws.com"
    account = artifacts.account_of(project).id
    host = f"{account}.dkr.ecr.{project.region}.{suffix.lstrip('.')}"
    return f"{host}/{project.repository}:{(tag or 'latest').lstrip(':')}"
