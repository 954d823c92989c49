"""Log lines in the embedded metric format become metrics.

Source: "Specification: Embedded metric format" in the CloudWatch user guide. A line that breaks it
stays a log line, as in AWS.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .store import NO_UNIT, Metric, store_of

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

MARK = '"_aws"'
MOST_VALUES = 100
MOST_DIMENSIONS = 30


def extract(world: World, region: str, message: str) -> None:
    """Put the metrics that a log line carries.

    Args:
        world: whose metrics they are.
        region: of the log group.
        message: the line.
    """
    if MARK not in message:
        return
    try:
        document = json.loads(message)
        for metric, when, values, unit in metrics_of(document, region):
            for value in values:
                store_of(world).put(metric, when, value, unit)
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def metrics_of(
    document: dict[str, Any], region: str
) -> list[tuple[Metric, datetime, list[float], str]]:
    """The metrics of a line: which, when, values and unit.

    Raises:
        ValueError: the line is not in the format; so do KeyError, TypeError and AttributeError.
    """
    head = document["_aws"]
    when = datetime.fromtimestamp(head["Timestamp"] / 1000, timezone.utc)
    found = []
    for directive in head["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            if len(names) > MOST_DIMENSIONS:
                raise ValueError("too many dimensions")
            dimensions = tuple(sorted((name, str(document[name])) for name in names))
            for told in directive["Metrics"]:
                if told["Name"] not in document:
                    continue
                value = document[told["Name"]]
                values = [float(one) for one in (value if isinstance(value, list) else [value])]
                if len(values) > MOST_VALUES:
                    raise ValueError("too many values")
                metric = Metric(region, directive["Namespace"], told["Name"], dimensions)
                found.append((metric, when, values, told.get("Unit", NO_UNIT)))
    return found
