"""Giving captured money back: reserved first, then asked of the provider, then posted or released."""

from uuid import UUID

from payments.models import Payment, Refund
from payments.providers.base import RefundRequest
from payments.services import moves, outcomes, postings
from payments.services.connectors import connector_of_attempt
from payments.services.outcomes import Outcome
from payments.services.refunding import apply_refund, reserve_refund
from payments.services.settle import settle_refund
from rupai.core import failpoints, statements
from rupai.core.actor import Actor
from rupai.core.money import Money


def refund_payment(
    *,
    actor: Actor,
    payment_id: str,
    amount: int | None = None,
    reason: str = "other",
    note: str = "",
    idempotency_id: UUID | None = None,
    resumed: bool = False,
) -> Refund:
    """Refund ``amount`` minor units of a captured payment, or all that is left.

    The refund is succeeded, failed (the provider refused; the money is refundable again) or pending.

    :raises WrongState: when nothing was captured.
    :raises RefundTooLarge: when pending, succeeded and this refund together exceed what was captured.
    """
    actor.require("refunds:write")
    payment = statements.named(Payment, payment_id, actor=actor)
    if resumed:
        begun = Refund.objects.visible_to(actor).filter(idempotency_id=idempotency_id).first()
        if begun is not None:
            return settle_refund(begun, actor=actor)
    postings.prepare(payment)
    with moves.in_own_transaction():
        payment = moves.lock_payment(payment)
        refund = reserve_refund(
            payment, amount=amount, reason=reason, note=note, idempotency_id=idempotency_id, actor=actor
        )
        failpoints.hit("refund.before_intent_commit")
    return send_refund(refund, actor=actor)


def send_refund(refund: Refund, *, actor: Actor) -> Refund:
    """Ask the provider for a reserved refund and apply the outcome; sending it again moves nothing twice."""
    failpoints.hit("refund.before_call")
    outcome = _call(refund)
    failpoints.hit("refund.after_call")
    with moves.in_own_transaction():
        refund = apply_refund(refund, outcome, actor=actor)
        failpoints.hit("refund.before_commit")
    failpoints.hit("refund.after_commit")
    return refund


def _call(refund: Refund) -> Outcome:
    attempt = refund.attempt
    request = RefundRequest(
        provider_id=attempt.provider_id,
        reference=refund.public_id,
        idempotency_key=refund.key,
        amount=Money(refund.amount, refund.currency),
        reason=refund.reason,
    )
    return outcomes.of_change(connector_of_attempt(attempt).refund(request), done="captured")
