"""Where results go, and what Athena and the log are told meanwhile."""

from __future__ import annotations

import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from runtime.tests.athena.queries import REGION

import batcat_runtime as bc
from batcat_runtime.aws import client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def staging(local_s3: Any) -> str:
    """A folder for results, for tests that do not look what is in it."""
    name = f"batcat-{uuid.uuid4().hex}"
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in local_s3.environment.items():
            patch.setenv(variable, value)
        client("s3").create_bucket(Bucket=name)
    return f"s3://{name}/athena/"


@pytest.fixture
def asked(s3_environment: None) -> Iterator[list[dict[str, Any]]]:  # noqa: ARG001
    """The queries that Athena is asked to run."""
    requests: list[dict[str, Any]] = []
    events = client("athena", REGION).meta.events

    def note(params: dict[str, Any], **_: object) -> None:
        requests.append(json.loads(params["body"]))

    events.register("before-call.athena.StartQueryExecution", note, unique_id="asked")
    yield requests
    events.unregister("before-call.athena.StartQueryExecution", unique_id="asked")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is logged."""
    lines: list[str] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: lines.append(record.getMessage()))
    logger = bc.get_logger("batcat_runtime")
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)
