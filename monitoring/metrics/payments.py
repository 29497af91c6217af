"""Figures of payments and attempts: a bounded window of the newest, found by their time-ordered keys."""

from collections.abc import Iterator
from datetime import timedelta

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from monitoring.metrics.sql import capped, rows
from rupai.core import clock, ids

WINDOW = timedelta(hours=1)
# 20,000 rows by the primary key took 40 ms beside 2 million payments; above 5 a second the window is shorter.
MOST_ROWS = 20_000
QUANTILES = (0.5, 0.95, 0.99)
_PAYMENTS = """
SELECT state, provider, livemode, count(*) FROM (
    SELECT state, provider, livemode FROM payments_payment WHERE id >= %s ORDER BY id DESC LIMIT %s
) AS newest GROUP BY 1, 2, 3
"""
_ATTEMPTS = """
SELECT provider, count(*), percentile_cont(%s::float8[]) WITHIN GROUP (ORDER BY milliseconds) FROM (
    SELECT provider, milliseconds FROM payments_attempt WHERE id >= %s ORDER BY id DESC LIMIT %s
) AS newest WHERE milliseconds IS NOT NULL GROUP BY 1
"""
# By the partial index attempt_to_ask.
_UNKNOWN = "SELECT 1 FROM payments_attempt WHERE next_sync_at IS NOT NULL AND state = 'unknown'"
# Counting millions of rows at each scrape would be a load of its own: this is the planner's estimate.
_ESTIMATE = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'payments_payment'::regclass"


def collect() -> Iterator[Metric]:
    """Payments by state and provider, and how long providers took to answer."""
    oldest = ids.new_key(clock.now() - WINDOW)
    payments = GaugeMetricFamily(
        "rupai_payments",
        f"Payments created in the last hour (the newest {MOST_ROWS} at most) by their present state",
        labels=["state", "provider", "mode"],
    )
    for state, provider, livemode, count in rows(_PAYMENTS, oldest, MOST_ROWS):
        payments.add_metric([state, provider or "none", "live" if livemode else "test"], count)
    yield payments
    yield GaugeMetricFamily("rupai_payments_estimated", "All payments, as the planner estimates", rows(_ESTIMATE)[0][0])
    yield GaugeMetricFamily(
        "rupai_attempts_unknown", "Attempts whose outcome the provider has not told", capped(_UNKNOWN, MOST_ROWS)
    )
    yield from _attempts(oldest)


def _attempts(oldest: object) -> Iterator[Metric]:
    answered = GaugeMetricFamily(
        "rupai_attempts_answered", "Attempts of the last hour that a provider answered", labels=["provider"]
    )
    seconds = GaugeMetricFamily(
        "rupai_attempt_seconds", "How long providers took, attempts of the last hour", labels=["provider", "quantile"]
    )
    for provider, count, milliseconds in rows(_ATTEMPTS, list(QUANTILES), oldest, MOST_ROWS):
        answered.add_metric([provider or "none"], count)
        for quantile, value in zip(QUANTILES, milliseconds, strict=True):
            seconds.add_metric([provider or "none", str(quantile)], value / 1000)
    yield answered
    yield seconds
