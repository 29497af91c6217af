"""Money kept for something in a customer's wallet: held, then taken to the merchant in full or in part, or let go."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from rupai.approvals.services import mandates
from rupai.core import clock, events, ids, locks
from rupai.core.actor import Actor
from rupai.core.errors import NotFound
from rupai.core.money import Money
from rupai.core.rows import key_of
from wallets.errors import HoldTooSmall
from wallets.models import Hold, Transfer, Wallet
from wallets.services.accounts import chart_accounts
from wallets.services.checks import check_active, check_leaving, lock_wallet
from wallets.services.ledger import ALL, NewTransfer, pending, post_pending, post_transfers, void_pending
from wallets.states import HoldState, TransferFlag

KIND = "wallet_hold"
DEFAULT_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletHold:
    """A hold as the doors show it; ``captured`` is in minor units, 0 until it was taken."""

    wallet: Wallet
    transfer: Transfer
    state: HoldState
    expires_at: datetime | None
    captured: int = 0

    def public(self) -> dict[str, Any]:
        """The fields of the REST answer and of events."""
        return {
            "hold_id": self.transfer.public_id,
            "wallet_id": self.wallet.public_id,
            "status": _WIRE[self.state],
            "amount": self.transfer.amount,
            "captured": self.captured,
            "currency": self.wallet.currency,
            "reference": self.transfer.reference,
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            "livemode": self.transfer.livemode,
            "created_at": self.transfer.created_at.isoformat(),
        }


_WIRE = {
    HoldState.PENDING: "held",
    HoldState.POSTED: "captured",
    HoldState.VOIDED: "released",
    HoldState.EXPIRED: "expired",
}
HOLD_STATUSES = list(_WIRE.values())


def hold_funds(
    *,
    actor: Actor,
    wallet_id: str,
    amount: int,
    expires_in: int | None = None,
    reference: str = "",
    idempotency_id: UUID | None = None,
) -> WalletHold:
    """Keep ``amount`` minor units of a wallet for the merchant for ``expires_in`` seconds (default: seven days).

    Held money counts against the limits at once. ``idempotency_id`` becomes the id of the hold.

    :raises NotFound: when the actor sees no such wallet.
    :raises WalletFrozen: or WalletClosed.
    :raises LimitExceeded: when the limits leave less.
    :raises InsufficientFunds: when less is available.
    :raises TransferIdTaken: when the id stands for another hold.
    :raises MandateRefused: when the actor is an agent and has no mandate for it.
    """
    actor.require("wallets:transfer")
    seconds = int(DEFAULT_LIFE.total_seconds()) if expires_in is None else expires_in
    with transaction.atomic(durable=True):
        wallet = lock_wallet(actor=actor, wallet_id=wallet_id)
        now = clock.now()
        key = idempotency_id or ids.new_key(now)
        repeated = _repeated(idempotency_id)
        if not repeated:
            check_leaving(wallet, amount=amount, at=now)
            _count(wallet, key, amount, actor)
        # Posting the same again answers that it exists; another one under the id is refused there.
        new = _new(wallet, key=key, amount=amount, reference=reference)
        post_transfers(transfers=[pending(new, timeout=seconds)], at=now)
        held = _shown(wallet, _read(key))
        if not repeated:
            events.emit("wallet.held", subject=wallet, actor=actor, data=held.public())
    return held


def _count(wallet: Wallet, key: UUID, amount: int, actor: Actor) -> None:
    """An agent's hold counts under its mandate when it is made, like under the limits; a release gives nothing back."""
    name, money = Transfer(pk=key).public_id, Money(amount, wallet.currency)
    payee = wallet.public_id
    mandates.spend(actor=actor, scope="wallets:transfer", money=money, payee=payee, key=name, subject=name)


def _new(wallet: Wallet, *, key: UUID, amount: int, reference: str) -> NewTransfer:
    chart = chart_accounts(merchant_id=wallet.merchant_id, livemode=wallet.livemode, currency=wallet.currency)
    return NewTransfer(
        id=key,
        debit_account=wallet.account_id,
        credit_account=chart.merchant_payable,
        amount=amount,
        kind=KIND,
        reference=reference,
    )


