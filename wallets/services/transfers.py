"""Money from one wallet to another of the same merchant, mode and currency."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from rupai.approvals.services import mandates
from rupai.approvals.services.verdicts import Verdict
from rupai.core import clock, events, ids
from rupai.core.actor import Actor
from rupai.core.dry_run import rehearsal, unbound
from rupai.core.money import CurrencyMismatch, Money
from wallets.errors import SameWallet, TransferIdTaken
from wallets.models import Wallet, WalletTransfer
from wallets.selectors.ledger import balance_of
from wallets.services.checks import check_active, check_leaving, lock_wallets
from wallets.services.ledger import NewTransfer, post_transfers

KIND, SCOPE = "wallet_transfer", "wallets:transfer"


def transfer_funds(
    *,
    actor: Actor,
    from_wallet_id: str,
    to_wallet_id: str,
    amount: int,
    currency: str,
    description: str = "",
    idempotency_id: UUID | None = None,
) -> WalletTransfer:
    """Move ``amount`` minor units between two wallets by one ledger transfer.

    ``idempotency_id`` becomes the ledger transfer's id: sent again, the same transfer is returned and nothing moves.

    :raises NotFound: when the actor does not see one of the wallets.
    :raises SameWallet: when they are one.
    :raises CurrencyMismatch: when one of them is in another currency.
    :raises WalletFrozen: or WalletClosed, for either wallet.
    :raises LimitExceeded: when the sender's limits leave less.
    :raises InsufficientFunds: when less is available.
    :raises TransferIdTaken: when the id stands for another transfer.
    :raises MandateRefused: when the actor is an agent and has no mandate for it.
    """
    actor.require("wallets:transfer")
    wish = _Wish(from_wallet_id, to_wallet_id, amount, currency, description)
    with transaction.atomic(durable=True):
        return _transfer(actor, wish, idempotency_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPreview:
    """The outcome of a dry run; ``from_balance_after`` is what the sender could spend, in minor units."""

    money: Money
    verdict: Verdict
    from_balance_after: int

    def public(self) -> dict[str, Any]:
        """The facts as answers show them."""
        return {
            "status": "dry_run",
            "amount": self.money.minor,
            "currency": self.money.currency,
            "from_balance_after": self.from_balance_after,
            "policy": self.verdict.public(),
        }


def preview_transfer(
    *, actor: Actor, from_wallet_id: str, to_wallet_id: str, amount: int, currency: str, description: str = ""
) -> TransferPreview:
    """Run all checks of ``transfer_funds`` and see what would be left; nothing is written.

    :raises: what ``transfer_funds`` raises, but a mandate's refusal, which the preview tells.
    """
    actor.require("wallets:transfer")
    with rehearsal():
        wish = _Wish(from_wallet_id, to_wallet_id, amount, currency, description)
        made = _transfer(unbound(actor), wish, None)
        left = balance_of(made.from_wallet.account_id).available
    asked = mandates.policy(actor=actor, scope=SCOPE, money=Money(amount, currency), payee=made.to_wallet.public_id)
    return TransferPreview(money=Money(amount, currency), verdict=asked, from_balance_after=left)


@dataclass(frozen=True, slots=True)
class _Wish:
    from_wallet_id: str
    to_wallet_id: str
    amount: int
    currency: str
    description: str


def _transfer(actor: Actor, wish: _Wish, idempotency_id: UUID | None) -> WalletTransfer:
    source, target = lock_wallets(actor=actor, wallet_ids=[wish.from_wallet_id, wish.to_wallet_id])
    new = _new(source, target, wish, actor)
    if idempotency_id is not None:
        new.pk = idempotency_id
        known = _known(new)
        if known is not None:
            return known
    check_transfer(source, target, amount=wish.amount, currency=wish.currency, at=new.created_at)
    name, money = new.public_id, Money(wish.amount, wish.currency)
    mandates.spend(actor=actor, scope=SCOPE, money=money, payee=target.public_id, key=name, subject=name)
    _post(new, source, target)
    events.emit("wallet.transferred", subject=source, actor=actor, data=new.public())
    return new


def check_transfer(source: Wallet, target: Wallet, *, amount: int, currency: str, at: datetime) -> None:
    """Refuse what ``transfer_funds`` refuses, for two locked wallets; nothing is written."""
    if source.pk == target.pk:
        raise SameWallet("A wallet cannot send to itself", wallet=source.public_id)
    for wallet in (source, target):
        if wallet.currency != currency:
            raise CurrencyMismatch(
                f"Wallet {wallet.public_id} is in {wallet.currency}, not {currency}",
                hint=f"Send {wallet.currency}, or exchange first.",
                wallet=wallet.public_id,
            )
    check_active(target)
    check_leaving(source, amount=amount, at=at)


def _new(source: Wallet, target: Wallet, wish: _Wish, actor: Actor) -> WalletTransfer:
    now = clock.now()
    return WalletTransfer(
        id=ids.new_key(now),
        merchant_id=source.merchant_id,
        livemode=source.livemode,
        created_at=now,
        from_wallet=source,
        to_wallet=target,
        amount=wish.amount,
        currency=wish.currency,
        description=wish.description,
        created_by=actor.id,
    )


def _known(new: WalletTransfer) -> WalletTransfer | None:
    """The transfer that was made under this id before, when it is the same."""
    found = WalletTransfer.objects.filter(pk=new.pk).select_related("from_wallet", "to_wallet").first()
    same = ("merchant_id", "livemode", "from_wallet_id", "to_wallet_id", "amount", "currency", "description")
    if found is not None and any(getattr(found, name) != getattr(new, name) for name in same):
        raise TransferIdTaken("This id stands for another transfer", transfer=found.public_id)
    return found


def _post(new: WalletTransfer, source: Wallet, target: Wallet) -> None:
    new.save(force_insert=True)
    moved = NewTransfer(
        id=new.pk,
        debit_account=source.account_id,
        credit_account=target.account_id,
        amount=new.amount,
        kind=KIND,
        reference=new.public_id,
    )
    post_transfers(transfers=[moved], at=new.created_at)
