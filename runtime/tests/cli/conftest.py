"""``batcat`` as a user runs it: a process of its own, in a project's folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE = Path(__file__).parents[1] / "deploy" / "sample"
REPOSITORY = "2026-demo-rain-forecast"


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


class User:
    """Somebody at a shell in a folder.

    Args:
        folder: working folder of each command.
        environment: what the shell has exported.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment

    @contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command and let it run; it is ended with the block at the latest."""
        process = subprocess.Popen(
            [sys.executable, "-m", "batcat_runtime.cli", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def batcat(self, *arguments: str) -> Said:
        """Run a command to its end."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=120)
        return Said(process.returncode, out, err)


def exported(aws: LocalAws | None = None) -> dict[str, str]:
    """This process's environment without any AWS in it, or with a local one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # Whoever runs these tests may have an account at hand; it must not be reached.
    shut = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    shut["AWS_EC2_METADATA_DISABLED"] = "true"
    return {**kept, **shut, **(aws.environment if aws else {})}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample project."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "project"))


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A local AWS that knows the sample project's image, as ``batcat local`` serves one."""
    image = shutil.copytree(SAMPLE, tmp_path_factory.mktemp("image") / "project")
    with LocalAws(images={REPOSITORY: image}) as aws:
        yield aws


@pytest.fixture
def user(folder: Path, local_aws: LocalAws) -> User:
    """A user who has exported what ``batcat local`` printed."""
    return User(folder, exported(local_aws))


@pytest.fixture
def newcomer(folder: Path) -> User:
    """A user who has exported nothing."""
    return User(folder, exported())
