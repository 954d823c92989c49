"""A sample project, and one local AWS that all tests of this folder share."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.deploy import apply, load_project, make_plan
from batcat_runtime.emulator import LocalAws

from .answering import Answering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batcat_runtime.deploy import Project

HERE = Path(__file__).parent
SAMPLE = HERE / "sample"
REPOSITORY = "2026-demo-rain-forecast"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample project, to be changed at will."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "project"))


@pytest.fixture
def recorded() -> Callable[[str], list[dict[str, Any]]]:
    """Histories as GetExecutionHistory answered them."""

    def load(name: str) -> list[dict[str, Any]]:
        text = (HERE / "histories" / f"{name}.json").read_text(encoding="utf-8")
        events: list[dict[str, Any]] = json.loads(text)
        for event in events:
            event["timestamp"] = datetime.fromisoformat(event["timestamp"])
        return events

    return load


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that stands for the sample project's image."""
    return Path(shutil.copytree(SAMPLE, tmp_path_factory.mktemp("image") / "project"))


@pytest.fixture(scope="session")
def local_aws(image: Path) -> Iterator[LocalAws]:
    """A local AWS that knows the sample project's image."""
    with LocalAws(images={REPOSITORY: image}) as aws:
        yield aws


@pytest.fixture
def account(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """The local AWS as what every client of this process reaches."""
    for name, value in local_aws.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return local_aws


@pytest.fixture(scope="session")
def listening() -> Iterator[Answering]:
    """One server for every test that answers by itself, so that clients of it live on, too."""
    with Answering({}).serving() as answering:
        yield answering


@pytest.fixture
def answering(listening: Answering) -> Answering:
    """That server, which knows no answer yet."""
    listening.answers, listening.asked = {}, []
    return listening


@pytest.fixture
def project(account: LocalAws, folder: Path) -> Project:
    """The sample project in the local environment, not necessarily deployed."""
    del account
    return load_project(folder)


@pytest.fixture
def deployed(project: Project) -> Project:
    """The sample project, deployed."""
    for _ in apply(make_plan(project)):
        pass
    return project
