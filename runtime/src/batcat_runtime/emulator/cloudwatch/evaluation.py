"""The state of an alarm, from the data points of its latest periods.

Sources: "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data" in the
CloudWatch user guide. More periods than the alarm asks for are looked at, so that one missing data
point does not matter where enough others are there.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
MORE_PERIODS = 2
"""How many periods beyond the evaluation periods are looked at, as in the guide's example."""

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
WORDS = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


@dataclass(frozen=True)
class Condition:
    """What makes an alarm.

    Attributes:
        comparison: name of a comparison.
        threshold: what is compared with.
        periods: how many of the latest data points count.
        needed: how many of them must be beyond the threshold.
        missing: how a missing data point counts.
    """

    comparison: str
    threshold: float
    periods: int
    needed: int
    missing: str = "missing"

    def breaches(self, value: float) -> bool:
        """Whether a data point is beyond the threshold."""
        return COMPARISONS[self.comparison](value, self.threshold)


def state(condition: Condition, points: Sequence[float | None], now: str) -> str:
    """The state of an alarm.

    Args:
        condition: what makes an alarm.
        points: data points from the oldest to the latest, None where there is none.
        now: the state it is in.
    """
    there = [value for value in points if value is not None]
    latest = there[-condition.periods :]
    breaching = sum(condition.breaches(value) for value in latest)
    fine = len(latest) - breaching
    absent = condition.periods - len(latest)
    if condition.missing == "breaching":
        breaching += absent
    elif condition.missing == "notBreaching":
        fine += absent
    elif absent and not latest:
        return now if condition.missing == "ignore" else UNKNOWN
    if breaching >= condition.needed:
        return ALARM
    if fine:
        return OK
    # Too few data points are there, all of them beyond the threshold.
    return now if condition.missing == "ignore" else ALARM


def reason(condition: Condition, points: Sequence[float | None], found: str) -> str:
    """Why an alarm has its state, in CloudWatch's words."""
    there = [value for value in points if value is not None][-condition.periods :]
    if found == UNKNOWN:
        return f"Insufficient Data: {condition.periods} datapoints were unknown."
    if not there:
        kind = "breaching" if found == ALARM else "nonBreaching"
        return (
            f"Threshold Crossed: no datapoints were received for {condition.periods} period(s) "
            f"and {condition.periods} missing datapoint(s) were treated as [{kind}]."
        )
    breaching = [value for value in there if condition.breaches(value)]
    shown = breaching if found == ALARM else [v for v in there if v not in breaching]
    listed = ", ".join(str(value) for value in shown)
    words = WORDS[condition.comparison]
    was = "was" if len(shown) == 1 else "were"
    neg, path = ("", "OK -> ALARM") if found == ALARM else ("not ", "ALARM -> OK")
    least = condition.needed if found == ALARM else condition.periods - condition.needed + 1
    plural = "datapoint" if least == 1 else "datapoints"
    return (
        f"Threshold Crossed: {len(shown)} out of the last {condition.periods} datapoints "
        f"[{listed}] {was} {neg}{words} the threshold ({condition.threshold}) "
        f"(minimum {least} {plural} for {path} transition)."
    )
