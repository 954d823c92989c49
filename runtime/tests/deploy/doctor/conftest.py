"""A project with an account of its own, and services that answer as a test says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from runtime.tests.deploy.doctor.findings import ACCOUNT, identity

from batcat_runtime import aws
from batcat_runtime.deploy import plan_removal, remove
from batcat_runtime.deploy.artifacts import Account, bucket_exists

if TYPE_CHECKING:
    from runtime.tests.deploy.answering import Answering

    from batcat_runtime.deploy import Project


@pytest.fixture
def alone(project: Project) -> Project:
    """The sample project, of which nothing was left in the account that all tests share."""
    for _ in remove(plan_removal(project, delete_data=True)):
        pass
    if bucket_exists(project.result_s3_bucket, Account(ACCOUNT, project.region)):
        # Kept once, it is no stack's any more.
        aws.client("s3", project.region).delete_bucket(Bucket=project.result_s3_bucket)
    return project


@pytest.fixture
def dev(project: Project) -> Project:
    """The sample project in an environment that is an account: the local AWS stands for it."""
    return replace(project, environment="dev")


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch, project: Project, answering: Answering) -> Answering:
    """ECR, Service Quotas and IAM, answered by the test."""
    del project
    for service in ("ECR", "SERVICE_QUOTAS", "IAM"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", answering.url)
    return answering


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, services: Answering) -> Answering:
    """Credentials of a session of a role that has a path."""
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/ann"
    services.answers["GetCallerIdentity"] = lambda _: identity(ACCOUNT, arn)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", services.url)
    return services
