"""A Task state puts events, and a rule's target receives them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench


def test_put_events_reaches_a_rules_target(bench: Workbench, one_state: Callable[..., Any]) -> None:
    target = bench.machine(one_state(Type="Pass"))
    events = bench.aws.client("events")
    events.put_rule(Name="from-a-task", EventPattern='{"source": ["my.workflow"]}')
    wanted = {"Id": "m", "Arn": target, "RoleArn": bench.role, "InputPath": "$.detail"}
    events.put_targets(Rule="from-a-task", Targets=[wanted])
    entry = {"Source": "my.workflow", "DetailType": "Done", "Detail": {"n.$": "$.n"}}
    output = bench.output(
        one_state(
            Type="Task",
            Resource="arn:aws:states:::events:putEvents",
            Parameters={"Entries": [entry]},
        ),
        {"n": 7},
    )
    assert output["FailedEntryCount"] == 0
    while not (listed := bench.sfn.list_executions(stateMachineArn=target)["executions"]):
        time.sleep(0.02)
    described = bench.finish(listed[0]["executionArn"])
    assert json.loads(described["input"]) == {"n": 7}
