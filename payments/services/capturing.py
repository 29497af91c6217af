"""Applying what became of a capture."""

from payments.models import Attempt, Capture, Payment
from payments.services import booking, mandated, moves, postings
from payments.services.authorization import ASK_FIRST_AFTER
from payments.services.outcomes import Outcome
from payments.states import AttemptState, PaymentState, TransferState
from rupai.core import clock, statements
from rupai.core.actor import Actor

_CAPTURE = "FROM payments_capture t0 JOIN payments_attempt t1 ON t1.id = t0.attempt_id WHERE t0.id = %s"
# What may change on a capture after it was asked for.
_CHANGING = ["state", "fee", "updated_at"]


def apply_capture(capture: Capture, outcome: Outcome, *, actor: Actor) -> Capture:
    """Apply a capture's outcome in the running transaction; one that was applied already changes nothing."""
    payment = moves.lock_payment(capture.payment)
    current: Capture
    attempt: Attempt
    [(current, attempt)] = statements.read([Capture, Attempt], _CAPTURE, [capture.pk])
    current.payment, current.attempt = payment, attempt
    if current.state != TransferState.PENDING:
        return current
    attempt.payment = payment
    attempt.next_sync_at = None
    attempt.exchange = outcome.exchange or attempt.exchange
    if outcome.kind in {"pending", "unknown"}:
        _wait(payment, attempt, actor)
    elif outcome.kind == "captured" and outcome.amount == current.amount:
        _succeed(payment, attempt, current, actor)
    else:
        _fail(payment, attempt, current, outcome, actor)
    return current


def _succeed(payment: Payment, attempt: Attempt, capture: Capture, actor: Actor) -> None:
    now = clock.now()
    before = payment.status
    booking.choose_place(payment)
    capture.state, capture.updated_at = TransferState.SUCCEEDED, now
    capture.fee = postings.fee_of(payment, capture.amount)
    payment.amount_captured += capture.amount
    whole = payment.amount_captured == payment.amount_authorized
    taken = AttemptState.CHARGED if whole else AttemptState.PARTIALLY_CHARGED
    moves.move_attempt(attempt, payment, taken, actor=actor, also=[(capture, _CHANGING)])
    payment.expires_at = None if whole else payment.expires_at
    if whole or payment.state != PaymentState.PARTIALLY_CAPTURED:
        moves.move_payment(payment, PaymentState.CAPTURED if whole else PaymentState.PARTIALLY_CAPTURED, actor=actor)
    else:
        moves.tell_payment(payment, "payment.partially_captured", actor=actor, was=before)
    mandated.settle(capture)
    booking.book_capture(payment, capture, actor=actor, at=now)


def _wait(payment: Payment, attempt: Attempt, actor: Actor) -> None:
    attempt.next_sync_at = clock.now() + ASK_FIRST_AFTER
    if attempt.state == AttemptState.UNKNOWN:
        moves.save_attempt(attempt)
        return
    moves.move_attempt(attempt, payment, AttemptState.UNKNOWN, actor=actor)
    moves.save_payment(payment)


def _fail(payment: Payment, attempt: Attempt, capture: Capture, outcome: Outcome, actor: Actor) -> None:
    before = payment.status
    capture.state, capture.updated_at = TransferState.FAILED, clock.now()
    attempt.decline_code, attempt.decline_message = outcome.code[:64], outcome.message[:255]
    held = AttemptState.PARTIALLY_CHARGED if payment.amount_captured else AttemptState.AUTHORIZED
    moves.move_attempt(attempt, payment, held, actor=actor, also=[(capture, _CHANGING)])
    moves.tell_payment(payment, "payment.capture_failed", actor=actor, was=before)
    mandated.settle(capture)
