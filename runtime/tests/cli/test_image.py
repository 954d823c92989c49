"""``batcat image`` as a user runs it; what it does is in runtime/tests/deploy/image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.deploy.image import lock
from batcat_runtime.deploy.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import User

BASE = f"python:3.12-slim@sha256:{'0' * 64}"


def locked(folder: Path) -> None:
    """Give a project a Dockerfile and a lock that fits it."""
    docker = folder / "deploy" / "docker"
    (docker / "lock").mkdir(parents=True)
    (docker / "Dockerfile").write_text("ARG BASE=python:3.12-slim\nFROM ${BASE}\n")
    (docker / "Dockerfile.dockerignore").write_text("*\n!deploy/docker\n!script\n")
    (docker / "requirements.txt").write_text("boto3\n")
    state = lock._state(load_project(folder))  # noqa: SLF001 - uv is another test's
    (folder / lock.PACKAGES).write_text(f"# made from {state}\nboto3==1.34.0 \\\n")
    (folder / lock.BASE).write_text(f"# for python:3.12-slim, of the Dockerfile\n{BASE}\n")


def test_a_dry_run_says_what_the_image_would_be_made_from(newcomer: User, folder: Path) -> None:
    locked(folder)
    said = newcomer.batcat("image", "build", "--locked", "--dry-run", "--json")
    assert said.code == 0, said.err
    assert said.document["status"] == "PLANNED"
    assert said.document["base"] == BASE
    assert said.document["image"].startswith("2026-demo-rain-forecast:content-")
    assert any(note.startswith("boto3 is 1.34.0 in the image") for note in said.document["notes"])


def test_the_local_aws_needs_no_image(newcomer: User, folder: Path) -> None:
    locked(folder)
    said = newcomer.batcat("image", "push")
    assert said.code == 2
    assert "environment local has no registry and needs no image" in said.err
    assert "--env dev" in said.err


def test_without_credentials_nothing_is_built(newcomer: User, folder: Path) -> None:
    locked(folder)
    said = newcomer.batcat("image", "push", "--env", "dev", "--json")
    assert said.code == 2
    assert "Unable to locate credentials" in said.document["error"]


def test_a_lock_that_does_not_fit_ends_a_pipeline(newcomer: User, folder: Path) -> None:
    locked(folder)
    (folder / lock.REQUIREMENTS).write_text("pandas\n")
    said = newcomer.batcat("image", "build", "--locked")
    assert said.code == 2
    assert "run: batcat image lock" in said.err


def test_an_unknown_builder_is_refused(newcomer: User, folder: Path) -> None:
    locked(folder)
    said = newcomer.batcat("image", "build", "--builder", "kaniko")
    assert said.code == 2
    assert "there is no builder 'kaniko'; choose docker or buildah" in said.err
