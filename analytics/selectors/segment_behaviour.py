"""A segment of customers against what the same customers did before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import connection

from analytics.segments import RULES, Amounts, Members
from analytics.segments import segment as draw
from analytics.selectors.behaviour import Behaviour, Findings, Window, nothing, ratio, window_of
from payments.models import Payment
from rupai.core.actor import Actor

LEAST_GAPS = 5


def segment_behaviour(
    *, actor: Actor, segment: str, start: date, end: date, analysis_type: str = "spending_patterns"
) -> Behaviour:
    """Compare what a segment's customers paid in some days with what they paid in the year before.

    No test is made: whoever is in a segment is there for the payments that would be tested.

    :raises DateRange: when the days are in the wrong order or too many.
    """
    actor.require("analytics:read")
    window = window_of(actor, start, end)
    if window is None:
        return nothing(analysis_type)
    rows = Payment.objects.visible_to(actor).filter(created_at__gte=window.past, created_at__lt=window.until)
    found = draw(rows, name=segment, since=window.since)
    sample = sum(sum(member.paid) for member in found.members.values())
    if not sample or found.first is None:
        return nothing(analysis_type)
    window = replace(window, past=min(max(window.past, found.first), window.since))
    findings = Findings(methods=[f"segment {segment!r}: {RULES[segment]}"])
    _ANALYSES[analysis_type](findings, found.members, window)
    return findings.as_behaviour(analysis_type, sample)


def _counts(findings: Findings, members: Members, window: Window) -> None:
    paid = [sum(member.paid[place] for member in members.values()) for place in (0, 1)]
    findings.add("customers", len(members))
    findings.add("customers_who_paid", sum(bool(member.paid[0]) for member in members.values()))
    method = "counts and sums: those of the year before, for as many days" if window.past_days else ""
    findings.add("payments", paid[0], baseline=window.scaled(paid[1]), method=method)


def _spending(findings: Findings, members: Members, window: Window) -> None:
    _counts(findings, members, window)
    for code in sorted({code for member in members.values() for code in member.amounts}):
        amounts = [member.amounts[code] for member in members.values() if code in member.amounts]
        now, past = sum(each.now for each in amounts), sum(each.past for each in amounts)
        findings.add(f"amount_spent_{code}", now, baseline=window.scaled_amount(past))
        mean, before = _means(amounts, now, past)
        findings.add(f"average_payment_{code}", mean, baseline=before)


def _means(amounts: list[Amounts], now: int, past: int) -> tuple[int | None, int | None]:
    counts = sum(each.now_count for each in amounts), sum(each.past_count for each in amounts)
    return _mean(now, counts[0]), _mean(past, counts[1])


def _mean(total: int, count: int) -> int | None:
    """Rounded once, half up."""
    return (2 * total + count) // (2 * count) if count else None


def _engagement(findings: Findings, members: Members, window: Window) -> None:
    _counts(findings, members, window)
    paid, failed, refunded = (
        [sum(getattr(member, kind)[place] for member in members.values()) for place in (0, 1)]
        for kind in ("paid", "failed", "refunded")
    )
    each = ratio(paid[0], len(members))
    per_customer = window.scaled(paid[1])
    findings.add(
        "payments_per_customer", each, baseline=per_customer / len(members) if per_customer is not None else None
    )
    now, past = (ratio(paid[place], paid[place] + failed[place]) for place in (0, 1))
    findings.add("success_rate", now, baseline=past)
    findings.add("refund_rate", ratio(refunded[0], paid[0]), baseline=ratio(refunded[1], paid[1]))


# Of each customer: the number of gaps between days with a payment, the longest, and the gap since the last such day.
_GAPS = """
    WITH days AS (
        SELECT DISTINCT customer_id, (created_at AT TIME ZONE %(zone)s)::date AS day FROM payments_payment
        WHERE customer_id = ANY(%(customers)s) AND amount_captured > 0
            AND created_at >= %(past)s AND created_at < %(until)s
    ), gaps AS (
        SELECT customer_id, day, day - lag(day) OVER (PARTITION BY customer_id ORDER BY day) AS gap FROM days
    )
    SELECT count(gap), coalesce(max(gap), 0), %(last)s::date - max(day) FROM gaps GROUP BY customer_id
"""


def _churn(findings: Findings, members: Members, window: Window) -> None:
    values: dict[str, Any] = {
        "zone": window.zone.key,
        "customers": list(members),
        "past": window.past,
        "until": window.until,
        "last": window.last_day,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GAPS, values)
        rhythms = [row for row in cursor.fetchall() if row[0] >= LEAST_GAPS]
    overdue = sum(since > longest for _, longest, since in rhythms)
    # Where all gaps of a customer are alike by chance, the present one is the longest once in so many.
    by_chance = sum(1 / (count + 1) for count, _, _ in rhythms)
    findings.add("customers", len(members))
    findings.add("customers_with_a_rhythm", len(rhythms))
    method = "overdue: no payment for longer than in any of at least five own gaps; baseline: by chance alone"
    findings.add("customers_overdue", overdue, baseline=by_chance, method=method)
    findings.add("share_overdue", ratio(overdue, len(rhythms)), baseline=by_chance / len(rhythms) if rhythms else None)


_ANALYSES: dict[str, Callable[[Findings, Members, Window], None]] = {
    "spending_patterns": _spending,
    "engagement_patterns": _engagement,
    "churn_risk": _churn,
}
