"""A merchant as a whole against the month before: what was held back, what failed, what turned out to be fraud."""

from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from analytics.selectors.chances import share_is_above
from analytics.selectors.patterns import Pattern, Reason, from_chance, pattern
from payments.models import Payment, Refund, RiskDecision
from payments.models.decisions import Verdict
from payments.states import PaymentState, TransferState
from rupai.accounts.models import Merchant
from rupai.core import ids
from rupai.core.actor import Actor

PAST = timedelta(days=30)
_TESTS = 3
ALL_MERCHANTS = "all_merchants"


def whole(actor: Actor, *, since: datetime, threshold: float) -> tuple[list[Pattern], int]:
    """Score the merchant since a moment; tell also how many payments were looked at. Nothing of no payments."""
    rows = Payment.objects.visible_to(actor).filter(created_at__gte=since - PAST).order_by()
    now = Q(created_at__gte=since)
    payments = rows.aggregate(
        made=Count("pk", filter=now),
        failed=Count("pk", filter=now & Q(state=PaymentState.FAILED)),
        past=Count("pk", filter=~now),
        past_failed=Count("pk", filter=~now & Q(state=PaymentState.FAILED)),
        paid=Count("pk", filter=now & Q(amount_captured__gt=0)),
        past_paid=Count("pk", filter=~now & Q(amount_captured__gt=0)),
    )
    if not payments["made"]:
        return [], 0
    frauds, past_frauds = _refunded(rows, since)
    reasons = [
        *_above("held_above_usual", *_held(rows, since)),
        *_above(
            "failures_above_usual", payments["failed"], payments["made"], payments["past_failed"], payments["past"]
        ),
        *_above("fraud_refunds_above_usual", frauds, payments["paid"], past_frauds, payments["past_paid"]),
    ]
    subject = ids.public_id(Merchant.prefix, actor.merchant_id) if actor.merchant_id is not None else ALL_MERCHANTS
    return [pattern(subject, reasons, threshold=threshold)], payments["made"]


def _above(name: str, hits: int, tries: int, past_hits: int, past_tries: int) -> list[Reason]:
    if not hits or not past_tries:
        return []
    return from_chance(name, share_is_above(hits, tries, past_hits, past_tries), looked_at=_TESTS)


def _held(rows: QuerySet[Payment], since: datetime) -> tuple[int, int, int, int]:
    """Decisions to hold back or refuse, and all decisions; of now and of the past."""
    now, held = Q(payment__created_at__gte=since), Q(verdict__in=[Verdict.REVIEW, Verdict.BLOCK])
    found = RiskDecision.objects.filter(payment__in=rows).aggregate(
        held=Count("pk", filter=now & held),
        all=Count("pk", filter=now),
        past_held=Count("pk", filter=~now & held),
        past=Count("pk", filter=~now),
    )
    return found["held"], found["all"], found["past_held"], found["past"]


def _refunded(rows: QuerySet[Payment], since: datetime) -> tuple[int, int]:
    """How many payments of now and of the past were given back because they were fraud."""
    given_back = Refund.objects.filter(payment__in=rows, reason=Refund.Reason.FRAUDULENT, state=TransferState.SUCCEEDED)
    now = Q(payment__created_at__gte=since)
    found = given_back.aggregate(
        now=Count("payment", filter=now, distinct=True), past=Count("payment", filter=~now, distinct=True)
    )
    return found["now"], found["past"]
