"""What Lambda tells of a function's invocations.

Source: "Types of metrics for Lambda functions" in the Lambda developer guide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from batcat_runtime.emulator.cloudwatch.published import publish

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

    from .function import Function
    from .invocation import Outcome

NAMESPACE = "AWS/Lambda"
DURATION = re.compile(r"^REPORT .*?\tDuration: ([\d.]+) ms", re.MULTILINE)


def tell(world: World, function: Function, outcome: Outcome) -> Outcome:
    """Put the metrics of one invocation, and give its outcome back.

    Args:
        world: whose metrics they are.
        function: what ran.
        outcome: what came of it.
    """
    took = DURATION.search(outcome.log)
    publish(
        world,
        function.region,
        NAMESPACE,
        {"FunctionName": function.name},
        Invocations=1,
        Errors=int(outcome.failed),
        Throttles=0,
        Duration=float(took[1]) if took else 0.0,
    )
    return outcome
