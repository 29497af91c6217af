"""Reserving refunds and applying what became of them."""

from datetime import datetime
from uuid import UUID

from payments.models import Attempt, Payment, Refund
from payments.services import mandated, moves, own_wallet, postings
from payments.services.authorization import ASK_FIRST_AFTER
from payments.services.outcomes import Outcome
from payments.states import AttemptState, PaymentState, TransferState
from rupai.core import clock, events, ids, locks, statements
from rupai.core.actor import Actor
from rupai.core.errors import DomainError, WrongState
from rupai.core.money import Money
from wallets.models import Wallet
from wallets.services.checks import check_active

_REFUNDABLE = frozenset({AttemptState.CHARGED, AttemptState.PARTIALLY_CHARGED})


# What may change on a refund after it was reserved.
_CHANGING = ["state", "provider_id", "failure_code", "failure_message", "exchange", "updated_at", "next_sync_at"]


class RefundTooLarge(DomainError):
    code, status = "refund_too_large", 422
    hint = "Refund at most what is captured and not refunded yet."


def reserve_refund(
    payment: Payment, *, amount: int | None, reason: str, note: str, idempotency_id: UUID | None, actor: Actor
) -> Refund:
    """Reserve a refund on a locked payment and in the ledger, in the running transaction.

    :raises WrongState: when nothing was captured.
    :raises RefundTooLarge: when less than the amount is left.
    :raises WalletFrozen: or WalletClosed, InsufficientFunds: when it is a top-up and its wallet cannot give it back.
    :raises WalletFrozen: or WalletClosed, when it was paid from a wallet that cannot take it back.
    :raises MandateRefused: when the actor is an agent and has no mandate for it.
    """
    attempt = _charged_attempt(payment)
    wanted = payment.refundable if amount is None else amount
    if wanted > payment.refundable or wanted <= 0:
        left = Money(payment.refundable, payment.currency)
        raise RefundTooLarge(f"Only {left} is left to refund", payment=payment.public_id, refundable=left.minor)
    if payment.wallet is not None and not payment.stray:
        check_active(_locked(payment.wallet))
    if own_wallet.pays(attempt):
        own_wallet.take_back(payment)
    now = clock.now()
    refund = _new_refund(payment, attempt, wanted, reason, note, idempotency_id, actor, now)
    mandated.reserve(mandated.of_refund(refund, payment), actor=actor)
    payment.amount_refund_pending += wanted
    event = events.draft(
        "refund.created", subject=refund, actor=actor, data=refund.public(), changes={"status": [None, refund.state]}
    )
    moves.save_payment(payment, beside=[refund, event])
    into = own_wallet.wallet_of(payment) if own_wallet.pays(attempt) else None
    postings.hold_refund(payment, refund, into=into, at=now)
    return refund


def _locked(wallet: Wallet) -> Wallet:
    locked = locks.lock_key(Wallet, wallet.pk)
    assert locked is not None
    return locked


def _charged_attempt(payment: Payment) -> Attempt:
    # An ended payment that was charged late keeps its state; its charged attempt is what can be refunded.
    attempt = payment.tries.filter(state__in=_REFUNDABLE).order_by("-number").first()
    if attempt is None or not payment.amount_captured:
        raise WrongState(
            f"This payment is {payment.status}; only captured money can be refunded",
            hint="Cancel an authorized payment instead.",
            payment=payment.public_id,
            payment_status=payment.status,
        )
    return attempt


def _new_refund(
    payment: Payment,
    attempt: Attempt,
    amount: int,
    reason: str,
    note: str,
    idempotency_id: UUID | None,
    actor: Actor,
    now: datetime,
) -> Refund:
    return Refund(
        id=ids.new_key(now),
        merchant_id=payment.merchant_id,
        livemode=payment.livemode,
        created_at=now,
        updated_at=now,
        payment=payment,
        attempt=attempt,
        amount=amount,
        currency=payment.currency,
        reason=reason,
        note=note,
        idempotency_id=idempotency_id,
        created_by=actor.id,
        next_sync_at=now + ASK_FIRST_AFTER,
    )


def apply_refund(refund: Refund, outcome: Outcome, *, actor: Actor) -> Refund:
    """Apply a refund's outcome in the running transaction; one that was applied already changes nothing."""
    payment = moves.lock_payment(refund.payment)
    current: Refund
    [(current,)] = statements.read([Refund], "FROM payments_refund t0 WHERE t0.id = %s", [refund.pk])
    current.payment = payment
    if current.state != TransferState.PENDING:
        return current
    current.provider_id = outcome.provider_id or current.provider_id
    current.exchange = outcome.exchange or current.exchange
    current.updated_at = clock.now()
    if outcome.kind in {"pending", "unknown"}:
        statements.write(changed=[(current, _CHANGING)])
        return current
    succeeded = outcome.kind == "captured" and outcome.amount == current.amount
    _finish(payment, current, outcome, succeeded, actor)
    return current


def _finish(payment: Payment, refund: Refund, outcome: Outcome, succeeded: bool, actor: Actor) -> None:
    now = clock.now()
    was = payment.status
    payment.amount_refund_pending -= refund.amount
    refund.next_sync_at = None
    if succeeded:
        refund.state = TransferState.SUCCEEDED
        payment.amount_refunded += refund.amount
    else:
        refund.state = TransferState.FAILED
        refund.failure_code, refund.failure_message = outcome.code[:64] or "refund_failed", outcome.message[:255]
    name = "refund.succeeded" if succeeded else "refund.failed"
    changes = {"status": [TransferState.PENDING.value, str(refund.state)]}
    told = [events.draft(name, subject=refund, actor=actor, data=refund.public(), changes=changes)]
    payment.updated_at = now
    if succeeded and was != payment.status and payment.state == PaymentState.CAPTURED:
        # The wire tells a refunded capture by another status; readers of payments follow their own events only.
        changes = {"status": [was, payment.status]}
        data = payment.public()
        told.append(events.draft("payment.refunded", subject=payment, actor=actor, data=data, changes=changes))
    moves.save_payment(payment, beside=told, also=[(refund, _CHANGING)], at=now)
    mandated.settle(refund)
    settle = postings.post_refund if succeeded else postings.void_refund
    settle(payment, refund, at=now)
