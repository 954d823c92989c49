"""An S3 to read from and write to, and loggers that leave no open files."""

from __future__ import annotations

import logging
import threading
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from batcat_runtime.aws import client
from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Busy machines are slow now and then; no promise here is about the time of one example.
settings.register_profile("batcat", deadline=None)
settings.load_profile("batcat")


@pytest.fixture(scope="session")
def local_s3() -> Iterator[LocalAws]:
    """One local AWS for all tests that only need S3; each makes buckets of its own."""
    with LocalAws() as aws:
        yield aws


@pytest.fixture
def s3_environment(local_s3: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment a step finds: boto3 reaches S3 with nothing else said."""
    for name, value in local_s3.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def s3_bucket(s3_environment: None) -> str:  # noqa: ARG001 - it sets the environment
    """The name of a new, empty bucket."""
    name = f"batcat-{uuid.uuid4().hex}"
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def meeting(s3_bucket: str) -> Iterator[Callable[[str], None]]:  # noqa: ARG001 - its client is used
    """Let two calls of an S3 operation go on only when both are under way."""
    events = client("s3").meta.events
    both = threading.Barrier(2, timeout=20)
    operations: list[str] = []

    def meet(operation: str) -> None:
        operations.append(operation)
        events.register(f"before-call.s3.{operation}", wait, unique_id="meeting")

    def wait(**_: object) -> None:
        both.wait()

    yield meet
    for operation in operations:
        events.unregister(f"before-call.s3.{operation}", unique_id="meeting")


@pytest.fixture
def log_name(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A logger's name that no other test uses; outside any container."""
    for variable in (
        "BATCAT_LOG_FORMAT",
        "BATCAT_LOG_LEVEL",
        "BATCAT_ML_ROOT",
        "AWS_LAMBDA_FUNCTION_NAME",
        "BATCAT_RUN_ID",
        "BATCAT_PROJECT",
        "BATCAT_STEP",
    ):
        monkeypatch.delenv(variable, raising=False)
    name = f"test-{uuid.uuid4().hex}"
    yield name
    logger = logging.getLogger(name)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
