"""Giving captured money back: reserved first, then asked of the provider, then posted or released."""

from uuid import UUID

from payments.models import Payment, Refund
from payments.providers.base import RefundRequest
from payments.services import mandated, moves, outcomes, postings
from payments.services.connectors import connector_of_attempt
from payments.services.outcomes import Outcome
from payments.services.preview import Preview
from payments.services.refunding import apply_refund, reserve_refund
from payments.services.settle import settle_refund
from rupai.core import failpoints, statements
from rupai.core.actor import Actor
from rupai.core.dry_run import rehearsal, unbound
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
    :raises MandateRefused: when the actor is an agent and has no mandate for it.
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


def preview_refund(
    *, actor: Actor, payment_id: str, amount: int | None = None, reason: str = "other", note: str = ""
) -> Preview:
    """Run all checks of ``refund_payment``; nothing is written, and no provider is asked.

    :raises: what ``refund_payment`` raises, but a mandate's refusal, which the preview tells.
    """
    actor.require("refunds:write")
    payment = statements.named(Payment, payment_id, actor=actor)
    with rehearsal():
        postings.prepare(payment)
        locked = moves.lock_payment(payment)
        refund = reserve_refund(
            locked, amount=amount, reason=reason, note=note, idempotency_id=None, actor=unbound(actor)
        )
    return Preview(
        money=Money(refund.amount, refund.currency),
        payment=payment,
        verdict=mandated.verdict(mandated.of_refund(refund, payment), actor=actor),
        refundable_after=locked.refundable,
    )


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
