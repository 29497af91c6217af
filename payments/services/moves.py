"""The one place where a state changes: row, history and event in one transaction, under the payment's lock."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, models, transaction

from payments.models import Attempt, History, Payment
from payments.services import mandated
from payments.states import EVENT_OF
from rupai.core import clock, events, locks, statements
from rupai.core.actor import Actor
from rupai.core.models import Event

# The payment first: whoever wants both waits there.
_BOTH = """
    FROM payments_payment t0 JOIN payments_attempt t1 ON t1.payment_id = t0.id
    WHERE t0.id = %s AND t1.id = %s FOR UPDATE OF t0, t1
"""


def lock_payment(payment: Payment) -> Payment:
    """Read a payment again under its lock; every change of it or of what hangs on it starts here."""
    locked = locks.lock_key(Payment, payment.pk)
    assert locked is not None
    return locked


def lock_attempt(attempt: Attempt) -> tuple[Payment, Attempt]:
    """Read an attempt and its payment again under their locks, by one statement.

    The attempt's row has to be locked too: after waiting for the payment, only locked rows are read anew.
    """
    locks.need_transaction()
    [(payment, current)] = statements.read([Payment, Attempt], _BOTH, [attempt.payment_id, attempt.pk])
    current.payment = payment
    return payment, current


def begin_payment(payment: Payment, *, actor: Actor) -> None:
    """Write a new payment in its first state: waiting for a method, or on its way with one."""
    event = events.draft(
        "payment.created",
        subject=payment,
        actor=actor,
        data=payment.public(),
        changes={"status": [None, payment.status]},
    )
    change = History(
        payment=payment, to_state=payment.state, event=event, actor=actor.id, created_at=payment.created_at
    )
    statements.write([payment, event, change])


def move_payment(payment: Payment, state: str, *, actor: Actor) -> None:
    """Move a locked payment, with everything else that was set on it, tell of it, and settle an agent's mandate.

    :raises WrongState: when the move is not in the table.
    """
    before, told = payment.state, payment.status
    payment.move_to(state)
    event = _event(payment, EVENT_OF[state], told, actor)
    change = History(
        payment=payment, from_state=before, to_state=state, event=event, actor=actor.id, created_at=clock.now()
    )
    statements.write([event, change], changed=[(payment, _CHANGING)])
    mandated.settle_payment(payment)


def tell_payment(payment: Payment, event_type: str, *, actor: Actor, was: str) -> None:
    """Save a locked payment whose amounts changed but not its state, and tell of it."""
    event = _event(payment, event_type, was, actor)
    statements.write([event], changed=[(payment, _CHANGING)])


# What may change after a payment was made; the rest is never written again.
_CHANGING = [
    "payment_method",
    "state",
    "amount_authorized",
    "amount_captured",
    "amount_refund_pending",
    "amount_refunded",
    "amount_disputed",
    "stray",
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


# What may change on an attempt; which payment, which provider and how much never do.
_CHANGING_ATTEMPT = [
    "state",
    "operation",
    "provider_id",
    "decline_code",
    "decline_message",
    "provider_code",
    "exchange",
    "milliseconds",
    "updated_at",
    "next_sync_at",
    "syncs",
]


def save_payment(
    payment: Payment,
    *,
    beside: Iterable[models.Model] = (),
    also: Sequence[statements.Change] = (),
    at: datetime | None = None,
) -> None:
    """Write what changed on a locked payment, new rows ``beside`` it, and what ``also`` changed."""
    payment.updated_at = at or clock.now()
    statements.write(beside, changed=[(payment, _CHANGING), *also])


def save_attempt(attempt: Attempt) -> None:
    """Write what changed on an attempt of a locked payment."""
    statements.write(changed=[(attempt, _CHANGING_ATTEMPT)])


def _event(payment: Payment, event_type: str, was: str, actor: Actor) -> Event:
    assert connection.in_atomic_block
    payment.updated_at = clock.now()
    changes = {"status": [was, payment.status]} if was != payment.status else {}
    return events.draft(event_type, subject=payment, actor=actor, data=payment.public(), changes=changes)


def begin_attempt(attempt: Attempt, payment: Payment, *, actor: Actor, beside: Iterable[models.Model] = ()) -> None:
    """Write a new attempt and rows ``beside`` it; the payment row, which the caller saves, takes over its facts."""
    change = History(
        payment=payment, attempt=attempt, to_state=attempt.state, actor=actor.id, created_at=attempt.created_at
    )
    statements.write([attempt, change, *beside])
    payment.attempts = attempt.number
    payment.attempt_state = attempt.state
    payment.provider = attempt.provider
    payment.provider_reference = ""


def move_attempt(
    attempt: Attempt,
    payment: Payment,
    state: str,
    *,
    actor: Actor,
    beside: Iterable[models.Model] = (),
    also: Sequence[statements.Change] = (),
) -> None:
    """Move an attempt of a locked payment; write new rows ``beside`` it, and what ``also`` changed.

    The caller saves the payment, which takes over the attempt's facts.

    :raises WrongState: when the move is not in the table.
    """
    before = attempt.state
    attempt.move_to(state)
    attempt.updated_at = clock.now()
    change = History(
        payment=payment,
        attempt=attempt,
        from_state=before,
        to_state=state,
        actor=actor.id,
        created_at=attempt.updated_at,
    )
    statements.write([change, *beside], changed=[(attempt, _CHANGING_ATTEMPT), *also])
    payment.attempt_state = state
    payment.provider_reference = attempt.provider_id


def in_own_transaction() -> transaction.Atomic:
    """A short transaction that refuses to be nested, because a provider call stands before or after it."""
    return transaction.atomic(durable=True)


def reread(payment: Payment) -> Payment:
    """Read a payment as it is now, without a lock."""
    return Payment.objects.select_related("payment_method").get(pk=payment.pk)
