"""The one place where a state changes: row, history and event in one transaction, under the payment's lock."""

from django.db import connection, transaction

from payments.models import Attempt, History, Payment
from payments.states import EVENT_OF
from rupai.core import clock, events, locks
from rupai.core.actor import Actor
from rupai.core.models import Event


def lock_payment(payment: Payment) -> Payment:
    """Read a payment again under its lock; every change of it or of what hangs on it starts here."""
    locked = locks.lock_row(Payment.objects.all(), payment.pk)
    assert locked is not None
    return locked


def begin_payment(payment: Payment, *, actor: Actor) -> None:
    """Write a new payment in its first state: waiting for a method, or on its way with one."""
    payment.save(force_insert=True)
    event = events.emit(
        "payment.created",
        subject=payment,
        actor=actor,
        data=payment.public(),
        changes={"status": [None, payment.status]},
    )
    History.objects.create(
        payment=payment, to_state=payment.state, event=event, actor=actor.id, created_at=payment.created_at
    )


def move_payment(payment: Payment, state: str, *, actor: Actor) -> None:
    """Move a locked payment, with everything else that was set on it, and tell of it.

    :raises WrongState: when the move is not in the table.
    """
    before, told = payment.state, payment.status
    payment.move_to(state)
    event_type = EVENT_OF[state]
    event = _save_and_tell(payment, event_type, told, actor)
    History.objects.create(
        payment=payment, from_state=before, to_state=state, event=event, actor=actor.id, created_at=clock.now()
    )


def tell_payment(payment: Payment, event_type: str, *, actor: Actor, was: str) -> None:
    """Save a locked payment whose amounts changed but not its state, and tell of it."""
    _save_and_tell(payment, event_type, was, actor)


# What may change after a payment was made; the rest is never written again.
_CHANGING = [
    "payment_method",
    "state",
    "amount_authorized",
    "amount_captured",
    "amount_refund_pending",
    "amount_refunded",
    "amount_disputed",
    "attempt_state",
    "attempts",
    "provider",
    "provider_reference",
    "failure_code",
    "failure_message",
    "failure_retryable",
    "next_action",
    "updated_at",
    "expires_at",
]


def save_payment(payment: Payment) -> None:
    """Write what changed on a locked payment."""
    payment.updated_at = clock.now()
    payment.save(update_fields=_CHANGING)


def _save_and_tell(payment: Payment, event_type: str, was: str, actor: Actor) -> Event:
    assert connection.in_atomic_block
    save_payment(payment)
    changes = {"status": [was, payment.status]} if was != payment.status else {}
    return events.emit(event_type, subject=payment, actor=actor, data=payment.public(), changes=changes)


def begin_attempt(attempt: Attempt, payment: Payment, *, actor: Actor) -> None:
    """Write a new attempt; the payment row, which the caller saves, takes over its facts."""
    attempt.save(force_insert=True)
    History.objects.create(
        payment=payment, attempt=attempt, to_state=attempt.state, actor=actor.id, created_at=attempt.created_at
    )
    payment.attempts = attempt.number
    payment.attempt_state = attempt.state
    payment.provider = attempt.provider
    payment.provider_reference = ""


def move_attempt(attempt: Attempt, payment: Payment, state: str, *, actor: Actor) -> None:
    """Move an attempt of a locked payment; the caller saves the payment, which takes over the attempt's facts.

    :raises WrongState: when the move is not in the table.
    """
    before = attempt.state
    attempt.move_to(state)
    attempt.updated_at = clock.now()
    attempt.save(force_update=True)
    History.objects.create(
        payment=payment,
        attempt=attempt,
        from_state=before,
        to_state=state,
        actor=actor.id,
        created_at=attempt.updated_at,
    )
    payment.attempt_state = state
    payment.provider_reference = attempt.provider_id


def in_own_transaction() -> transaction.Atomic:
    """A short transaction that refuses to be nested, because a provider call stands before or after it."""
    return transaction.atomic(durable=True)


def reread(payment: Payment) -> Payment:
    """Read a payment as it is now, without a lock."""
    return Payment.objects.select_related("payment_method").get(pk=payment.pk)
