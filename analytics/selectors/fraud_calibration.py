"""How well the stored scores told fraud from the rest, by what became of the payments."""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef

from analytics.selectors.patterns import Calibration
from payments.models import Payment, Refund, RiskDecision
from payments.states import TransferState
from rupai.core import clock
from rupai.core.actor import Actor

# Fraud becomes known late: what is younger is not judged yet, and what is older tells of other times.
MATURE, OLDEST = timedelta(days=7), timedelta(days=180)
# With fewer frauds, or fewer others, the figures would be noise.
LEAST = 30
MOST = 50_000


def calibration_of(actor: Actor) -> Calibration | None:
    """Compare the scores of captured payments with whether they were refunded as fraudulent.

    None with less than thirty of either kind among the newest that have matured.
    """
    now = clock.now()
    of_fraud = {"reason": Refund.Reason.FRAUDULENT, "state": TransferState.SUCCEEDED}
    refunds: Any = Refund.objects.visible_to(actor).filter(created_at__gte=now - OLDEST, **of_fraud)
    if refunds.count() < LEAST:
        return None
    paid: Any = Payment.objects.visible_to(actor).filter(
        created_at__gte=now - OLDEST, created_at__lt=now - MATURE, amount_captured__gt=0
    )
    newest = paid.order_by("-created_at", "-id").values("pk")[:MOST]
    last = RiskDecision.objects.filter(payment__in=newest).order_by("payment_id", "-created_at", "-id")
    fraud = Exists(Refund.objects.filter(payment=OuterRef("payment"), **of_fraud))
    scores = last.distinct("payment_id").annotate(fraud=fraud).values_list("score", "fraud")
    return _measured(Counter(scores))


def _measured(counts: Counter[tuple[float, bool]]) -> Calibration | None:
    frauds = sum(count for (_, fraud), count in counts.items() if fraud)
    others = sum(counts.values()) - frauds
    if min(frauds, others) < LEAST:
        return None
    won, below = 0.0, 0
    # The area is the chance that a fraud scored higher than another payment; equal scores win half.
    for score in sorted({score for score, _ in counts}):
        of_frauds, of_others = counts[score, True], counts[score, False]
        won += of_frauds * (below + of_others / 2)
        below += of_others
    squares = sum(count * (score - fraud) ** 2 for (score, fraud), count in counts.items())
    return Calibration(
        round(won / (frauds * others), 6), round(squares / (frauds + others), 6), evaluated_at=clock.now()
    )
