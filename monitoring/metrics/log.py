"""Figures of the event log and of what is still to be done for it; partial indexes keep each count small."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from monitoring.metrics.sql import capped, rows
from rupai.core import clock

# A backlog beyond this is a disaster whatever its exact size.
CAP = 100_000
# Oldest first, by the partial index event_unsequenced.
_OLDEST = "SELECT created_at FROM core_event WHERE seq IS NULL ORDER BY inserted LIMIT 1"
_UNSEQUENCED = "SELECT 1 FROM core_event WHERE seq IS NULL"
# The unique index on position gives its greatest value at once.
_READERS = "SELECT name, (SELECT coalesce(max(position), 0) FROM core_event) - position FROM core_readercursor"
# By the partial index handlerrun_due.
_HANDLER_RUNS = "SELECT 1 FROM core_handlerrun WHERE state = 'pending'"
# Dead letters are rare; the newest suffice.
_DEAD_LETTERS = """
SELECT task, count(*) FROM (
    SELECT task, replayed_at, discarded_at FROM core_deadletter ORDER BY created_at DESC LIMIT %s
) AS newest WHERE replayed_at IS NULL AND discarded_at IS NULL GROUP BY 1
"""
# By the partial index delivery_due.
_WEBHOOKS = "SELECT 1 FROM notifications_webhookdelivery WHERE state = 'pending'"


def collect() -> Iterator[Metric]:
    """Lag of the sequencer and of each reader, waiting work and work given up."""
    oldest = rows(_OLDEST)
    age = (clock.now() - oldest[0][0]).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily(
        "rupai_events_unsequenced", f"Events without a number, {CAP} at most", capped(_UNSEQUENCED, CAP)
    )
    yield GaugeMetricFamily(
        "rupai_events_unsequenced_age_seconds", "Age of the oldest event without a number", max(age, 0.0)
    )
    lag = GaugeMetricFamily("rupai_reader_lag_events", "Numbered events that a reader has not read", labels=["reader"])
    for name, behind in rows(_READERS):
        lag.add_metric([name], behind)
    yield lag
    yield GaugeMetricFamily(
        "rupai_handler_runs_pending", f"Runs of event handlers to do, {CAP} at most", capped(_HANDLER_RUNS, CAP)
    )
    yield GaugeMetricFamily(
        "rupai_webhooks_pending", f"Webhook deliveries to do, {CAP} at most", capped(_WEBHOOKS, CAP)
    )
    letters = GaugeMetricFamily(
        "rupai_dead_letters", "Tasks given up and not sent again, among the newest 10,000", labels=["task"]
    )
    for task, count in rows(_DEAD_LETTERS, 10_000):
        letters.add_metric([task], count)
    yield letters
