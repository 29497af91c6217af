"""The present figures of a place, over the last minutes, hours or days."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics.selectors import sums
from analytics.selectors.days import zone_for
from analytics.selectors.overview import percentile
from analytics.selectors.sums import Sums
from rupai.core import clock
from rupai.core.actor import Actor

WINDOWS = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: amounts are minor units of ``currency``, rates are from 0 to 1, the rest are counts or milliseconds.

    ``count`` says how many payments an amount or a rate is of.
    """

    key: str
    value: int | float
    count: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Figures of a window; everything up to ``as_of`` is counted in them. ``active_alerts`` None is not known here."""

    metrics: list[Metric]
    as_of: datetime
    active_alerts: int | None = None


def dashboard_metrics(*, actor: Actor, window: str = "24h", active_alerts: int | None = None) -> Dashboard:
    """Read the figures of the last ``window``: to the full minute, or 7 days of the merchant with today as the last.

    ``active_alerts`` is what the caller knows of alerts, which are no figures of payments.
    """
    actor.require("analytics:read")
    as_of = sums.complete_to()
    found = _found(actor, WINDOWS[window], clock.now())
    return Dashboard([*_whole(sums.total(each for _, each in found)), *_by_currency(found)], as_of, active_alerts)


_Found = list[tuple[str, Sums]]


def _found(actor: Actor, window: timedelta, now: datetime) -> _Found:
    if window >= timedelta(days=2):
        today = now.astimezone(zone_for(actor)).date()
        rows = sums.added_up(sums.days_seen(actor, start=today - window + timedelta(days=1), end=today), ["currency"])
    else:
        until = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        rows = sums.added_up(sums.minutes_seen(actor, since=until - window, until=until), ["currency"])
    return sorted(((values[0], each) for values, each in rows), key=lambda row: row[0])


def _whole(total: Sums) -> list[Metric]:
    decided, p95 = sums.decided(total), percentile(total, 95)
    found = [
        Metric("payments", total["created_count"]),
        Metric("succeeded", total["succeeded_count"]),
        Metric("failed", total["failed_count"]),
        Metric("held_by_risk", total["held_count"]),
        Metric("refunds", total["refunded_count"]),
    ]
    # Of no payments there is neither a rate nor a latency.
    if decided:
        found.append(Metric("success_rate", sums.success_rate(total), decided))
    if p95 is not None:
        found.append(Metric("p95_ms", p95))
    return found


def _by_currency(found: _Found) -> list[Metric]:
    metrics = []
    for code, each in found:
        metrics.append(Metric("volume", each["captured_amount"], each["captured_count"], code))
        metrics.append(Metric("refunded", each["refunded_amount"], each["refunded_count"], code))
        metrics.append(Metric("fees", each["fee_amount"], each["captured_count"], code))
    return metrics
