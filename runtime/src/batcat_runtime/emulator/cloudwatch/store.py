"""The metrics of all regions.

Values lie in stretches of a second, which is the finest that CloudWatch keeps. Retention is not
emulated: a local AWS does not live for two weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from threading import RLock
from typing import TYPE_CHECKING, Any

from .statistics import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from batcat_runtime.emulator.world import World

NO_UNIT = "None"


@dataclass(frozen=True)
class Metric:
    """One metric of one region.

    Attributes:
        region: where it is.
        namespace: e.g. ``AWS/States``.
        name: e.g. ``ExecutionsFailed``.
        dimensions: name and value of each, sorted.
    """

    region: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, region: str, given: dict[str, Any], namespace: str = "") -> Metric:
        """The metric that a request names."""
        dimensions = sorted((one["Name"], one["Value"]) for one in given.get("Dimensions") or [])
        where = namespace or given["Namespace"]
        return cls(region, where, given["MetricName"], tuple(dimensions))

    def shown(self) -> dict[str, Any]:
        """The metric as the API shows it."""
        return {
            "Namespace": self.namespace,
            "MetricName": self.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
        }


class Store:
    """All values of all metrics."""

    def __init__(self) -> None:
        self._values: dict[Metric, dict[str, dict[int, Bucket]]] = {}
        self._lock = RLock()
        self.samplers: list[Callable[[Metric], None]] = []

    def put(self, metric: Metric, when: datetime, value: float, unit: str = NO_UNIT) -> None:
        """Add one value."""
        with self._lock:
            self.bucket(metric, when, unit).add(value)

    def bucket(self, metric: Metric, when: datetime, unit: str) -> Bucket:
        """The stretch of time that a moment lies in."""
        with self._lock:
            seconds = self._values.setdefault(metric, {}).setdefault(unit, {})
            return seconds.setdefault(int(when.timestamp()), Bucket())

    def points(
        self, metric: Metric, start: int, end: int, period: int, unit: str | None = None
    ) -> dict[int, tuple[Bucket, str]]:
        """Values by the beginning of each period that has any.

        Args:
            metric: which one.
            start: first second, where the first period begins.
            end: the second after the last.
            period: length of each period, in seconds.
            unit: only values of this unit; None means of any.

        Returns:
            Beginning of the period to its values, and the unit of the last of them.
        """
        for sample in self.samplers:
            sample(metric)
        found: dict[int, tuple[Bucket, str]] = {}
        with self._lock:
            for own, seconds in self._values.get(metric, {}).items():
                if unit not in (None, own):
                    continue
                for second in sorted(seconds):
                    if start <= second < end:
                        begin = start + (second - start) // period * period
                        bucket, _ = found.get(begin, (Bucket(), own))
                        bucket.merge(seconds[second])
                        found[begin] = bucket, own
        return found

    def metrics(self, region: str) -> list[Metric]:
        """Every metric of a region that has values."""
        with self._lock:
            return sorted(
                (metric for metric in self._values if metric.region == region),
                key=lambda metric: (metric.namespace, metric.name, metric.dimensions),
            )


def store_of(world: World) -> Store:
    """The metrics of a server."""
    found: Store = world.shared("metrics", Store)
    return found


def seconds_of(when: datetime) -> int:
    """A time as seconds since 1970; one without a zone is UTC."""
    return int((when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp())


def moments(seconds: Iterable[int]) -> list[datetime]:
    """Seconds since 1970 as times."""
    return [datetime.fromtimestamp(second, timezone.utc) for second in seconds]
