"""Patterns of fraud, from the decisions of the rules floor and from payments. It reports, and blocks nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from analytics.selectors import fraud_customers, fraud_payments, fraud_system
from analytics.selectors.fraud_calibration import calibration_of
from analytics.selectors.patterns import Pattern, Patterns
from payments.models import Payment
from payments.risk import rules
from rupai.accounts.models import Customer
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.rows import RowQuerySet

ANALYSES = ("behavioral_anomaly", "velocity", "recent_activity", "system_wide")
MOST_FOUND = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Which payments of which time are looked at, and what of: one payment, one customer, or all."""

    actor: Actor
    since: datetime
    threshold: float
    payment: Payment | None
    customer: Customer | None

    @property
    def rows(self) -> QuerySet[Payment]:
        """The payments in question, whatever their age when one is named."""
        found: QuerySet[Payment] = Payment.objects.visible_to(self.actor)
        if self.payment is not None:
            return found.filter(pk=self.payment.pk)
        found = found.filter(created_at__gte=self.since)
        return found.filter(customer=self.customer) if self.customer is not None else found


def fraud_patterns(
    *,
    actor: Actor,
    analysis_type: str = "behavioral_anomaly",
    customer_id: str | None = None,
    payment_id: str | None = None,
    threshold: float = 0.8,
    window_hours: int = 24,
    limit: int = 25,
) -> Patterns:
    """Look for patterns among the payments of the last ``window_hours``.

    ``behavioral_anomaly`` compares each payment with the same customer's payments of the year before it, ``velocity``
    each customer's pace with the own one of 30 days before (or that of others), ``recent_activity`` shows what the
    rules decided, and ``system_wide`` compares the whole with the 30 days before. What scores below ``threshold`` is
    left out; a payment or customer who is named, and the whole, are always scored.

    :raises NotFound: when the actor sees no such payment or customer.
    """
    actor.require("fraud:read")
    customer: Customer | None = Customer.objects.visible_to(actor).named(customer_id) if customer_id else None
    payments: RowQuerySet[Payment] = Payment.objects.visible_to(actor)
    if customer is not None:
        payments = payments.filter(customer=customer)
    payment = payments.select_related("customer").named(payment_id) if payment_id else None
    since = clock.now() - timedelta(hours=window_hours)
    asked = _Asked(actor=actor, since=since, threshold=threshold, payment=payment, customer=customer)
    found, scanned = _ANALYSES[analysis_type](asked)
    findings = sorted(found, key=lambda each: -each.score)[: min(limit, MOST_FOUND)]
    return Patterns(findings, scanned, threshold, rules.VERSION, calibration_of(actor))


_Found = tuple[Iterable[Pattern], int]


def _behavioural(asked: _Asked) -> _Found:
    found = fraud_payments.compared(asked.rows, threshold=asked.threshold)
    if asked.payment is not None:
        return found, len(found)
    over = [each for each in found if each.score >= asked.threshold]
    if asked.customer is not None:
        # The customer as such is as suspicious as the worst of the payments.
        worst = max(found, key=lambda each: each.score, default=Pattern("", 0.0, "allow"))
        whole = Pattern(asked.customer.public_id, worst.score, worst.decision, worst.factors)
        return [whole, *over], len(found)
    return over, len(found)


def _recent(asked: _Asked) -> _Found:
    named = asked.payment is not None
    return fraud_payments.decided(asked.rows, least=0.0 if named else asked.threshold, threshold=asked.threshold)


def _velocity(asked: _Asked) -> _Found:
    customer = asked.payment.customer if asked.payment is not None else asked.customer
    rows: QuerySet[Payment] = Payment.objects.visible_to(asked.actor)
    return fraud_customers.fast(rows, since=asked.since, threshold=asked.threshold, only=customer)


def _system(asked: _Asked) -> _Found:
    return fraud_system.whole(asked.actor, since=asked.since, threshold=asked.threshold)


_ANALYSES: dict[str, Callable[[_Asked], _Found]] = {
    "behavioral_anomaly": _behavioural,
    "velocity": _velocity,
    "recent_activity": _recent,
    "system_wide": _system,
}
