"""Cancelling a payment of which nothing was captured."""

from payments.models import Attempt, Payment
from payments.providers.base import VoidRequest
from payments.services import moves, outcomes
from payments.services.connectors import connector_of_attempt
from payments.services.outcomes import Outcome
from payments.services.settle import settle_payment
from payments.services.voiding import apply_void
from payments.states import AttemptState, PaymentState
from rupai.core import failpoints
from rupai.core.actor import Actor
from rupai.core.errors import WrongState

_VOIDABLE = frozenset({AttemptState.AUTHORIZED, AttemptState.AUTHENTICATION_PENDING})


def cancel_payment(*, actor: Actor, payment_id: str, resumed: bool = False) -> Payment:
    """Cancel a payment; an authorisation is released at its provider.

    ``resumed`` says that an earlier call of the same request died, so a payment that is cancelled already is a success.

    :raises WrongState: when money was taken, the outcome is not known yet, or a capture is under way.
    """
    actor.require("payments:write")
    payment: Payment = Payment.objects.visible_to(actor).named(payment_id)
    if resumed:
        payment = settle_payment(payment, actor=actor)
        if payment.state == PaymentState.CANCELLED:
            return payment
    return end_payment(payment, PaymentState.CANCELLED, actor=actor)


def end_payment(payment: Payment, state: str, *, actor: Actor) -> Payment:
    """Release what is held and end the payment as cancelled or expired."""
    attempt = _claim(payment, state, actor)
    if attempt is None:
        return moves.reread(payment)
    failpoints.hit("void.before_call")
    outcome = _call(attempt)
    failpoints.hit("void.after_call")
    with moves.in_own_transaction():
        payment = apply_void(attempt, outcome, actor=actor, ends_as=state)
        failpoints.hit("void.before_commit")
    failpoints.hit("void.after_commit")
    return payment


def _claim(payment: Payment, state: str, actor: Actor) -> Attempt | None:
    """Claim the attempt for a void; None when there was nothing to release and the payment has ended."""
    with moves.in_own_transaction():
        payment = moves.lock_payment(payment)
        if payment.state == PaymentState.REQUIRES_PAYMENT_METHOD:
            payment.expires_at = None
            moves.move_payment(payment, state, actor=actor)
            return None
        attempt = payment.tries.order_by("-number").first()
        if attempt is None or attempt.state not in _VOIDABLE or payment.amount_captured:
            raise WrongState(
                f"This payment is {payment.status} and cannot be cancelled now",
                hint="Refund captured money; while the outcome is not known, read the payment and try again.",
                payment=payment.public_id,
                payment_status=payment.status,
            )
        attempt.operation = Attempt.Operation.VOID
        moves.move_attempt(attempt, payment, AttemptState.VOID_INITIATED, actor=actor)
        moves.save_payment(payment)
        attempt.payment = payment
        return attempt


def _call(attempt: Attempt) -> Outcome:
    request = VoidRequest(
        provider_id=attempt.provider_id, reference=attempt.reference, idempotency_key=attempt.key_for("void")
    )
    return outcomes.of_change(connector_of_attempt(attempt).void(request), done="voided")
