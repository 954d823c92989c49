"""Errors of the engine reach the client under their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Workbench

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


def test_an_update_without_a_change_says_what_is_missing(bench: Workbench) -> None:
    with pytest.raises(ClientError) as raised:
        bench.sfn.update_state_machine(stateMachineArn=bench.machine(PASS))
    assert raised.value.response["Error"]["Code"] == "MissingRequiredParameter"


def test_a_task_token_nobody_waits_for_is_invalid(bench: Workbench) -> None:
    with pytest.raises(ClientError) as raised:
        bench.sfn.send_task_success(taskToken="none", output="{}")
    assert raised.value.response["Error"]["Code"] == "InvalidToken"
