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
MOST_METRICS = 100
MOST_DIMENSIONS = 30
LONGEST_DIMENSION = 1024


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
        if len(directive["Metrics"]) > MOST_METRICS:
            raise ValueError("too many metrics")
        for names in directive["Dimensions"]:
            dimensions = _dimensions(document, names)
            for told in directive["Metrics"]:
                if told["Name"] in document:
                    metric = Metric(region, directive["Namespace"], told["Name"], dimensions)
                    values = _values(document[told["Name"]])
                    found.append((metric, when, values, told.get("Unit", NO_UNIT)))
    return found


def _dimensions(document: dict[str, Any], names: list[str]) -> tuple[tuple[str, str], ...]:
    texts = {name: document[name] for name in names}
    if len(texts) > MOST_DIMENSIONS:
        raise ValueError("too many dimensions")
    if any(not isinstance(text, str) or len(text) > LONGEST_DIMENSION for text in texts.values()):
        raise ValueError("a dimension is no text, or too long")
    return tuple(sorted(texts.items()))


def _values(told: Any) -> list[float]:
    values = told if isinstance(told, list) else [told]
    if len(values) > MOST_VALUES:
        raise ValueError("too many values")
    if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in values):
        raise ValueError("a value is no number")
    return [float(value) for value in values]
