"""Figures of the platform itself: workers that live and rules that hold."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from monitoring.models import Heartbeat, InvariantResult
from rupai.core import clock


def collect() -> Iterator[Metric]:
    """Signs of life by queue, and the last verdict on each rule."""
    heartbeats = GaugeMetricFamily(
        "rupai_worker_heartbeat_age_seconds", "Since a worker took a task from the queue", labels=["queue"]
    )
    for queue, at in Heartbeat.objects.values_list("queue", "at"):
        heartbeats.add_metric([queue], max((clock.now() - at).total_seconds(), 0.0))
    yield heartbeats
    holds = GaugeMetricFamily("rupai_invariant_holds", "1 when the rule held at its last check", labels=["name"])
    broken = GaugeMetricFamily("rupai_invariant_violations", "Violations found at the last check", labels=["name"])
    checked = GaugeMetricFamily("rupai_invariant_checked_seconds", "Unix time of the last check", labels=["name"])
    for result in InvariantResult.objects.order_by("name"):
        holds.add_metric([result.name], int(result.state == InvariantResult.State.HOLDS))
        broken.add_metric([result.name], result.count)
        checked.add_metric([result.name], result.checked_at.timestamp())
    yield holds
    yield broken
    yield checked
