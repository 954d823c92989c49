"""The metrics that services put themselves, under the names that their user guides give."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.events.clock import clock_of

from .store import Metric, store_of

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

SECOND = timedelta(seconds=1)
COUNT, MILLISECONDS = "Count", "Milliseconds"


def publish(
    world: World, region: str, namespace: str, dimensions: dict[str, str], **values: float
) -> None:
    """Put values of a service's own metrics, now.

    Args:
        world: whose metrics they are.
        region: where.
        namespace: e.g. ``AWS/Lambda``.
        dimensions: name to value.
        values: name of a metric to its value; counts, apart from durations.
    """
    store, now = store_of(world), clock_of(world).now()
    for name, value in values.items():
        unit = MILLISECONDS if name in ("Duration", "ExecutionTime") else COUNT
        metric = Metric(region, namespace, name, tuple(sorted(dimensions.items())))
        store.put(metric, now, float(value), unit)


def sample_queues(world: World) -> Any:
    """A sampler that reads a queue's length when somebody asks for it.

    SQS sends it every minute; here it is read when an alarm or a graph wants it.
    """

    def sample(metric: Metric) -> None:
        dimensions = dict(metric.dimensions)
        attribute = QUEUE_LENGTHS.get(metric.name)
        if metric.namespace != "AWS/SQS" or attribute is None or list(dimensions) != ["QueueName"]:
            return
        sqs = world.client("sqs", metric.region)
        try:
            url = sqs.get_queue_url(QueueName=dimensions["QueueName"])["QueueUrl"]
        except sqs.exceptions.QueueDoesNotExist:
            return
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[attribute])
        value = float(found["Attributes"][attribute])
        # The length that is now is that of the second before, which whoever asks looks at.
        store_of(world).put(metric, clock_of(world).now() - SECOND, value, COUNT)

    return sample


QUEUE_LENGTHS = {
    "ApproximateNumberOfMessagesVisible": "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
}
"""Metric to the queue's attribute that tells it."""
