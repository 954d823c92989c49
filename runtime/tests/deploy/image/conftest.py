"""A project with a Dockerfile and a lock, a machine with stand-ins, and an ECR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from runtime.tests.deploy.image.ecr import REGISTRY, Ecr, serve
from runtime.tests.deploy.image.machine import BASE, Machine

from batcat_runtime.deploy.image import lock
from batcat_runtime.deploy.project import Project, load_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without any builder."""
    for name in ("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    return Machine(tmp_path / "machine", monkeypatch)


@pytest.fixture
def here(folder: Path) -> Project:
    """The sample project with a Dockerfile and a lock."""
    docker = folder / "deploy" / "docker"
    (docker / "lock").mkdir(parents=True)
    (folder / "model").mkdir()
    (docker / "Dockerfile").write_text("ARG BASE=python:3.12-slim\nFROM ${BASE}\n")
    (docker / "Dockerfile.dockerignore").write_text("# only\n*\n!deploy/docker\n!script\n!model\n")
    (docker / "requirements.txt").write_text("# what steps import\nboto3>=1.34\n")
    project = load_project(folder, "dev")
    state = lock._state(project)  # noqa: SLF001 - uv is another test's
    (folder / lock.PACKAGES).write_text(f"# made from {state}\nfastjsonschema==2.19.0 \\\n")
    (folder / lock.BASE).write_text(f"# for python:3.12-slim, of the Dockerfile\n{BASE}\n")
    return project


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ecr]:
    """ECR, where an image is there once it was put into ``pushed``."""
    made = Ecr(REGISTRY)
    with serve(made) as url:
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        yield made
