"""Applying what became of a void."""

from payments.models import Attempt, Payment
from payments.services import booking, moves
from payments.services.authorization import ASK_FIRST_AFTER
from payments.services.outcomes import Outcome
from payments.states import AttemptState, PaymentState
from rupai.core import clock
from rupai.core.actor import Actor


def apply_void(attempt: Attempt, outcome: Outcome, *, actor: Actor, ends_as: str = PaymentState.CANCELLED) -> Payment:
    """Apply a void's outcome in the running transaction.

    A refused void does not say what became of the authorisation, so the provider is asked; "authorized" from that
    question means that the void never arrived.
    """
    payment, current = moves.lock_attempt(attempt)
    if current.state not in {AttemptState.VOID_INITIATED, AttemptState.UNKNOWN}:
        return payment
    current.exchange = outcome.exchange or current.exchange
    if outcome.kind == "voided":
        current.next_sync_at = None
        moves.move_attempt(current, payment, AttemptState.VOIDED, actor=actor)
        payment.next_action, payment.expires_at = None, None
        moves.move_payment(payment, ends_as, actor=actor)
        booking.book_void(payment, current)
        return payment
    if current.state != AttemptState.UNKNOWN:
        refused = outcome.kind == "declined"
        current.next_sync_at = clock.now() if refused else clock.now() + ASK_FIRST_AFTER
        moves.move_attempt(current, payment, AttemptState.UNKNOWN, actor=actor)
        moves.save_payment(payment)
    return payment