def capture_hold(
    *, actor: Actor, wallet_id: str, hold_id: str, amount: int | None = None, idempotency_id: UUID | None = None
) -> WalletHold:
    """Take a hold to the merchant, all or ``amount`` minor units of it; the rest is released.

    The limits are not asked again: they counted the hold since it was made.

    :raises NotFound: when the wallet has no such hold.
    :raises WalletFrozen: or WalletClosed.
    :raises HoldTooSmall: when more is wanted than is held.
    :raises HoldResolved: when it was captured or released, or its time is up.
    """
    actor.require("wallets:transfer")
    with transaction.atomic(durable=True):
        wallet = lock_wallet(actor=actor, wallet_id=wallet_id)
        found = _hold_of(wallet, hold_id)
        if not _repeated(idempotency_id):
            check_active(wallet)
        if amount is not None and amount > found.amount:
            raise HoldTooSmall(f"Only {found.amount} is held", hold=found.public_id, held=found.amount)
        taken = post_pending(found.pk, key=idempotency_id or ids.new_key(), amount=ALL if amount is None else amount)
        return _resolve(wallet, found, taken, "wallet.hold_captured", actor)


def release_hold(*, actor: Actor, wallet_id: str, hold_id: str, idempotency_id: UUID | None = None) -> WalletHold:
    """Let a hold go, also of a frozen wallet.

    :raises NotFound: when the wallet has no such hold.
    :raises HoldResolved: when it was captured or released, or its time is up.
    """
    actor.require("wallets:transfer")
    with transaction.atomic(durable=True):
        wallet = lock_wallet(actor=actor, wallet_id=wallet_id)
        found = _hold_of(wallet, hold_id)
        freed = void_pending(found.pk, key=idempotency_id or ids.new_key())
        return _resolve(wallet, found, freed, "wallet.released", actor)


def expire_holds(*, at: datetime, limit: int = 500) -> int:
    """Release wallets' holds whose time is up at ``at``, the oldest first, at most ``limit``, and tell of each.

    Every hold has a transaction of its own; one that ends in another way at this moment is left alone.
    """
    due = Hold.objects.filter(state=HoldState.PENDING, expires_at__lte=at, transfer__kind=KIND)
    return sum(_expire(key, at) for key in due.order_by("expires_at", "pk").values_list("pk", flat=True)[:limit])


def _expire(key: UUID, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        found = Transfer.objects.get(pk=key)
        wallet = locks.lock_rows(
            Wallet.objects.filter(account_id=found.debit_account_id),
            Wallet.objects.filter(account_id=found.debit_account_id).values_list("pk", flat=True),
        )[0]
        end = NewTransfer(id=ids.new_key(at), pending_id=key, flags=TransferFlag.EXPIRE)
        [posted] = post_transfers(transfers=[end], at=at, refuse=False)
        if posted.result != "created":
            return False
        actor = Actor.platform("expire_holds", merchant_id=wallet.merchant_id, livemode=wallet.livemode)
        held = _shown(wallet, _read(key))
        events.emit("wallet.released", subject=wallet, actor=actor, data=held.public(), changes=_changes(held))
    return True


def _repeated(key: UUID | None) -> bool:
    return key is not None and Transfer.objects.filter(pk=key).exists()


def _hold_of(wallet: Wallet, hold_id: str) -> Transfer:
    key = key_of(hold_id, Transfer.prefix)
    found = Transfer.objects.filter(pk=key, debit_account_id=wallet.account_id, kind=KIND, hold__isnull=False).first()
    if found is None:
        raise NotFound(f"No hold {hold_id[:60]!r}")
    return found


def _resolve(wallet: Wallet, found: Transfer, end: NewTransfer, event: str, actor: Actor) -> WalletHold:
    [posted] = post_transfers(transfers=[end], at=clock.now())
    held = _shown(wallet, _read(found.pk))
    if posted.result == "created":
        events.emit(event, subject=wallet, actor=actor, data=held.public(), changes=_changes(held))
    return held


def _read(key: UUID) -> Transfer:
    return Transfer.objects.select_related("hold", "hold__resolved_by").get(pk=key)


def _changes(held: WalletHold) -> dict[str, list[str]]:
    return {"status": [_WIRE[HoldState.PENDING], _WIRE[held.state]]}


def _shown(wallet: Wallet, transfer: Transfer) -> WalletHold:
    hold = transfer.hold
    return WalletHold(
        wallet=wallet,
        transfer=transfer,
        state=HoldState(hold.state),
        expires_at=hold.expires_at,
        captured=hold.resolved_by.posted_change if hold.resolved_by else 0,
    )
