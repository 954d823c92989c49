"""The history of an execution comes in pages, in either order, with data or without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.stepfunctions.history import page

if TYPE_CHECKING:
    from .conftest import Workbench

THREE = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Pass", "Next": "C"},
        "C": {"Type": "Pass", "Result": {"done": True}, "End": True},
    },
}


def test_pages_follow_one_another_without_gap_or_overlap() -> None:
    first, token = page(list("abcde"), 2, None)
    second, token = page(list("abcde"), 2, token)
    third, end = page(list("abcde"), 2, token)
    assert first + second + third == list("abcde")
    assert end is None
    with pytest.raises(ServiceError):
        page([], 2, "nonsense!")


def test_the_history_is_paged_and_reversed(bench: Workbench) -> None:
    execution = bench.run(THREE)["executionArn"]
    everything = bench.sfn.get_execution_history(executionArn=execution)["events"]
    assert [event["id"] for event in everything] == list(range(1, 9))
    paginator = bench.sfn.get_paginator("get_execution_history")
    pages = list(
        paginator.paginate(
            executionArn=execution, reverseOrder=True, PaginationConfig={"PageSize": 3}
        )
    )
    assert [len(each["events"]) for each in pages] == [3, 3, 2]
    assert [event["id"] for each in pages for event in each["events"]] == list(range(8, 0, -1))


def test_execution_data_can_be_left_out(bench: Workbench) -> None:
    execution = bench.run(THREE)["executionArn"]
    events = bench.sfn.get_execution_history(executionArn=execution, includeExecutionData=False)[
        "events"
    ]
    assert "output" not in events[-1]["executionSucceededEventDetails"]
    assert "input" not in events[0]["executionStartedEventDetails"]


def test_a_wrong_token_is_refused(bench: Workbench) -> None:
    execution = bench.run(THREE)["executionArn"]
    with pytest.raises(ClientError) as raised:
        bench.sfn.get_execution_history(executionArn=execution, nextToken="nonsense!")
    assert raised.value.response["Error"]["Code"] == "InvalidToken"
