"""Telling analytics what has happened: payments at moments, then the sums brought up to date."""

from datetime import datetime
from typing import Any

from analytics.services import rollups
from compliance.audit import sequencer
from payments.models import Payment, RiskDecision
from payments.services.refund import refund_payment
from payments.tests.factories import Shop, new_customer
from rupai.accounts.models import Customer
from rupai.core import clock, ids


def count_all(moment: datetime) -> None:
    """Number the events and add them to the sums at a moment, as the worker does; minutes are kept for two days."""
    with clock.at(moment):
        sequencer.sequence()
        rollups.catch_up()


def paid_at(shop: Shop, moment: datetime, amount: int = 10_000, **fields: str) -> Payment:
    """Take a payment at a moment."""
    with clock.at(moment):
        return shop.pay(amount, **fields)


def refunded_at(shop: Shop, moment: datetime, payment: Payment, amount: int, *, reason: str = "other") -> None:
    """Give money back at a moment."""
    with clock.at(moment):
        refund_payment(actor=shop.actor, payment_id=payment.public_id, amount=amount, reason=reason)


def customer_since(shop: Shop, moment: datetime) -> Customer:
    """Another customer of the shop, entered at a moment."""
    with clock.at(moment):
        return new_customer(shop.actor)


def written(
    shop: Shop, moment: datetime, amount: int = 10_000, *, customer: Customer | None = None, **fields: Any
) -> Payment:
    """Write a captured payment of a moment as a row, without asking anybody; its state can be another one."""
    state = fields.setdefault("state", "captured")
    captured = amount if state == "captured" else 0
    row: Payment = Payment.objects.create(
        id=ids.new_key(moment),
        merchant_id=shop.merchant.pk,
        livemode=False,
        created_at=moment,
        updated_at=moment,
        customer=customer or shop.customer,
        amount=amount,
        amount_authorized=captured,
        amount_captured=captured,
        created_by="tests",
        **{"method": "card", "currency": "INR", **fields},
    )
    return row


def judged(payment: Payment, *names: str, score: float = 0.0, verdict: str = "allow") -> RiskDecision:
    """Write what the rules said about a payment; each named factor weighs as much as the score."""
    factors = [{"name": name, "weight": score, "verdict": verdict, "detail": ""} for name in names]
    row: RiskDecision = RiskDecision.objects.create(
        payment=payment,
        score=score,
        verdict=verdict,
        factors=factors,
        model_version="rules-1",
        created_at=payment.created_at,
    )
    return row
