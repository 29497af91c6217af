"""The page that Prometheus reads: the process's own counters, and business figures computed at scrape time."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import structlog
from django.db import connection, transaction
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from monitoring.metrics import house, log, payments, queues

CONTENT_TYPE = CONTENT_TYPE_LATEST
# A scrape must never be what slows the platform down.
STATEMENT_SECONDS = 2
COLLECTORS: Mapping[str, Callable[[], Iterable[Metric]]] = {
    "payments": payments.collect,
    "log": log.collect,
    "queues": queues.collect,
    "house": house.collect,
}
logger = structlog.get_logger(__name__)


class Business(Collector):
    """Runs each collector by itself, so that what fails is missing and told of, and the rest is there."""

    def collect(self) -> Iterator[Metric]:
        ok = GaugeMetricFamily("rupai_collector_ok", "1 when the figures could be computed", labels=["collector"])
        took = GaugeMetricFamily("rupai_collector_seconds", "How long computing took", labels=["collector"])
        for name, collector in COLLECTORS.items():
            started = time.perf_counter()
            try:
                with transaction.atomic():
                    _bound_statements()
                    found = list(collector())
            except Exception as error:
                logger.warning("figures not computed", collector=name, error=f"{type(error).__name__}: {error}")
                found = []
                ok.add_metric([name], 0)
            else:
                ok.add_metric([name], 1)
            took.add_metric([name], time.perf_counter() - started)
            yield from found
        yield ok
        yield took


def _bound_statements() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{STATEMENT_SECONDS}s"])


def text() -> bytes:
    """Write all figures in Prometheus's text format."""
    business = CollectorRegistry()
    business.register(Business())
    return generate_latest(_process_registry()) + generate_latest(business)


def _process_registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    # Several worker processes answer on one port; their counters are added up.
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together
