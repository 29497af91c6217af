"""Looking for fraud at one moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

from analytics.selectors.fraud import fraud_patterns
from analytics.selectors.patterns import Patterns
from payments.models import Attempt, Payment, Refund
from payments.tests.factories import Shop
from rupai.core import clock

NOW = datetime(2026, 5, 20, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def look(shop: Shop, analysis: str = "behavioral_anomaly", **asked: Any) -> Patterns:
    with clock.at(NOW):
        return fraud_patterns(actor=shop.actor, analysis_type=analysis, **asked)


def given_back(payment: Payment, reason: str = "fraudulent") -> None:
    """Write a refund as it stands once it has succeeded."""
    attempt = Attempt.objects.create(
        payment=payment,
        number=1,
        amount=payment.amount,
        capture=True,
        reference=payment.public_id,
        state="charged",
        created_at=payment.created_at,
        updated_at=payment.created_at,
    )
    Refund.objects.create(
        merchant_id=payment.merchant_id,
        livemode=False,
        payment=payment,
        attempt=attempt,
        amount=payment.amount,
        currency=payment.currency,
        state="succeeded",
        reason=reason,
        created_by="tests",
        created_at=payment.created_at + DAY,
        updated_at=payment.created_at + DAY,
    )
