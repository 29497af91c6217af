"""Customers who pay, or fail to pay, faster than they or others usually do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from analytics.selectors.chances import rate_is_above, share_is_above
from analytics.selectors.patterns import Pattern, Reason, from_chance, pattern
from payments.models import Payment, RiskDecision
from payments.models.decisions import Verdict
from payments.states import PaymentState
from rupai.accounts.models import Customer
from rupai.core import clock, ids

MOST_CUSTOMERS = 1_000
PAST = timedelta(days=30)
_LEAST_PAYMENTS = _LEAST_FAILED = 3
# What the floor itself says about pace.
_OF_RULES = {"customer_velocity", "customer_failures"}
_STRICTNESS = [Verdict.ALLOW, Verdict.CHALLENGE, Verdict.REVIEW, Verdict.BLOCK]


@dataclass(frozen=True, slots=True)
class _Pace:
    """Payments of a customer in the window, how many failed, and how many there were in so many hours before."""

    key: Any
    made: int
    failed: int
    past: int
    past_hours: float


@dataclass(frozen=True, slots=True)
class _Whole:
    """The same of all customers of the window together."""

    customers: int
    made: int
    failed: int


def fast(
    rows: QuerySet[Payment], *, since: datetime, threshold: float, only: Customer | None
) -> tuple[list[Pattern], int]:
    """Score the busiest customers since a moment, or one; tell also how many customers were looked at."""
    recent = rows.filter(created_at__gte=since)
    failed = Count("pk", filter=Q(state=PaymentState.FAILED))
    totals = recent.aggregate(customers=Count("customer", distinct=True), made=Count("pk"), failed=failed)
    whole = _Whole(totals["customers"], totals["made"], totals["failed"])
    grouped: Any = recent.filter(customer=only) if only is not None else recent
    grouped = grouped.order_by().values("customer_id").annotate(made=Count("pk"), failed=failed)
    busiest = list(grouped.order_by("-made", "customer_id")[:MOST_CUSTOMERS])
    paces = list(_paces(busiest, since))
    said = _said(recent, [pace.key for pace in paces])
    hours = (clock.now() - since) / timedelta(hours=1)
    looked_at = 1 if only is not None else max(1, whole.customers)
    patterns = [
        pattern(
            ids.public_id(Customer.prefix, pace.key),
            [*said.get(pace.key, ({}, Verdict.ALLOW))[0].values(), *_reasons(pace, whole, hours, looked_at)],
            threshold=threshold,
            verdict=said.get(pace.key, ({}, Verdict.ALLOW))[1],
        )
        for pace in paces
    ]
    if only is not None and not patterns:
        return [pattern(only.public_id, [], threshold=threshold)], 1
    return [each for each in patterns if only is not None or each.score >= threshold], len(patterns)


_PAST = """
    SELECT c.id, extract(epoch FROM %(since)s - greatest(c.created_at, %(past)s)) / 3600,
        (SELECT count(*) FROM payments_payment p
         WHERE p.customer_id = c.id AND p.created_at < %(since)s AND p.created_at >= %(past)s)
    FROM accounts_customer c WHERE c.id = ANY(%(customers)s)
"""


def _paces(busiest: Iterable[dict[str, Any]], since: datetime) -> Iterator[_Pace]:
    rows = {row["customer_id"]: row for row in busiest}
    with connection.cursor() as cursor:
        cursor.execute(_PAST, {"since": since, "past": since - PAST, "customers": list(rows)})
        found = cursor.fetchall()
    for key, hours, past in found:
        yield _Pace(key, rows[key]["made"], rows[key]["failed"], past, max(0.0, float(hours)))


def _reasons(pace: _Pace, whole: _Whole, hours: float, looked_at: int) -> Iterator[Reason]:
    others = whole.customers - 1
    if pace.made >= _LEAST_PAYMENTS:
        if pace.past and pace.past_hours:
            chance = rate_is_above(pace.made, hours, pace.past, pace.past_hours)
            yield from from_chance("payments_above_own_pace", chance, looked_at=looked_at)
        elif others:
            # Whoever has no pace yet is held against the others, each of whom counts as one.
            chance = rate_is_above(pace.made, 1, whole.made - pace.made, others)
            yield from from_chance("payments_above_others", chance, looked_at=looked_at)
    if pace.failed >= _LEAST_FAILED and whole.made > pace.made:
        chance = share_is_above(pace.failed, pace.made, whole.failed - pace.failed, whole.made - pace.made)
        yield from from_chance("failures_above_others", chance, looked_at=looked_at)


def _said(recent: QuerySet[Payment], customers: list[Any]) -> dict[Any, tuple[dict[str, Reason], str]]:
    """What the rules said about the pace of customers: each reason at its heaviest, and the strictest verdict."""
    said: dict[Any, tuple[dict[str, Reason], str]] = {}
    decisions = RiskDecision.objects.filter(payment__in=recent.filter(customer__in=customers).order_by())
    rows = decisions.exclude(factors=[]).values_list("payment__customer_id", "factors", "verdict")
    for key, factors, verdict in rows:
        own = [factor for factor in factors if factor["name"] in _OF_RULES]
        if not own:
            continue
        known, strictest = said.get(key, ({}, Verdict.ALLOW))
        for factor in own:
            before = known.get(factor["name"])
            weight = max(float(factor["weight"]), before.weight if before else 0.0)
            known[factor["name"]] = Reason(factor["name"], weight)
        said[key] = known, max(strictest, verdict, key=lambda each: _STRICTNESS.index(Verdict(each)))
    return said
