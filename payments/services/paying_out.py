"""Reserving payouts and applying what became of them."""

from dataclasses import replace
from uuid import UUID

from payments.models import Payout, ProviderAccount
from payments.services import mandated, postings
from payments.services.authorization import ASK_FIRST_AFTER
from payments.services.outcomes import Outcome
from payments.states import PayoutState
from rupai.core import clock, events, ids, locks, statements
from rupai.core.actor import Actor
from rupai.core.money import Money
from wallets.models import Wallet
from wallets.services.checks import check_leaving

# What may change on a payout after it was reserved.
_CHANGING = [
    "state",
    "provider_id",
    "failure_code",
    "failure_message",
    "failure_retryable",
    "exchange",
    "milliseconds",
    "updated_at",
    "next_sync_at",
]


def reserve_payout(
    wallet: Wallet,
    *,
    money: Money,
    destination: str,
    account: ProviderAccount,
    description: str,
    idempotency_id: UUID | None,
    actor: Actor,
) -> Payout:
    """Write a payout of a locked wallet and hold its amount in the ledger, in the running transaction.

    :raises WalletFrozen: or WalletClosed, LimitExceeded, InsufficientFunds, MandateRefused: then nothing is written.
    """
    now = clock.now()
    check_leaving(wallet, amount=money.minor, at=now)
    payout = Payout(
        id=ids.new_key(now),
        merchant_id=wallet.merchant_id,
        livemode=wallet.livemode,
        created_at=now,
        updated_at=now,
        wallet=wallet,
        customer_id=wallet.customer_id,
        amount=money.minor,
        currency=money.currency,
        destination=destination.encode(),
        provider_account=account,
        provider=account.provider,
        description=description,
        idempotency_id=idempotency_id,
        created_by=actor.id,
        next_sync_at=now + ASK_FIRST_AFTER,
    )
    mandated.reserve(mandated.of_payout(payout), actor=actor)
    changes = {"status": [None, payout.status]}
    event = events.draft("payout.created", subject=payout, actor=actor, data=payout.public(), changes=changes)
    statements.write([payout, event])
    postings.hold_payout(payout, wallet, at=now)
    return payout


def apply_payout(payout: Payout, outcome: Outcome, *, actor: Actor) -> Payout:
    """Apply a payout's outcome in the running transaction; one that was applied already changes nothing."""
    current = locks.lock_key(Payout, payout.pk)
    assert current is not None
    if not current.is_open:
        return current
    outcome = _believed(current, outcome)
    current.provider_id = outcome.provider_id or current.provider_id
    current.exchange = outcome.exchange or current.exchange
    current.milliseconds = outcome.milliseconds if outcome.milliseconds is not None else current.milliseconds
    current.updated_at = clock.now()
    if outcome.kind in {"pending", "unknown"}:
        _wait(current, outcome)
    else:
        _finish(current, outcome, actor)
    return current


def _believed(payout: Payout, outcome: Outcome) -> Outcome:
    """What is certain about an answer: money may be on its way unless the provider says clearly that it is not."""
    if outcome.kind == "captured" and outcome.amount != payout.amount:
        message = f"Asked for {payout.amount}, the provider paid {outcome.amount}"
        return replace(outcome, kind="unknown", message=message)
    if outcome.kind == "absent" and payout.provider_id:
        return replace(outcome, kind="unknown", message="The provider no longer knows a payout that it accepted")
    return outcome


def _wait(payout: Payout, outcome: Outcome) -> None:
    moved = PayoutState.PENDING if outcome.kind == "pending" else PayoutState.UNKNOWN
    if payout.state not in {moved, PayoutState.PENDING}:
        payout.move_to(moved)
    payout.failure_message = outcome.message[:255]
    statements.write(changed=[(payout, _CHANGING)])


def _finish(payout: Payout, outcome: Outcome, actor: Actor) -> None:
    was, paid = payout.status, outcome.kind == "captured"
    payout.move_to(PayoutState.PAID if paid else PayoutState.FAILED)
    payout.next_sync_at = None
    payout.failure_message = "" if paid else outcome.message[:255]
    if not paid:
        payout.failure_code, payout.failure_retryable = outcome.code[:64] or "payout_failed", outcome.retryable
    name = "payout.paid" if paid else "payout.failed"
    changes = {"status": [was, payout.status]}
    event = events.draft(name, subject=payout, actor=actor, data=payout.public(), changes=changes)
    statements.write([event], changed=[(payout, _CHANGING)])
    mandated.settle(payout)
    settle = postings.post_payout if paid else postings.void_payout
    settle(payout, at=payout.updated_at)
