"""What a statistic says of values, and which statistics there are.

Source: "CloudWatch statistics definitions" in the CloudWatch user guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import inf

from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

SIMPLE = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")
OTHERS = re.compile(r"(tm|wm|tc|ts|TM|WM|TC|TS|PR|IQM|iqm)[\d(:]*.*")


@dataclass
class Bucket:
    """The values of one metric in one stretch of time.

    Attributes:
        counts: value to how often it was put.
        count: how many values, those of statistic sets too.
        total: their sum.
        least: the smallest.
        most: the largest.
        whole: whether every value is known, as percentiles need.
    """

    counts: dict[float, float] = field(default_factory=dict)
    count: float = 0
    total: float = 0
    least: float = inf
    most: float = -inf
    whole: bool = True

    def add(self, value: float, count: float = 1) -> None:
        """Count a value so many times."""
        self.counts[value] = self.counts.get(value, 0) + count
        self._grow(count, value * count, value, value)

    def add_set(self, given: dict[str, float]) -> None:
        """Count values of which only a statistic set is known."""
        self.whole = False
        self._grow(given["SampleCount"], given["Sum"], given["Minimum"], given["Maximum"])

    def merge(self, other: Bucket) -> None:
        """Count another stretch's values as well."""
        for value, count in other.counts.items():
            self.counts[value] = self.counts.get(value, 0) + count
        self.whole &= other.whole
        self._grow(other.count, other.total, other.least, other.most)

    def value(self, statistic: str) -> float | None:
        """A statistic; None where it cannot be told."""
        if not self.count:
            return None
        simple = {
            "SampleCount": self.count,
            "Average": self.total / self.count,
            "Sum": self.total,
            "Minimum": self.least,
            "Maximum": self.most,
        }
        if statistic in simple:
            return float(simple[statistic])
        return self._percentile(float(statistic[1:])) if self.whole else None

    def _percentile(self, percent: float) -> float:
        """The value below which a part of the values lie, between the two nearest ones."""
        counts = sorted(self.counts.items())
        values = [value for value, count in counts for _ in range(round(count))]
        place = (len(values) - 1) * percent / 100
        low = int(place)
        high = min(low + 1, len(values) - 1)
        return values[low] + (values[high] - values[low]) * (place - low)

    def _grow(self, count: float, total: float, least: float, most: float) -> None:
        self.count += count
        self.total += total
        self.least, self.most = min(self.least, least), max(self.most, most)


def check(statistic: str) -> None:
    """Refuse what is no statistic, or one that is not emulated.

    Raises:
        NotEmulated: trimmed means and the like.
        ServiceError: there is no such statistic.
    """
    if statistic in SIMPLE or PERCENTILE.fullmatch(statistic):
        return
    if OTHERS.fullmatch(statistic):
        raise NotEmulated(f"cloudwatch statistic {statistic}", "Use Average, Maximum or p99.")
    raise ServiceError(
        "InvalidParameterValue", f"The value {statistic} for parameter Stat is not supported."
    )
