"""A query that nobody waits for any more does not go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest
from runtime.tests.athena.queries import ENDLESS, REGION, queries, state

import batcat_runtime as bc
from batcat_runtime.aws import client


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["csv", "unload"])
def test_a_query_that_never_ends_is_cancelled(staging: str, mode: str) -> None:
    """At the limit; the message says what to do."""
    known = set(queries())
    with pytest.raises(bc.ExecutionError, match=r"not ended within 0\.5 s and is cancelled .*time"):
        bc.read_data_from_athena(ENDLESS, REGION, staging, mode=mode, timeout=0.5)
    mine = [identity for identity in queries() if identity not in known]
    assert len(mine) == (1 if mode == "csv" else 2)
    assert "CANCELLED" in {state(identity) for identity in mine}
    assert not {"RUNNING", "QUEUED"} & {state(identity) for identity in mine}


@pytest.mark.usefixtures("s3_environment")
def test_a_query_that_someone_cancels_is_an_error(staging: str) -> None:
    """And not an empty result."""
    athena = client("athena", REGION)

    def stop(parsed: dict[str, Any], **_: object) -> None:
        if parsed["QueryExecution"]["Status"]["State"] == "RUNNING":
            athena.stop_query_execution(
                QueryExecutionId=parsed["QueryExecution"]["QueryExecutionId"]
            )

    athena.meta.events.register("after-call.athena.GetQueryExecution", stop, unique_id="stop")
    try:
        with pytest.raises(bc.ExecutionError, match=r"query [-\w]+ was cancelled: .*run it again"):
            bc.read_data_from_athena(ENDLESS, REGION, staging)
    finally:
        athena.meta.events.unregister("after-call.athena.GetQueryExecution", unique_id="stop")


def test_ctrl_c_cancels_the_query(local_s3: Any, staging: str) -> None:
    """In a process of its own, with a real signal."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in local_s3.environment.items():
            patch.setenv(variable, value)
        known = set(queries())
        call = f"bc.read_data_from_athena({ENDLESS!r}, {REGION!r}, {staging!r})"
        code = f"import batcat_runtime as bc; {call}"
        with subprocess.Popen(
            [sys.executable, "-c", code], env=os.environ, stderr=subprocess.PIPE, text=True
        ) as process:
            mine: list[str] = []
            looked = threading.Event()
            while not mine or state(mine[0]) != "RUNNING":
                mine = [identity for identity in queries() if identity not in known]
                assert process.poll() is None
                looked.wait(0.02)
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=30)
        assert "KeyboardInterrupt" in error
        assert [state(identity) for identity in mine] == ["CANCELLED"]


@pytest.mark.usefixtures("s3_environment")
def test_ctrl_c_while_a_query_is_started_cancels_it(staging: str) -> None:
    """Athena may have begun with it before its answer arrived."""
    athena, known = client("athena", REGION), set(queries())
    pressed: list[bool] = []

    def press(**_: object) -> None:
        if not pressed:
            pressed.append(True)
            raise KeyboardInterrupt

    athena.meta.events.register("after-call.athena.StartQueryExecution", press, unique_id="press")
    try:
        with pytest.raises(KeyboardInterrupt):
            bc.read_data_from_athena(ENDLESS, REGION, staging)
    finally:
        athena.meta.events.unregister("after-call.athena.StartQueryExecution", unique_id="press")
    mine = [identity for identity in queries() if identity not in known]
    assert [state(identity) for identity in mine] == ["CANCELLED"]
