"""How providers and our own doors did: counts, success and latency over some days."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Aggregate, Count, FloatField, Q

from analytics.registry import Measured, parts_of, performance_part
from analytics.selectors import sums
from analytics.selectors.days import check_days, zone_for
from analytics.selectors.overview import percentile
from rupai.core.actor import Actor
from rupai.core.zones import beginning_of
from rupai.notifications.models import WebhookAttempt

SCOPES = ("providers", "api", "all")
HEADINGS = ("area", "name", "count", "succeeded", "failed", "success_rate", "p50_ms", "p95_ms")


def measured(*, actor: Actor, start: date, end: date, scope: str = "all") -> list[Measured]:
    """Measure every part of a scope over days of the merchant's calendar, both included.

    :raises DateRange: when the days are in the wrong order or too many.
    """
    check_days(start, end)
    zone = zone_for(actor)
    since, until = beginning_of(start, zone), beginning_of(end + timedelta(days=1), zone)
    found: list[Measured] = []
    if scope != "api":
        found += _providers(actor, start, end)
    for each in ("providers", "api") if scope == "all" else (scope,):
        for measure in parts_of(each).values():
            found += measure(actor, since, until)
    return found


def _providers(actor: Actor, start: date, end: date) -> Iterator[Measured]:
    """Payments with an outcome at each provider; latencies are upper ends of their classes."""
    rows = sums.added_up(sums.days_seen(actor, start=start, end=end), ["provider"])
    for (name,), found in sorted(rows, key=lambda row: row[0]):
        if not sums.decided(found):
            continue
        yield Measured(
            area="provider",
            name=name,
            count=sums.decided(found),
            succeeded=found["succeeded_count"],
            failed=found["failed_count"],
            p50_ms=percentile(found, 50),
            p95_ms=percentile(found, 95),
        )


class Percentile(Aggregate):
    """A value of the column that so many per cent do not exceed."""

    template = "percentile_disc(%(part)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()
    allow_distinct = False


@performance_part("webhooks", scope="api")
def webhooks(actor: Actor, since: datetime, until: datetime) -> Iterator[Measured]:
    """Tries to deliver events to the merchant's own endpoints."""
    tries = WebhookAttempt.objects.filter(at__gte=since, at__lt=until, delivery__livemode=actor.livemode)
    if actor.merchant_id is not None:
        tries = tries.filter(delivery__merchant_id=actor.merchant_id)
    taken = Q(status__gte=200, status__lt=300)
    rows = tries.values("delivery__endpoint__url").annotate(
        count=Count("pk"),
        taken=Count("pk", filter=taken),
        p50=Percentile("milliseconds", part="0.5"),
        p95=Percentile("milliseconds", part="0.95"),
    )
    for row in rows.order_by("delivery__endpoint__url"):
        yield Measured(
            area="webhook",
            name=row["delivery__endpoint__url"],
            count=row["count"],
            succeeded=row["taken"],
            failed=row["count"] - row["taken"],
            p50_ms=int(row["p50"]),
            p95_ms=int(row["p95"]),
        )
