"""The rules floor: it works with no model, and each verdict says why.

Every rule that fires adds a factor; the score is one minus the product of what the factors leave over, so it grows with
each and never passes 1. The verdict is the strictest that a fired rule asks for.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from payments.models import PaymentMethod, RiskListEntry
from payments.models.decisions import Verdict
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.money import Money

VERSION = "rules-1"
HOUR = timedelta(hours=1)
# Far above what one person does by hand; a merchant's policy may set less.
MOST_PER_HOUR = 1_000
MOST_FAILED_PER_HOUR = 30
_STRICTNESS = [Verdict.ALLOW, Verdict.CHALLENGE, Verdict.REVIEW, Verdict.BLOCK]


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason: its weight is how much risk it stands for, from 0 to 1."""

    name: str
    weight: float
    verdict: Verdict
    detail: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A verdict with its score from 0 to 1, its reasons and the inputs it was computed from."""

    score: float
    verdict: Verdict
    factors: list[Factor] = field(default_factory=list)
    inputs: dict[str, object] = field(default_factory=dict)
    version: str = VERSION


@dataclass(frozen=True, slots=True)
class _Limits:
    """A merchant's policy in one currency; None means no such limit."""

    challenge_over: int | None
    review_over: int | None
    block_over: int | None
    most_per_hour: int


@dataclass(frozen=True, slots=True)
class _Listed:
    kind: str
    value: str
    verdict: str


# One round trip for the policy, the entries of the lists, and the customer's payments of the last hour, which are
# counted only just past the limit.
_FACTS = """
    SELECT p.challenge_over, p.review_over, p.block_over, p.most_per_hour,
        (SELECT array_agg(ARRAY[e.kind, e.value, e.verdict] ORDER BY e.id) FROM payments_risklistentry e
         WHERE e.merchant_id = %(merchant)s AND e.livemode = %(livemode)s
           AND (e.kind, e.value) IN (SELECT * FROM unnest(%(kinds)s::text[], %(values)s::text[]))),
        recent.found, recent.failed
    FROM (SELECT) AS one
    LEFT JOIN payments_riskpolicy p
        ON p.merchant_id = %(merchant)s AND p.livemode = %(livemode)s AND p.currency = %(currency)s
    CROSS JOIN LATERAL (
        SELECT count(*) AS found, count(*) FILTER (WHERE state = 'failed') AS failed FROM (
            SELECT y.state FROM payments_payment y
            WHERE y.customer_id = %(customer)s AND y.created_at >= %(since)s
            ORDER BY y.created_at DESC LIMIT coalesce(p.most_per_hour, %(most)s) + 1
        ) AS counted
    ) AS recent
"""


def assess(*, actor: Actor, money: Money, customer_id: str, method: PaymentMethod | None) -> Assessment:
    """Score a payment that is about to be tried."""
    subjects = [(RiskListEntry.Kind.CUSTOMER, customer_id)]
    if method is not None:
        subjects.append((RiskListEntry.Kind.PAYMENT_METHOD, method.public_id))
        subjects.append((RiskListEntry.Kind.COUNTRY, method.country))
    limits, listed, recent, failed = _facts(actor, money.currency, subjects, method)
    inputs: dict[str, object] = {
        "amount": money.minor,
        "currency": money.currency,
        "payments_last_hour": recent,
        "failed_last_hour": failed,
        "listed": [f"{entry.kind}:{entry.value}:{entry.verdict}" for entry in listed],
    }
    if any(entry.verdict == Verdict.ALLOW for entry in listed):
        return Assessment(0.0, Verdict.ALLOW, [], inputs)
    factors = [
        Factor(f"listed_{entry.kind}", 1.0, Verdict.BLOCK, f"{entry.value} is on the block list") for entry in listed
    ]
    factors += _amount(money, limits) + _velocity(recent, failed, limits)
    left = 1.0
    for factor in factors:
        left *= 1.0 - factor.weight
    verdict = max((factor.verdict for factor in factors), key=_STRICTNESS.index, default=Verdict.ALLOW)
    return Assessment(round(1.0 - left, 6), verdict, factors, inputs)


def _facts(
    actor: Actor, currency: str, subjects: list[tuple[RiskListEntry.Kind, str]], method: PaymentMethod | None
) -> tuple[_Limits, list[_Listed], int, int]:
    known = [(str(kind.value), value) for kind, value in subjects if value]
    values: dict[str, Any] = {
        "merchant": actor.merchant,
        "livemode": actor.livemode,
        "currency": currency,
        "kinds": [kind for kind, _ in known],
        "values": [value for _, value in known],
        "customer": method.customer_id if method is not None else None,
        "since": clock.now() - HOUR,
        "most": MOST_PER_HOUR,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, values)
        challenge, review, block, most, listed, recent, failed = cursor.fetchone()
    limits = _Limits(challenge, review, block, MOST_PER_HOUR if most is None else most)
    return limits, [_Listed(*entry) for entry in listed or []], recent, failed


def _amount(money: Money, limits: _Limits) -> list[Factor]:
    thresholds = [
        ("amount_over_block_limit", limits.block_over, 1.0, Verdict.BLOCK),
        ("amount_over_review_limit", limits.review_over, 0.6, Verdict.REVIEW),
        ("amount_over_challenge_limit", limits.challenge_over, 0.3, Verdict.CHALLENGE),
    ]
    for name, limit, weight, verdict in thresholds:
        if limit is not None and money.minor > limit:
            return [Factor(name, weight, verdict, f"{money} is more than {Money(limit, money.currency)}")]
    return []


def _velocity(recent: int, failed: int, limits: _Limits) -> list[Factor]:
    factors = []
    if recent > limits.most_per_hour:
        detail = f"more than {limits.most_per_hour} payments of this customer within an hour"
        factors.append(Factor("customer_velocity", 0.4, Verdict.CHALLENGE, detail))
    if failed > MOST_FAILED_PER_HOUR:
        detail = f"{failed} failed payments of this customer within an hour"
        factors.append(Factor("customer_failures", 0.5, Verdict.CHALLENGE, detail))
    return factors
