"""Payments against the same customer's past, and what the rules floor decided about them."""

import json
from collections.abc import Iterator

from django.db import connection
from django.db.models import QuerySet

from analytics.selectors.patterns import Pattern, Reason, from_distance, from_rules, pattern
from payments.models import Payment, RiskDecision
from payments.models.decisions import Verdict
from rupai.core import ids

# So many of the newest payments are compared with their past, and so many of a customer's newest are that past.
MOST_COMPARED, MOST_PAST = 1_000, 500
PAST_DAYS = 365
# Fewer payments are no past to be compared with.
LEAST_PAST = 5
# A customer whose amounts never varied may vary by a tenth.
_LEAST_SPREAD = 0.1
_FAILED_BEFORE = 3

# For each payment: its last decision, what the same customer had paid in the same currency before, and where the cards
# were from, and how many payments of the customer failed within the hour before.
_COMPARED = """
    SELECT p.id, p.amount, coalesce(m.country, ''), past.paid, past.mean, past.spread, past.countries, burst.failed,
        risk.verdict, risk.factors
    FROM payments_payment p
    LEFT JOIN payments_paymentmethod m ON m.id = p.payment_method_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS paid, avg(amount)::float AS mean, coalesce(stddev_samp(amount), 0)::float AS spread,
            coalesce(array_agg(DISTINCT country) FILTER (WHERE country <> ''), ARRAY[]::text[]) AS countries
        FROM (
            SELECT q.amount, n.country FROM payments_payment q
            LEFT JOIN payments_paymentmethod n ON n.id = q.payment_method_id
            WHERE q.customer_id = p.customer_id AND q.currency = p.currency AND q.amount_captured > 0
                AND q.created_at < p.created_at AND q.created_at >= p.created_at - make_interval(days => %(days)s)
            ORDER BY q.created_at DESC LIMIT %(most)s
        ) AS newest
    ) AS past
    CROSS JOIN LATERAL (
        SELECT count(*) AS failed FROM payments_payment q
        WHERE q.customer_id = p.customer_id AND q.state = 'failed'
            AND q.created_at < p.created_at AND q.created_at >= p.created_at - interval '1 hour'
    ) AS burst
    LEFT JOIN LATERAL (
        SELECT verdict, factors FROM payments_riskdecision d
        WHERE d.payment_id = p.id ORDER BY d.created_at DESC, d.id DESC LIMIT 1
    ) AS risk ON true
    WHERE p.id = ANY(%(payments)s)
    ORDER BY p.created_at DESC, p.id DESC
"""


def compared(rows: QuerySet[Payment], *, threshold: float) -> list[Pattern]:
    """Score payments, the newest first, by their decisions and against the customer's own past."""
    keys = list(rows.order_by("-created_at", "-id").values_list("pk", flat=True)[:MOST_COMPARED])
    with connection.cursor() as cursor:
        cursor.execute(_COMPARED, {"payments": keys, "days": PAST_DAYS, "most": MOST_PAST})
        found = cursor.fetchall()
    return [
        pattern(
            ids.public_id(Payment.prefix, key),
            [*_rules(factors), *_amount(amount, *past), *_country(country, past[0], countries), *_failures(failed)],
            threshold=threshold,
            verdict=verdict or Verdict.ALLOW,
        )
        for key, amount, country, *past, countries, failed, verdict, factors in found
    ]


def _rules(factors: str | None) -> list[Reason]:
    # A cursor gives JSON as it is written.
    return from_rules(json.loads(factors) if factors else [])


def _amount(amount: int, paid: int, mean: float | None, spread: float) -> list[Reason]:
    if paid < LEAST_PAST or mean is None:
        return []
    return from_distance("amount_above_own_past", (amount - mean) / max(spread, mean * _LEAST_SPREAD))


def _country(country: str, paid: int, known: list[str]) -> Iterator[Reason]:
    if country and known and paid >= LEAST_PAST and country not in known:
        yield Reason("country_not_seen_before", 0.3)


def _failures(failed: int) -> Iterator[Reason]:
    if failed >= _FAILED_BEFORE:
        yield Reason("failures_within_the_hour_before", 0.4)


def decided(rows: QuerySet[Payment], *, least: float, threshold: float) -> tuple[list[Pattern], int]:
    """Payments whose last decision scored at least so much, and how many have a decision at all."""
    decisions = RiskDecision.objects.filter(payment__in=rows.order_by())
    last = decisions.order_by("payment_id", "-created_at", "-id").distinct("payment_id")
    found = RiskDecision.objects.filter(pk__in=last.values("pk"))
    shown = found.filter(score__gte=least).order_by("-score", "-created_at")
    patterns = [
        pattern(
            ids.public_id(Payment.prefix, decision.payment_id),
            from_rules(decision.factors),
            threshold=threshold,
            verdict=decision.verdict,
        )
        for decision in shown[:MOST_COMPARED]
    ]
    return patterns, found.count()
