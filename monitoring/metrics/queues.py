"""Figures of the broker: messages waiting in each queue."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from monitoring.probes.checks import NotReady, broker_connection
from rupai.core.queue_names import QUEUES


def collect() -> Iterator[Metric]:
    """Messages per queue; with the broker away only the fact that it is."""
    depth = GaugeMetricFamily("rupai_queue_messages", "Tasks waiting in the broker", labels=["queue"])
    up = 1
    try:
        with broker_connection() as opened:
            for name in QUEUES:
                depth.add_metric([name], _waiting(opened, name))
    except NotReady:
        up = 0
    yield GaugeMetricFamily("rupai_broker_up", "1 when the broker answered", up)
    yield depth


def _waiting(opened: Any, name: str) -> int:
    # A channel of its own, since asking for a queue that nobody has declared yet closes it.
    with opened.channel() as channel:
        try:
            return int(channel.queue_declare(name, passive=True).message_count)
        except opened.channel_errors:
            return 0
