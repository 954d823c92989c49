"""Lines on their way to CloudWatch Logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.logstream import LogStream
from batcat_runtime.emulator.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from batcat_runtime.emulator import LocalAws


def test_an_error_costs_its_own_lines_only_and_is_said(
    aws: LocalAws,
    tmp_path: Path,
    unique: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
    until: Any,
) -> None:
    world = World(aws.url, "us-east-1", "123456789012", {}, tmp_path)
    logs, group = world.client("logs"), unique("group")
    stream = LogStream(world, group, "stream")
    failed: list[bool] = []

    def fail_once(**_: object) -> None:
        if not failed:
            failed.append(True)
            raise OSError("the disk is full")

    logs.meta.events.register("before-call.cloudwatch-logs.PutLogEvents", fail_once)
    stream.write("lost")
    until(lambda: failed, "the first lines to be sent")
    stream.write("kept")
    stream.close()
    events = logs.get_log_events(logGroupName=group, logStreamName="stream")["events"]
    assert [event["message"] for event in events] == ["kept"]
    said = capsys.readouterr().err
    assert f"1 lines of {group} stream are lost: OSError: the disk is full" in said
    logs.close()
